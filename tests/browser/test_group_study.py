"""A group study on a phone: who was there is done and paid once, whatever was seen before."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from school.core import clock
from school.demo.accounts import PASSWORD
from tests.browser.visitors import follow

SLUG = "extinguisher"
HALF_SEEN, NEVER_SEEN, ABSENT = range(3)


@pytest.fixture
def people(school) -> list[tuple[int, str]]:
    """Three new members of the branch, as (pk, name): the first saw half of the lesson."""
    return school.facts(f"""
from datetime import datetime, time, timedelta
from school.core import clock
from school.demo.activity import item, study
from school.members.models import Branch, Member
from school.members.services.people import enrol_member
branch, day = Branch.objects.get(code="Z201"), clock.today() - timedelta(days=1)
first = Member.objects.filter(staff_number__startswith="DG").count()
found = []
for number in range(first, first + 3):
    name = "新学员" + "甲乙丙丁戊己庚辛壬癸"[number % 10]
    who = enrol_member(staff_number=f"DG{{number:03}}", name=name, branch=branch, since=day)
    found.append((who.pk, name))
early = datetime.combine(day, time(8), clock.LOCAL)
study(Member.objects.get(pk=found[0][0]), item("{SLUG}"), early, share=0.5)
""")


def facts_of(school, member: int) -> dict:
    """Completions, hours and the reading of the lesson of one member."""
    return school.facts(f"""
from school.demo.activity import item
from school.study.models import Completion, Coverage, HourEntry
what = item("{SLUG}")
seen = Coverage.objects.filter(member_id={member}, revision=what.current).first()
today = HourEntry.objects.filter(member_id={member}, title="消防安全集体学习")
found = {{
    "covered": seen.covered if seen else 0,
    "done": [c.evidence for c in Completion.objects.filter(member_id={member}, item=what)],
    "offline": list(today.values_list("seconds", "source")),
    "online": HourEntry.objects.filter(member_id={member}, item=what, credit__gt=0).count(),
}}
""")


def test_a_group_study_completes_and_pays_each_present_member_once(visitors, school, people):
    assert facts_of(school, people[HALF_SEEN][0])["covered"] > 0
    page = visitors.sign_in(visitors.new(), "D0004", PASSWORD)
    page.goto("/branch/")
    page.get_by_role("link", name="登记集体学习").click()
    lesson = school.facts(f"from school.demo.activity import item\nfound = item('{SLUG}').title")
    page.get_by_label(lesson).check()
    yesterday = clock.today() - timedelta(days=1)
    page.get_by_label("日期", exact=True).fill(yesterday.isoformat())
    page.get_by_label("开始", exact=True).fill("15:00")
    page.get_by_label("结束", exact=True).fill("16:00")
    page.get_by_label("主题").fill("消防安全集体学习")
    page.get_by_role("button", name="登记到会").click()

    rows = page.locator(".gathering-names__row")
    for _pk, name in people[:ABSENT]:
        rows.filter(has_text=name).get_by_role("radio", name="到会").check()
    rows.filter(has_text=people[ABSENT][1]).get_by_role("radio", name="请假").check()
    follow(page.get_by_role("button", name="完成登记"))
    table = page.locator("main table")
    expect(table.locator("tr", has_text=people[HALF_SEEN][1])).to_contain_text("60 分")
    expect(table.locator("tr", has_text=people[ABSENT][1])).to_contain_text("请假")

    for index in (HALF_SEEN, NEVER_SEEN):
        state = facts_of(school, people[index][0])
        assert state["done"] == ["group"], people[index]
        assert state["offline"] == [[3600, "group"]]
        assert state["online"] == 0
    absent = facts_of(school, people[ABSENT][0])
    assert (absent["done"], absent["offline"]) == ([], [])

    # The same form again, from a page that is still open, books nothing twice.
    visitors.expect(r"response: 409 .*/close/")
    visitors.expect(r"console: .*409")
    answer = page.request.post(
        page.url + "close/",
        headers={"X-CSRFToken": page.locator("meta[name=csrf-token]").get_attribute("content")},
    )
    assert answer.status == 409
    assert facts_of(school, people[NEVER_SEEN][0])["offline"] == [[3600, "group"]]

    # The board of the branch knows it from the entry on.
    branch = school.facts(
        "from school.members.models import Branch\nfound = Branch.objects.get(code='Z201').pk"
    )
    page.goto(f"/branch/{branch}/members/{people[HALF_SEEN][0]}/")
    expect(page.locator("main tbody tr", has_text="消防安全集体学习")).to_have_count(1)


@pytest.fixture
def phones(school) -> list[tuple[int, str]]:
    """Two members of the branch with a password, as (pk, staff number)."""
    return school.facts(f"""
