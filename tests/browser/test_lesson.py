"""Watching a micro-lesson: captions, leaving half way, another browser, and no way to skip."""

from playwright.sync_api import expect

from school.demo import texts
from school.demo.accounts import PASSWORD
from tests.browser.studying import (
    SETTLE_MS,
    VIDEO,
    eventually,
    open_from_catalogue,
    play,
    play_until,
    player_ready,
    position,
    record,
    study_line,
    until,
)

WATCHER = "D0001"
SLUG = "privacy-lesson"
FILM = next(each for each in texts.lessons(brief=True) if each.head["slug"] == SLUG)
TITLE = FILM.head["title"]


def length(page) -> float:
    return page.evaluate(f"Number({VIDEO}.dataset.durationMs) / 1000")


def test_a_lesson_resumes_in_another_browser_and_skipping_does_not_complete_it(visitors, school):
    page = visitors.sign_in(visitors.new(), WATCHER, PASSWORD)
    open_from_catalogue(page, "lesson", TITLE)
    play(page)
    expect(page.locator(".plyr__captions")).to_contain_text(FILM.slides[0].sentences[0])
    half = length(page) / 2
    play_until(page, half)
    page.goto("/me/")  # leaves while it plays
    # The last report travels behind the page that has been left.
    left_at = eventually(
        page,
        lambda: record(school, WATCHER, SLUG),
        lambda found: found.covered > 0.3 * found.length,
    )
    assert left_at.covered < 0.75 * left_at.length

    other = visitors.sign_in(visitors.new(), WATCHER, PASSWORD)
    open_from_catalogue(other, "lesson", TITLE)
    player_ready(other)
    until(other, f"Math.abs({VIDEO}.currentTime - {left_at.covered / 1000}) < 2")
    play(other)
    other.evaluate(f"{VIDEO}.pause()")
    resumed_at = position(other)

    # The player does not go beyond what has been seen …
    other.evaluate(f"{VIDEO}.currentTime = {length(other) - 0.6}")
    expect(study_line(other)).to_contain_text("首次学习不能快进")
    assert position(other) < resumed_at + 2
    # … and with the player's own limit lifted by hand the server still counts what was seen.
    other.evaluate(
        f"{VIDEO}.dispatchEvent(new CustomEvent('study:state', "
        "{detail: {coveredUntilMs: 1e9}}))"
    )
    with other.expect_response("**/study/report/"):
        other.evaluate(
            f"{VIDEO}.currentTime = {length(other) - 0.6}; {VIDEO}.play()",
        )
        until(other, f"{VIDEO}.ended")
    skipped = record(school, WATCHER, SLUG)
    assert skipped.completions == 0
    assert skipped.credits == []
    assert skipped.covered < skipped.length * 9 // 10

    other.evaluate(f"{VIDEO}.currentTime = {resumed_at - 0.5}; {VIDEO}.play()")
    expect(study_line(other)).to_have_attribute("data-state", "done", timeout=SETTLE_MS)
    expect(study_line(other)).to_contain_text("学时")
    finished = record(school, WATCHER, SLUG)
    assert finished.completions == 1
    assert finished.credits == [25]
    assert finished.studied_ms <= finished.length
    other.goto("/me/hours/")
    expect(other.locator(".ledger__row", has_text=TITLE)).to_have_count(1)
