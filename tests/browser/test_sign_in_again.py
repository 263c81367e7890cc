"""A sign-in that ends while one studies: nothing is lost, and one comes back to the same second."""

from playwright.sync_api import expect

from school.demo import texts
from school.demo.accounts import PASSWORD
from tests.browser.studying import (
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
from tests.browser.visitors import follow

WATCHER = "D0007"
SLUG = "privacy-lesson"
FILM = next(each for each in texts.lessons(brief=True) if each.head["slug"] == SLUG)
END = f"""
from school.members.models import Member
from school.members.services import sessions
who = Member.objects.get(staff_number="{WATCHER}")
found = sessions.end_sessions(member=who, by=who, why="idle")
"""


def come_in(page) -> None:
    page.locator("input[name=account]").first.fill(WATCHER)
    page.locator("input[name=secret]").first.fill(PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)


def until_covered(page, school, milliseconds: int) -> None:
    """Wait until the server has so much on record; a report goes its own way after a pause."""
    eventually(
        page, lambda: record(school, WATCHER, SLUG).covered, lambda seen: seen >= milliseconds
    )


def test_after_signing_in_again_the_film_stands_at_the_same_second(visitors, school):
    page = visitors.sign_in(visitors.new(), WATCHER, PASSWORD)
    open_from_catalogue(page, "lesson", FILM.head["title"])
    address = page.url
    play(page)
    play_until(page, 3)
    page.evaluate(f"{VIDEO}.pause()")
    assert school.facts(END) >= 1

    # Evidence travels on its own token: what is watched after the sign-in ended still counts.
    page.evaluate(f"{VIDEO}.play()")
    play_until(page, 5)
    page.evaluate(f"{VIDEO}.pause()")
    left_at = position(page)
    until_covered(page, school, 4000)

    page.reload()
    assert "/sign-in/?next=" in page.url
    come_in(page)
    assert page.url.partition("#")[0] == address
    player_ready(page)
    until(page, f"Math.abs({VIDEO}.currentTime - {left_at}) < 2")
    play(page)


def test_a_page_whose_sign_in_has_ended_says_so_and_leads_back_to_the_second(visitors, school):
    visitors.expect(r"401 .*/study/open/")
    page = visitors.sign_in(visitors.new(), WATCHER, PASSWORD)
    # The page asks for its study session only after the sign-in has ended.
    page.route("**/study/open/", lambda route: (school.facts(END), route.continue_()))
    open_from_catalogue(page, "lesson", FILM.head["title"])
    address = page.url
    player_ready(page)
    link = study_line(page).get_by_role("link")
    expect(link).to_contain_text("重新登录")
    page.unroute("**/study/open/")
    play(page)
    play_until(page, 2)
    page.evaluate(f"{VIDEO}.pause()")
    second = int(position(page))
    follow(link)
    assert "/sign-in/?next=" in page.url
    come_in(page)
    assert page.url == f"{address}#t={second}"
    player_ready(page)
    until(page, f"Math.abs({VIDEO}.currentTime - {second}) < 1")
