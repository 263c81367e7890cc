"""Dates as people write them: all forms are read, what has two meanings is refused."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from school.members.rules.dates import SERIAL_ZERO, BadDate, Day, parse_day

pytestmark = pytest.mark.pure

days = st.dates(date(1921, 1, 1), date(2099, 12, 31))


@given(days)
def test_a_day_is_read_in_every_form(day):
    y, m, d = day.year, day.month, day.day
    for written in (
        f"{y}-{m:02}-{d:02}",
        f"{y}/{m}/{d}",
        f"{y}.{m}.{d}",
        f"{y}年{m}月{d}日",
        f"{y} 年 {m} 月 {d} 号",
        f"{y}{m:02}{d:02}",
        f"{y}-{m:02}-{d:02} 00:00:00",
        f"{y}．{m}．{d}",
        int(f"{y}{m:02}{d:02}"),
        float(f"{y}{m:02}{d:02}"),
        (day - SERIAL_ZERO).days,
        (day - SERIAL_ZERO).days + 0.5,
        str((day - SERIAL_ZERO).days),
        day,
        datetime(y, m, d, 8, 30),  # noqa: DTZ001
    ):
        assert parse_day(written) == Day(day), written


@given(days)
def test_a_month_is_its_first_day_and_says_so(day):
    y, m = day.year, day.month
    expected = Day(day.replace(day=1), month_only=True)
    for written in (f"{y}-{m:02}", f"{y}.{m}", f"{y}/{m}", f"{y}年{m}月", f"{y}{m:02}"):
        assert parse_day(written) == expected, written


def test_a_month_that_a_spreadsheet_took_for_a_number_is_read_unless_it_has_two_meanings():
    assert parse_day(2019.7) == Day(date(2019, 7, 1), month_only=True)
    assert parse_day(2019.12) == Day(date(2019, 12, 1), month_only=True)
    with pytest.raises(BadDate, match="10 月"):
        parse_day(2019.1)


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("2019-02-30", "不是存在"),
        ("2019.13.1", "不是存在"),
        ("2019", "只有年份"),
        (2019, "只有年份"),
        ("98.7.1", "四位"),
        ("去年七月", "看不出"),
        ("1019-07-01", "不合理"),
        ("2019-7/1", "看不出"),
        (3, "看不出"),
        (float("nan"), "看不出"),
        (float("inf"), "看不出"),
        (-1e300, "看不出"),
    ],
)
def test_what_is_no_date_is_refused_with_advice(written, advice):
    with pytest.raises(BadDate) as refusal:
        parse_day(written)
    assert advice in refusal.value.message


@pytest.mark.parametrize("empty", [None, "", "  ", "\u3000", False])
def test_an_empty_cell_is_no_date(empty):
    assert parse_day(empty) is None


@given(st.text(max_size=40) | st.floats() | st.integers() | st.datetimes())
def test_whatever_a_cell_holds_the_answer_is_a_day_or_a_refusal(value):
    try:
        found = parse_day(value)
    except BadDate as refusal:
        assert refusal.message
    else:
        assert found is None or date(1900, 1, 1) <= found.day <= date(2100, 12, 31)


def test_serials_count_as_the_spreadsheet_does():
    assert parse_day(43647) == Day(date(2019, 7, 1))
    assert SERIAL_ZERO + timedelta(days=43647) == date(2019, 7, 1)
