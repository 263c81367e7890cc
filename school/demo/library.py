"""The demo school's pages: sections, articles, lessons with films, courses, a topic, news."""

import io
from collections.abc import Callable
from datetime import datetime, time, timedelta

from django.core.files.images import ImageFile
from wagtail.models import Page

from courses.models import (
    ArticlePage,
    CoursePage,
    CoursePart,
    HomePage,
    LessonPage,
    NewsIndexPage,
    NewsPage,
    SectionPage,
    TopicLink,
    TopicPage,
)
from courses.services.access import collection_of
from courses.services.sections import create_section
from media.models import Picture, Video
from media.services.videos import ingest
from school.core import clock
from school.demo import drawing, films, texts
from school.members.models import Audience, Branch, Member, Section

Tell = Callable[[str], None]


def sections() -> dict[str, Section]:
    """The sections by their key in the content."""
    slugs = {each["slug"]: each["key"] for each in texts.pages()["sections"]}
    pages = SectionPage.objects.filter(slug__in=slugs)
    found = {page.pk: slugs[page.slug] for page in pages}
    return {found[s.page_id]: s for s in Section.objects.filter(page_id__in=found)}


def _owner(section: str) -> Member:
    return Member.objects.get(staff_number="D0002" if section == "safety" else "D0007")


def _picture(image, title: str) -> Picture:
    data = io.BytesIO()
    image.save(data, "PNG", optimize=True)
    data.seek(0)
    picture = Picture(title=title, file=ImageFile(data, name=f"demo-{title[:20]}.png"))
    picture.save()
    return picture


def _publish(page: Page, parent: Page, moment: datetime, owner: Member) -> None:
    page.owner = owner
    parent.add_child(instance=page)
    page.save_revision(user=owner).publish()
    Page.objects.filter(pk=page.pk).update(
        first_published_at=moment, last_published_at=moment, latest_revision_created_at=moment
    )


def _days_ago(days: int) -> datetime:
    day = clock.today() - timedelta(days=days)
    return datetime.combine(day, time(9, 0), tzinfo=clock.LOCAL)


def seed_sections() -> None:
    """The home page's banner and the three sections."""
    home = HomePage.objects.get()
    committee = Branch.objects.get(code="D")
    for each in texts.pages()["sections"]:
        create_section(
            home=home,
            title=each["title"],
            slug=each["slug"],
            summary=each["summary"],
            branch=committee,
        )
    home.refresh_from_db()
    home.banner = _picture(drawing.banner(), "横幅")
    home.save_revision().publish()


def _parents() -> dict[str, Page]:
    return {key: SectionPage.objects.get(pk=section.page_id) for key, section in sections().items()}


def seed_articles(*, brief: bool = False) -> int:
    """Twelve articles, published over the last year; returns how many."""
    for article in texts.articles(brief=brief):
        head = article.head
        days = abs(int(head["date"])) * 5
        page = ArticlePage(
            title=head["title"],
            slug=head["slug"],
            summary=head["summary"],
            source=head["source"],
            instructor_name=head["author"],
            date=clock.today() - timedelta(days=days),
            body=article.body,
            search_description=head["summary"],
            cover=_picture(drawing.cover(head["title"], "文章"), head["slug"]),
        )
        parent = _parents()[head["section"]]
        _publish(page, parent, _days_ago(days), _owner(head["section"]))
    return ArticlePage.objects.count()


def seed_films(tell: Tell, *, brief: bool = False) -> int:
    """Make each lesson's film and hand it to the library, which queues the encoding."""
    lessons = texts.lessons(brief=brief)
    for number, lesson in enumerate(lessons, start=1):
        film = films.make(lesson)
        title = lesson.head["title"]
        if not Video.objects.filter(title=title).exists():
            section = lesson.head["section"]
            ingest(
                path=film.path,
                title=title,
                by=_owner(section),
                collection=collection_of(sections()[section]),
                captions=film.cues,
            )
        tell(f"视频 {number}/{len(lessons)} {title}")
    return Video.objects.count()


