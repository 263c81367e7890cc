"""The letter of introduction (组织关系介绍信): until when it holds. Pure."""

from calendar import monthrange
from datetime import date


def valid_until(written_on: date, months: int) -> date:
    """The last day of a letter written on a day: the same day so many months on.

    Where that month is shorter, its last day.
    """
    years, month = divmod(written_on.month - 1 + months, 12)
    year = written_on.year + years
    return date(year, month + 1, min(written_on.day, monthrange(year, month + 1)[1]))
