"""Reads the demo content: Markdown with a short head, JSON for lists. Pure but for files."""

import json
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path

FOLDER = Path(__file__).parent / "content"


@dataclass(frozen=True)
class Article:
    """An article: its head and the blocks of its body, as a StreamField takes them."""

    head: dict[str, str]
    body: list[tuple[str, object]]


@dataclass(frozen=True)
class Slide:
    """One slide: title, bullets and the sentences spoken over it."""

    title: str
    bullets: tuple[str, ...]
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Lesson:
    """A micro-lesson: its head and slides."""

    head: dict[str, str]
    slides: tuple[Slide, ...] = field(default=())


# The article a small school keeps to its first words: it is read in some seconds.
BRIEF_ARTICLE = "shift-handover"
BRIEF_BLOCKS = 2


def articles(*, brief: bool = False) -> list[Article]:
    """All articles in order of their file names; ``brief``: one of them in a few lines."""
    found = [_article(path) for path in sorted((FOLDER / "articles").glob("*.md"))]
    return [_shortened(each) for each in found] if brief else found


def lessons(*, brief: bool = False) -> list[Lesson]:
    """All lessons in order of their file names; ``brief``: first and last slide only."""
    found = [_lesson(path) for path in sorted((FOLDER / "lessons").glob("*.md"))]
    return [_outermost_slides(each) for each in found] if brief else found


def pages() -> dict:
    """Sections, courses, the topic and news."""
    return json.loads((FOLDER / "pages.json").read_text(encoding="utf-8"))


def quizzes() -> list[dict]:
    """Papers with their questions."""
    return json.loads((FOLDER / "quizzes.json").read_text(encoding="utf-8"))


def _shortened(article: Article) -> Article:
    if article.head["slug"] != BRIEF_ARTICLE:
        return article
    return Article(article.head, article.body[:BRIEF_BLOCKS])


def _outermost_slides(lesson: Lesson) -> Lesson:
    first, last = lesson.slides[0], lesson.slides[-1]
    return Lesson(
        lesson.head,
        (
            replace(first, sentences=first.sentences[:1]),
            replace(last, sentences=last.sentences[-1:]),
        ),
    )


def _split(path: Path) -> tuple[dict[str, str], list[str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    head: dict[str, str] = {}
    for number, line in enumerate(lines):
        name, separator, value = line.partition(": ")
        if not separator or not name.isascii() or not name.isalpha():
            return head, lines[number:]
        head[name] = value.strip()
    return head, []


def _article(path: Path) -> Article:
    head, lines = _split(path)
    body: list[tuple[str, object]] = []
    items: list[str] = []
    for line in [*(each.strip() for each in lines), ""]:
        if line.startswith("- "):
            items.append(f"<li>{escape(line[2:])}</li>")
            continue
        if items:
            body.append(("paragraph", f"<ul>{''.join(items)}</ul>"))
            items = []
        if line:
            body.append(_block(line))
    return Article(head, body)


def _block(line: str) -> tuple[str, object]:
    if line.startswith("## "):
        return "heading", line[3:]
    if line.startswith("> "):
        quoted, _bar, source = line[2:].partition(" | ")
        return "quote", {"text": quoted, "source": source}
    if line.startswith("!"):
        tone, _space, rest = line[1:].partition(" ")
        title, _bar, text = rest.partition(" | ")
        return "callout", {"tone": tone, "title": title, "text": text}
    return "paragraph", f"<p>{escape(line)}</p>"


def _lesson(path: Path) -> Lesson:
    head, lines = _split(path)
    slides: list[Slide] = []
    for line in lines:
        if line.startswith("# "):
            slides.append(Slide(line[2:], (), ()))
        elif line.startswith("- "):
            last = slides[-1]
            slides[-1] = Slide(last.title, (*last.bullets, line[2:]), last.sentences)
        elif line.startswith("> "):
            last = slides[-1]
            slides[-1] = Slide(last.title, last.bullets, (*last.sentences, line[2:]))
    return Lesson(head, tuple(slides))