def seed_lessons(*, brief: bool = False) -> int:
    """Six lesson pages on the films; returns how many."""
    for number, lesson in enumerate(texts.lessons(brief=brief)):
        head = lesson.head
        page = LessonPage(
            title=head["title"],
            slug=head["slug"],
            summary=head["summary"],
            instructor_name=head["author"],
            search_description=head["summary"],
            video=Video.objects.get(title=head["title"]),
            cover=_picture(
                drawing.slide(
                    lesson.slides[0], number=1, total=len(lesson.slides), lesson=head["title"]
                ),
                head["slug"],
            ),
        )
        parent = _parents()[head["section"]]
        _publish(page, parent, _days_ago(20 + 30 * number), _owner(head["section"]))
    return LessonPage.objects.count()


def seed_courses() -> int:
    """Four courses and a topic; returns how many courses."""
    content = texts.pages()
    for number, each in enumerate(content["courses"]):
        page = CoursePage(
            title=each["title"],
            slug=each["slug"],
            summary=each["summary"],
            instructor_name=each["author"],
            search_description=each["summary"],
            body=[("paragraph", f"<p>{each['intro']}</p>")],
            cover=_picture(drawing.cover(each["title"], "课程"), each["slug"]),
        )
        page.parts = [
            CoursePart(page=Page.objects.get(slug=slug), sort_order=order)
            for order, slug in enumerate(each["parts"])
        ]
        parent = _parents()[each["section"]]
        _publish(page, parent, _days_ago(15 + 40 * number), _owner(each["section"]))
    topic = content["topic"]
    page = TopicPage(
        title=topic["title"],
        slug=topic["slug"],
        summary=topic["summary"],
        search_description=topic["summary"],
        body=[("paragraph", f"<p>{topic['intro']}</p>")],
    )
    page.links = [
        TopicLink(page=Page.objects.get(slug=slug), note=note, sort_order=order)
        for order, (slug, note) in enumerate(topic["links"])
    ]
    _publish(page, _parents()[topic["section"]], _days_ago(25), _owner(topic["section"]))
    return CoursePage.objects.count()


def seed_news() -> int:
    """News and notices, some of them public; returns how many."""
    index = NewsIndexPage.objects.get()
    public = Audience.objects.filter(scope=Audience.Scope.PUBLIC).first()
    for number, each in enumerate(texts.pages()["news"], start=1):
        page = NewsPage(
            title=each["title"],
            slug=f"demo-news-{number}",
            kind=each["kind"],
            date=clock.today() - timedelta(days=each["days"]),
            source=each["source"],
            on_top=each["top"],
            audience=public if each["public"] else None,
            summary=each["text"][0][:100],
            search_description=each["text"][0][:100],
            body=[("paragraph", f"<p>{line}</p>") for line in each["text"]],
        )
        _publish(page, index, _days_ago(each["days"]), _owner(""))
    return NewsPage.objects.count()


def seed_drafts() -> None:
    """Besides the published: a draft and a manuscript that waits for review."""
    owner = Member.objects.get(staff_number="D0002")
    parent = _parents()["safety"]
    draft = ArticlePage(
        title="高处作业检查要点（草稿）", slug="work-at-height-draft", owner=owner, live=False,
        summary="正在整理的检查清单。",
        body=[("paragraph", "<p>安全带高挂低用，挂点牢固；作业下方设警戒。</p>")],
    )  # fmt: skip
    parent.add_child(instance=draft)
    draft.save_revision(user=owner)
    waiting = ArticlePage(
        title="班前会怎样开到点子上", slug="pre-shift-meeting", owner=owner, live=False,
        summary="十分钟的班前会，讲三件事。",
        body=[
            ("heading", "讲三件事"),
            ("paragraph", "<p>班前会只有十分钟，讲清今天的任务、今天的变化和今天的风险。</p>"),
            ("paragraph", "<p>每一件事都落到具体的人，听的人能够复述，才算讲清楚了。</p>"),
        ],
    )  # fmt: skip
    parent.add_child(instance=waiting)
    waiting.save_revision(user=owner)
    waiting.get_workflow().start(waiting, owner)
