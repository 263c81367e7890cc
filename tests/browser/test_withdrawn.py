"""A page that is taken down while somebody studies it: what was earned stays."""

from playwright.sync_api import expect

from school.demo.accounts import PASSWORD
from tests.browser.studying import record, study_line, title_of
from tests.browser.visitors import follow

READER = "D0003"
SLUG = "volunteer-service"


def test_history_and_hours_outlive_the_page(visitors, school):
    school.python(f"""
from datetime import timedelta
from school.core import clock
from school.demo.activity import item, study
from school.members.models import Member
who = Member.objects.get(staff_number="{READER}")
study(who, item("{SLUG}"), clock.now() - timedelta(days=2))
""")
    before = record(school, READER, SLUG)
    assert (before.completions, len(before.credits)) == (1, 1)
    title = title_of(school, SLUG)
    page = visitors.sign_in(visitors.new(), READER, PASSWORD)
    page.goto("/courses/?kind=article")
    follow(page.locator(".card__title a", has_text=title))
    address = page.url
    expect(study_line(page)).to_have_attribute("data-state", "done")

    school.python(
        f"from wagtail.models import Page\nPage.objects.get(slug='{SLUG}').specific.unpublish()"
    )
    page.mouse.wheel(0, 400)
    page.wait_for_timeout(500)
    page.goto("/me/hours/")
    row = page.locator(".ledger__row", has_text=title)
    expect(row).to_have_count(1)
    expect(row.locator(".ledger__title").get_by_role("link")).to_have_count(0)
    assert record(school, READER, SLUG) == before
    visitors.expect(r"response: 404 .*/volunteer-service/")
    assert page.goto(address).status == 404
    expect(page.locator("main")).to_contain_text("已学的记录和学时不受影响")
    page.goto("/courses/?kind=article")
    expect(page.locator(".card__title a", has_text=title)).to_have_count(0)
