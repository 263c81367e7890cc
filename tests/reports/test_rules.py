"""Periods of filings and the safety of exported text."""

from datetime import date

import pytest

from school.reports.export import safe
from school.reports.rules import due_on, parse_month, period_end, period_start, previous_start

pytestmark = pytest.mark.pure


def test_periods_begin_and_end_where_they_should():
    assert period_start("quarter", date(2026, 5, 9)) == date(2026, 4, 1)
    assert period_end("quarter", date(2026, 4, 1)) == date(2026, 6, 30)
    assert period_end("year", date(2026, 1, 1)) == date(2026, 12, 31)
    assert previous_start("month", date(2026, 1, 1)) == date(2025, 12, 1)
    assert due_on("month", date(2026, 2, 1), 5) == date(2026, 3, 5)
    assert parse_month("2026-13") is None


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_text_that_looks_like_a_formula_is_escaped(text):
    assert safe(text).startswith("'")
    assert safe("李明") == "李明"
    assert safe(-3) == -3
