"""What is credited is what was played: to a second in a minute, whatever happens meanwhile."""

import pytest
from playwright.sync_api import expect

from school.demo.accounts import PASSWORD
from tests.browser.studying import (
    VIDEO,
    play,
    play_until,
    player_ready,
    position,
    record,
    study_line,
    until,
)
from tests.browser.truth import OFF_BY_MS, agrees, kept, measure, measured

WATCHER, LONG_WATCHER = "D0003", "D0007"
SLUG = "extinguisher"
ADDRESS = f"/safety/{SLUG}/"
# Enough of the film lies in the player to go on for 25 seconds.
BUFFERED = f"{VIDEO}.buffered.length && {VIDEO}.buffered.end({VIDEO}.buffered.length - 1) > 56"
HIDE = """(hidden) => {
  Object.defineProperty(document, 'visibilityState', {
    configurable: true, get: () => hidden ? 'hidden' : 'visible',
  });
  document.dispatchEvent(new Event('visibilitychange'));
}"""


@pytest.fixture
def free_lesson(school):
    """The lesson, to be played up to 2× and sought at will."""
    school.python(f"""
from school.demo.activity import item
revision = item("{SLUG}").current
revision.max_rate, revision.seek_free = 200, True
revision.save()
""")


def seek(page, seconds: float) -> None:
    page.evaluate(f"{VIDEO}.currentTime = {seconds}")
    until(page, f"!{VIDEO}.seeking")


@pytest.fixture
def long_lesson(school):
    """A film of 66 seconds, to be played up to 2× and sought at will."""
    school.python("""
from courses.models import LessonPage
from school.demo.activity import item
from tests.factories.media import ready_video
from wagtail.models import Page
if not Page.objects.filter(slug="a-minute").exists():
    video = ready_video(title="一分钟", seconds=66, rate="10")
    lesson = LessonPage(title="一分钟", slug="a-minute", summary="一分钟。", video=video)
    Page.objects.get(slug="safety").add_child(instance=lesson)
    lesson.save_revision().publish()
revision = item("a-minute").current
revision.max_rate, revision.seek_free = 200, True
revision.save()
""")


@pytest.mark.parametrize("width", [1440], indirect=True)  # a minute is long: once
def test_a_minute_with_twenty_seconds_without_a_line_is_off_by_no_more_than_its_second(
    visitors, school, long_lesson
):
    visitors.expect(r"request: net::ERR_INTERNET_DISCONNECTED")
    page = visitors.sign_in(visitors.new(), LONG_WATCHER, PASSWORD)
    page.goto("/safety/a-minute/")
    player_ready(page)
    measure(page)
    play(page)
    play_until(page, 14)
    page.evaluate(f"{VIDEO}.playbackRate = 2")
    play_until(page, 24)
    page.evaluate(f"{VIDEO}.playbackRate = 1")
    seek(page, 20)  # seen before: earns nothing again
    play_until(page, 26)
    page.evaluate(HIDE, True)
    play_until(page, 31)
    page.evaluate(HIDE, False)

    until(page, BUFFERED)
    page.context.set_offline(True)
    play_until(page, 42)
    play_until(page, 53)
    page.evaluate(f"{VIDEO}.pause()")
    expect(study_line(page)).to_contain_text("无网络，已存本机")
    page.context.set_offline(False)
    page.evaluate(f"{VIDEO}.play()")
    play_until(page, 64)
    page.evaluate(f"{VIDEO}.pause()")
    truth = measured(page)

    assert truth.studied > 50_000
    agrees(page, school, LONG_WATCHER, "a-minute", truth, OFF_BY_MS * truth.studied / 60_000)


def test_credited_time_is_the_time_really_played(visitors, school, free_lesson):
    visitors.expect(r"request: net::ERR_INTERNET_DISCONNECTED")
    page = visitors.sign_in(visitors.new(), WATCHER, PASSWORD)
    page.goto(ADDRESS)
    player_ready(page)
    measure(page)
    play(page)
    play_until(page, 2)
    page.evaluate(f"{VIDEO}.playbackRate = 1.5")
    play_until(page, 4.5)
    page.evaluate(f"{VIDEO}.playbackRate = 2")
    play_until(page, 7)
    seek(page, 5.5)  # seen before: earns nothing again
    play_until(page, 8)

    # In the background it plays on, and nothing of it counts.
    page.evaluate(HIDE, True)
    play_until(page, 9.5)
    page.evaluate(HIDE, False)
    page.evaluate(f"{VIDEO}.playbackRate = 1")

    # Without a line it is kept here, and said so.
    page.context.set_offline(True)
    play_until(page, 11)
    page.evaluate(f"{VIDEO}.pause()")
    expect(study_line(page)).to_contain_text("无网络，已存本机")
    page.context.set_offline(False)
    expect(study_line(page)).to_contain_text("已计")
    page.evaluate(f"{VIDEO}.play()")
    play_until(page, 12)
    before_reload, left_at = kept(page), position(page)

    page.reload()
    player_ready(page)
    measure(page, before_reload)
    until(page, f"Math.abs({VIDEO}.currentTime - {left_at}) < 1.5")
    play(page)
    play_until(page, 14)
    page.evaluate(f"{VIDEO}.pause()")
    truth = measured(page)

    assert truth.played > truth.studied + 500  # the second time was measured as such
    agrees(page, school, WATCHER, SLUG, truth)
    assert record(school, WATCHER, SLUG).completions == 0
