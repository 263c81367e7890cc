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


def later_by_months(day: date, months: int) -> date:
    """The same day some months later; the month's last day where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = month_end(date(year, month + 1, 1)).day
    return date(year, month + 1, min(day.day, last))
