"""Axe finds nothing on any page type, in the light and the dark set and in 长辈版."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from school.demo.accounts import PASSWORD
from tests.browser.visitors import follow

GUEST = ["/", "/sign-in/", "/no-such-page/"]
MEMBER = [
    "/",
    "/courses/",
    "/tasks/",
    "/me/",
    "/me/hours/",
    "/me/mistakes/",
    "/me/profile/",
    "/search/?q=安全",
    "/me/inbox/",
    "/news/",
]
SECRETARY = ["/branch/"]
# One page of each kind, found from the catalogue and the board: (start, selector of the link).
FOLLOWED = [
    ("/courses/?kind=article", ".card__title a"),
    ("/courses/?kind=lesson", ".card__title a"),
    ("/courses/?kind=course", ".card__title a"),
    ("/news/", ".dated__title"),
]


def findings(page) -> list[str]:
    """What axe objects to on the page as it stands: rule, impact, first places."""
    result = Axe().run(page)
    return [
        f"{page.url}: {each['id']} ({each['impact']}) "
        + ", ".join(str(node["target"]) for node in each["nodes"][:3])
        for each in result.response["violations"]
    ]


def examine(page, paths) -> list[str]:
    found = []
    for path in paths:
        page.goto(path)
        found += findings(page)
    return found


def examine_followed(page) -> list[str]:
    found = []
    for start, selector in FOLLOWED:
        page.goto(start)
        link = page.locator(selector).first
        assert link.count(), f"{start} lists nothing"
        page.goto(link.get_attribute("href"))
        found += findings(page)
    return found


def test_guests_pages_are_accessible(visitors):
    visitors.expect(r"404 .*/no-such-page/")
    # Axe is injected as inline script, which the content policy rightly refuses.
    page = visitors.new(bypass_csp=True)
    assert examine(page, GUEST) == []


@pytest.mark.parametrize("looks", ["light", "dark", "elder"])
def test_members_pages_are_accessible(visitors, looks):
    page = visitors.new(bypass_csp=True, color_scheme="dark" if looks == "dark" else "light")
    visitors.sign_in(page, "D0001", PASSWORD)
    if looks == "elder":
        follow(page.locator(".footer__switches button").first)
        expect(page.locator("html[data-elder]")).to_have_count(1)
    assert examine(page, MEMBER) + examine_followed(page) == []


def test_the_secretarys_pages_are_accessible(visitors):
    page = visitors.new(bypass_csp=True)
    visitors.sign_in(page, "D0004", PASSWORD)
    found = examine(page, SECRETARY)
    page.goto("/branch/")
    board = page.locator("main a[href*='/branch/']").first.get_attribute("href")
    assert found + examine(page, [board]) == []


def test_the_keyboard_reaches_the_text_first(visitors):
    page = visitors.new()
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
