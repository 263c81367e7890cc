"""Months by their first and last day."""

from datetime import date, timedelta


def month_start(day: date) -> date:
    """First day of a day's month."""
    return day.replace(day=1)


def month_end(day: date) -> date:
    """Last day of a day's month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def month_before(day: date) -> date:
    """First day of the month before a day's month."""
    return (month_start(day) - timedelta(days=1)).replace(day=1)