from school.core import clock
from school.members.models import Branch
from school.members.selectors.people import members_of
members = members_of(Branch.objects.get(code="Z201"), subtree=False)
members = members.exclude(staff_number__startswith="D").order_by("-staff_number")[:2]
for m in members:
    m.set_password("{PASSWORD}")
    m.must_set_password = False
    m.profile_confirmed_at = m.first_run_done_at = clock.now()
    from school.core.models import HostSettings
    m.consent_version = HostSettings._meta.get_field("privacy_version").default
    m.save()
found = [(m.pk, m.staff_number) for m in members]
""")


def test_two_people_check_in_with_the_code_on_the_screen(visitors, school, phones):
    desk = visitors.sign_in(visitors.new(), "D0004", PASSWORD)
    desk.goto("/branch/gatherings/new/")
    lesson = school.facts(f"from school.demo.activity import item\nfound = item('{SLUG}').title")
    desk.get_by_label(lesson).check()
    desk.get_by_label("主题").fill("班前集体学习")
    follow(desk.get_by_role("button", name="登记到会"))
    address = desk.url.replace("/branch", "")
    desk.get_by_role("link", name="显示签到码").click()
    shown = desk.locator("[data-code]")

    first = visitors.sign_in(visitors.new(), phones[0][1], PASSWORD)
    first.goto("/gatherings/")
    first.locator("section", has_text="班前集体学习").get_by_role("link", name="去签到").click()
    code = shown.get_attribute("data-code")
    visitors.expect(r"response: 400 .*/check-in/")
    first.get_by_label("屏幕上的 6 位数字").fill("000000" if code != "000000" else "111111")
    first.get_by_role("button", name="签到", exact=True).click()
    expect(first.get_by_role("alert")).to_contain_text("签到码不对")
    first.get_by_label("屏幕上的 6 位数字").fill(shown.get_attribute("data-code"))
    first.get_by_role("button", name="签到", exact=True).click()
    expect(first.locator("main")).to_contain_text("签到成功")

    # The QR code opens the same page with the digits filled in; one press is left.
    second = visitors.sign_in(visitors.new(), phones[1][1], PASSWORD)
    second.goto(f"{address}check-in/?code={shown.get_attribute('data-code')}")
    second.get_by_role("button", name="签到", exact=True).click()
    expect(second.locator("main")).to_contain_text("签到成功")

    # The screen counts them by itself.
    expect(desk.locator("#code")).to_contain_text("实到 2 /")
    desk.get_by_role("link", name="返回名单").click()
    desk.get_by_role("button", name="结束并登记名单").click()
    desk.get_by_role("button", name="完成登记").click()
    expect(desk.locator("main")).to_contain_text("已登记")
    booked = school.facts("""
from school.gatherings.models import Attendance
rows = Attendance.objects.filter(gathering__title="班前集体学习", state="present")
found = sorted(rows.values_list("member_id", "seen", "presences__method"))
assert all(row.paid_seconds > 0 for row in rows)
""")
    assert booked == sorted([[pk, True, "code"] for pk, _number in phones])
