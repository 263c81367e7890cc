"""A new member's first day: the one-time code, the first run, what is due."""

from playwright.sync_api import expect

from school.demo.accounts import CODE_FILE, NEWCOMER

NEW_PASSWORD = "Xin-mima-2026"


def sign_in_with(page, secret: str) -> None:
    page.goto("/sign-in/")
    page.get_by_label("工号或手机号").fill(NEWCOMER.staff_number)
    page.get_by_label("密码或一次性登录码").fill(secret)
    page.get_by_role("button", name="登录", exact=True).click()


def days_left(school) -> str:
    """How long the running plan still runs, also when midnight has passed since the seeding."""
    return school.facts("""
from school.core import clock
from school.core.wording import deadline
from school.plans.models import StudyPlan
day = clock.today()
found = deadline(StudyPlan.objects.get(state="published", ends_on__gte=day).ends_on, day)
""")


def test_a_newcomer_signs_in_with_a_code_and_sees_what_is_due(visitors, school):
    code = (school.data_dir / CODE_FILE).read_text(encoding="utf-8").strip()
    page = visitors.new()
    sign_in_with(page, code)

    expect(page.get_by_role("heading", name="个人信息处理告知")).to_be_visible()
    # Nothing else opens before the first run is done.
    assert "/first-run/" in page.request.get("/me/").url
    page.get_by_role("button", name="同意并继续").click()
    page.get_by_label("新密码").fill(NEW_PASSWORD)
    page.get_by_label("再输入一次").fill(NEW_PASSWORD)
    page.get_by_role("button", name="保存并继续").click()
    facts = page.locator(".facts")
    expect(facts).to_contain_text(NEWCOMER.name)
    expect(facts).to_contain_text("机电队党支部")
    page.get_by_role("button", name="继续", exact=True).click()
    page.locator(".letter-choice", has_text="标准").click()

    # What is required, by when, and the year's hours, on the first screen after the first run.
    first_task = page.locator(".todo--lead")
    expect(first_task).to_contain_text("必修")
    expect(first_task).to_contain_text(days_left(school))
    expect(first_task).to_contain_text("截止")
    hours = page.locator(".year-hours").first
    expect(hours).to_contain_text("应修 32")
    expect(hours.locator(".year-hours__figure")).to_have_text(hours_on_record(school))

    # The code is spent; the new password works on another device.
    visitors.expect(r"response: 4\d\d .*/sign-in/")
    other = visitors.new()
    sign_in_with(other, code)
    expect(other.locator("main")).to_contain_text("账号或密码不对")
    sign_in_with(other, NEW_PASSWORD)
    expect(other.locator(".todo--lead")).to_contain_text("必修")


def hours_on_record(school) -> str:
    return school.facts(
        "from school.core import clock\n"
        "from school.core.wording import hours\n"
        "from school.members.models import Member\n"
        "from school.study.selectors import hours_of_year\n"
        f"who = Member.objects.get(staff_number='{NEWCOMER.staff_number}')\n"
        "found = str(hours(hours_of_year(who.pk, clock.today().year).total))"
    )
