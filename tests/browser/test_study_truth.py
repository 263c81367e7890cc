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
from tests.browser.truth import agrees, kept, measure, measured

WATCHER = "D0003"
SLUG = "extinguisher"
ADDRESS = f"/safety/{SLUG}/"
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
    before_reload = kept(page)

    page.reload()
    player_ready(page)
    measure(page, before_reload)
    play(page)
    assert abs(position(page) - 12) < 1.5
    play_until(page, 14)
    page.evaluate(f"{VIDEO}.pause()")
    truth = measured(page)

    assert truth.played > truth.studied + 500  # the second time was measured as such
    agrees(page, school, WATCHER, SLUG, truth)
    assert record(school, WATCHER, SLUG).completions == 0
