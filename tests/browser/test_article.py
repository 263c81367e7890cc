"""Reading an article: time, completion and hours come from the server."""

from playwright.sync_api import expect

from school.demo.accounts import PASSWORD
from school.demo.texts import BRIEF_ARTICLE
from tests.browser.studying import SETTLE_MS, record, study_line, title_of

READER = "D0001"


def test_an_article_read_to_its_end_is_completed_and_paid_once(visitors, school):
    title = title_of(school, BRIEF_ARTICLE)
    page = visitors.sign_in(visitors.new(), READER, PASSWORD)
    page.goto("/tasks/")
    page.locator(".todo__title a", has_text=title).click()
    line = study_line(page)
    expect(line).to_contain_text("自动计时")

    # At the end at once: the text was in view, but nobody can have read it in that time.
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_timeout(1500)
    assert record(school, READER, BRIEF_ARTICLE).completions == 0

    page.evaluate("scrollTo(0, 0)")
    turns = 40
    while line.get_attribute("data-state") != "done":
        page.mouse.wheel(0, 60)
        page.wait_for_timeout(1000)
        if page.evaluate("scrollY + innerHeight >= document.body.scrollHeight - 2"):
            page.evaluate("scrollTo(0, 0)")
        turns -= 1
        assert turns, line.inner_text()
    expect(line).to_contain_text("已获 0.25 学时")

    seen = record(school, READER, BRIEF_ARTICLE)
    assert seen.covered >= seen.length * 9 // 10
    assert seen.completions == 1
    assert seen.credits == [25]
    assert 0 < seen.studied_ms <= 60_000

    page.goto("/me/hours/")
    row = page.locator(".ledger__row", has_text=title)
    expect(row).to_have_count(1)
    expect(row).to_contain_text("+0.25")
    page.goto("/tasks/?tab=done")
    expect(page.locator(".todo__title", has_text=title)).to_be_visible()

    # Read again: it may be revised at any time, and pays nothing more.
    page.get_by_role("link", name=title).first.click()
    expect(line).to_have_attribute("data-state", "done", timeout=SETTLE_MS)
    page.wait_for_timeout(1000)
    page.goto("/me/")
    assert record(school, READER, BRIEF_ARTICLE).credits == [25]
