"""What tests of studying share: the record the server keeps, the line and the player on screen."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.browser.school import Running
from tests.browser.visitors import follow

VIDEO = "document.querySelector('video')"
PLAYING = f"!{VIDEO}.paused && {VIDEO}.readyState > 2"
SETTLE_MS = 40_000


@dataclass(frozen=True)
class Record:
    """What the server has on record of one member and one item."""

    covered: int
    length: int
    studied_ms: int
    completions: int
    credits: list[int]


def record(school: Running, staff_number: str, slug: str) -> Record:
    """The record of a member and a page of the demo school."""
    found = school.facts(f"""
from wagtail.models import Page
from school.study.models import Completion, Coverage, HourEntry, StudyItem
page = Page.objects.get(slug={json.dumps(slug)})
item = StudyItem.objects.get(source_type="courses.page", source_id=page.pk)
mine = {{"member__staff_number": {json.dumps(staff_number)}}}
seen = Coverage.objects.filter(revision=item.current, **mine).first()
found = [
    seen.covered if seen else 0,
    item.current.axis_length,
    seen.studied_ms if seen else 0,
    Completion.objects.filter(item=item, **mine).count(),
    list(HourEntry.objects.filter(item=item, **mine).values_list("credit", flat=True)),
]
""")
    return Record(*found)


def title_of(school: Running, slug: str) -> str:
    """The title of a page."""
    return school.facts(
        f"from wagtail.models import Page\nfound = Page.objects.get(slug={json.dumps(slug)}).title"
    )


def study_line(page: Page):
    """The one line that says what has been counted."""
    return page.locator("[data-study-line]")


def open_from_catalogue(page: Page, kind: str, title: str) -> None:
    """Open an item the way a member finds it: the catalogue, its kind, its card."""
    page.goto(f"/courses/?kind={kind}")
    follow(page.locator(".card__title a", has_text=title))
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()


def player_ready(page: Page) -> None:
    page.locator("[data-player][data-state=ready]").wait_for()


def press_play(page: Page) -> None:
    """Press play, whatever comes of it."""
    player_ready(page)
    page.locator(".plyr__control--overlaid").click()


def play(page: Page) -> None:
    """Press play, and it plays."""
    press_play(page)
    until(page, PLAYING)


def mark_start(page: Page) -> None:
    """Have the page remember where the film next begins to play; ``started_at`` tells."""
    page.evaluate(f"""(() => {{
        const video = {VIDEO};
        delete video.dataset.startedAt;
        video.addEventListener(
            "play", () => {{ video.dataset.startedAt = video.currentTime; }}, {{ once: true }},
        );
    }})()""")


def started_at(page: Page) -> float:
    """Seconds at which the film began to play since ``mark_start``; waits until it does."""
    until(page, f"{VIDEO}.dataset.startedAt")
    return page.evaluate(f"Number({VIDEO}.dataset.startedAt)")


def position(page: Page) -> float:
    """Seconds at which the player stands."""
    return page.evaluate(f"{VIDEO}.currentTime")


def play_until(page: Page, seconds: float) -> None:
    until(page, f"{VIDEO}.currentTime >= {seconds}")


def until(page: Page, expression: str) -> None:
    """Wait until an expression is true. Playwright's own way evaluates in the page, which the
    content policy refuses."""
    deadline = time.monotonic() + SETTLE_MS / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"never: {expression}; {told(page)}"
        page.wait_for_timeout(100)


def eventually(page: Page, look: Callable, good: Callable):
    """What ``look`` gives as soon as it is ``good``: for what arrives behind the page's back."""
    deadline = time.monotonic() + SETTLE_MS / 1000
    while not good(found := look()):
        assert time.monotonic() < deadline, found
        page.wait_for_timeout(200)
    return found


def told(page: Page) -> dict:
    """What the film and the line say, for a failing test."""
    return page.evaluate("""() => {
        const { paused, ended, readyState, currentTime, error } =
            document.querySelector("video") || {};
        const line = document.querySelector("[data-study-line]")?.innerText;
        return { paused, ended, readyState, currentTime, error: error?.message, line };
    }""")
