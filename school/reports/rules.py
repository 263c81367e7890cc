"""Periods of filings. Pure functions."""

from calendar import monthrange
from datetime import date, timedelta

MONTHS = {"month": 1, "quarter": 3, "year": 12}


def period_start(kind: str, day: date) -> date:
    """First day of the month, quarter or year a day lies in."""
    months = MONTHS[kind]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def period_end(kind: str, start: date) -> date:
    """Last day of a period that starts on ``start``."""
    last = start.month + MONTHS[kind] - 1
    return date(start.year, last, monthrange(start.year, last)[1])


def previous_start(kind: str, start: date) -> date:
    """First day of the period before."""
    return period_start(kind, start - timedelta(days=1))


def due_on(kind: str, start: date, grace_days: int) -> date:
    """Last day on which a period is filed in time."""
    return period_end(kind, start) + timedelta(days=grace_days)


def parse_month(text: str) -> date | None:
    """``2026-06`` → its first day; None when it is not a month."""
    try:
        year, month = text.split("-")
        return date(int(year), int(month), 1)
    except ValueError:
        return None
