"""The member's year: sums, what waits, where each row came from and why a part was not counted."""

from datetime import date

import pytest
from django.urls import reverse

from school.core import clock
from school.study import registry
from school.study.models import HourEntry, YearClose
from school.study.registry import PendingRow
from school.study.selectors.entries import came_from
from tests.factories.plans import make_branch, make_person
from tests.factories.study import moment
from tests.factories.targets import everybody, make_set, secretaries, train

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    with clock.at(moment("2026-06-20 12:00")):
        yield make_person(make_branch(make_branch(kind="committee")))


@pytest.fixture
def page(client, member):
    client.force_login(member, backend="school.members.backends.MemberBackend")
    address = reverse("study:hours")

    def read(name="hours", **given):
        answer = client.get(reverse(f"study:{name}") if name != "hours" else address, given)
        assert answer.status_code == 200
        return answer.content.decode()

    return read


def booked(member, day: date, credit: int, **changes) -> HourEntry:
    values = {
        "title": f"内容 {day}",
        "seconds": 600,
        "source": "online",
        "recorded_at": clock.now(),
        "counts_for_year": day.year,
        "origin": f"completion:{HourEntry.objects.count() + 1}",
    }
    return HourEntry.objects.create(
        member=member, studied_on=day, credit=credit, **(values | changes)
    )


def test_each_row_says_where_it_came_from_and_why_nothing_was_counted(member, page):
    booked(member, date(2026, 3, 2), 100)
    booked(member, date(2026, 3, 3), 0, note="今日网上学时已满", title="没有计的")
    train(member, date(2026, 4, 1), hours=4)
    text = page()
    assert "学完后计入" in text and "由管理人员登记" in text
    assert "今日网上学时已满" in text and "未计" in text
    less = page(show="none")
    assert "没有计的" in less and "集中培训</p>" not in less


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ("attendance:1", "按到会登记计入"),
        ("study:1.0.2026-03-02@9", "按学习时间计入"),
        ("late:1", "逾期上传，经核实计入"),
        ("whatever", "由管理人员登记"),
    ],
)
def test_origins_are_said_in_words(member, origin, said):
    assert came_from(booked(member, date(2026, 3, 2), 100, origin=origin)) == said


def test_a_part_that_was_cut_says_how_much_and_why(member, page):
    booked(member, date(2026, 3, 2), 25, award=100, note="当日上限")
    assert "少计 0.75 学时：当日上限" in page()


def test_a_month_and_a_side_can_be_looked_at_alone(member, page):
    booked(member, date(2026, 3, 2), 100, title="三月的课")
    booked(member, date(2026, 4, 2), 100, title="四月的课")
    train(member, date(2026, 4, 10), hours=2)
    march = page(month="3")
    assert "三月的课" in march and "四月的课" not in march
    assert "四月的课" not in page(show="offline")
    for wrong in ("13", "x", "²", "0"):
        assert "三月的课" in page(month=wrong)
    assert "三月的课" in page(show="nonsense")


def test_sums_months_and_rows_are_one_reading(member, client, page):
    booked(member, date(2026, 3, 2), 125)
    booked(member, date(2026, 4, 2), 50)
    train(member, date(2026, 4, 10), hours=2)
    page()
    context = client.get(reverse("study:hours")).context
    assert context["year"].exact == 375 == sum(line.entry.credit for line in context["lines"])
    assert sum(m["online"] + m["offline"] for m in context["months"]) == 375
    sheet = client.get(reverse("study:hours_sheet")).context
    assert sum(line.entry.credit for line in sheet["lines"]) == 375


def test_what_waits_stands_above_the_rows_and_on_the_sheet(member, page, monkeypatch):
    row = PendingRow("逾期的学习", date(2026, 5, 2), "逾期上传，待核实", "由支部核实", seconds=90)
    monkeypatch.setattr(registry, "_pending", [lambda who, year: [row] if year == 2026 else []])
    text = page()
    assert "尚未计入" in text and "逾期上传，待核实" in text and "1 分 30 秒" in text
    assert "另有 1 项等待核实" in page("hours_sheet")


def test_the_target_its_conditions_and_its_formula_are_shown(member, page):
    make_set(member, secretaries(posts=(), label="书记"), everybody())
    train(member, date(2026, 5, 2), hours=4)
    text = page()
    assert '应修 <span class="num">56</span>' in text
    assert "已参加（2026年5月2日）" in text
    assert "集体学习、党课、补录、集中培训" in text
    assert "到年底约" in text
    booked(member, date(2026, 5, 3), 6000, source="group")
    assert "已达标" in page()


def test_credit_without_the_training_is_not_called_met(member, page):
    make_set(member, secretaries(posts=(), label="书记"))
    booked(member, date(2026, 5, 3), 6000, source="group")
    text = page()
    assert "学时已够，参训条件还没有达到" in text and "已达标" not in text
    assert "进行中" in page("hours_sheet")


def test_last_years_result_stands_beside_the_new_year_until_it_is_closed(member, page):
    make_set(member, everybody(), year=2025)
    make_set(member, everybody())
    booked(member, date(2025, 5, 3), 1000, source="group")
    text = page()
    assert "2025 年度的结果" in text and "2025 年度还没有封账" in text
    YearClose.objects.create(year=2025, closed_at=clock.now())
    assert "2025 年度的结果" not in page()
    assert "2025 年度尚未封账" not in page("hours_sheet", year="2025")


def test_a_year_without_rows_does_not_exist(client, page):
    page()
    for wrong in ("1999", "x", "²", "9" * 5000):
        assert client.get(reverse("study:hours"), {"year": wrong}).status_code == 404


@pytest.mark.parametrize("name", ["me", "hours", "hours_sheet"])
def test_pages_of_the_year_need_few_queries(
    client, member, page, name, django_assert_max_num_queries
):
    make_set(member, secretaries(posts=(), label="书记"), everybody(), year=2025)
    make_set(member, secretaries(posts=(), label="书记"), everybody())
    for day in range(1, 29):
        booked(member, date(2026, 3, day), 25)
        train(member, date(2026, 4, day), hours=1)
    page()
    with django_assert_max_num_queries(20):
        assert client.get(reverse(f"study:{name}")).status_code == 200
