"""Working days: Monday to Friday, less public holidays, plus the weekends worked in return."""

from collections.abc import Collection
from datetime import date, timedelta


def is_working_day(day: date, holidays: Collection[date], worked: Collection[date]) -> bool:
    """Whether people work on a day.

    Args:
        holidays: weekdays off.
        worked: Saturdays and Sundays worked in return (调休).
    """
    return day in worked or (day.weekday() < 5 and day not in holidays)


def after(
    day: date, count: int, holidays: Collection[date] = (), worked: Collection[date] = ()
) -> date:
    """The working day that comes ``count`` working days after a day.

    >>> after(date(2026, 3, 6), 5)
    datetime.date(2026, 3, 13)
    """
    while count > 0:
        day += timedelta(days=1)
        count -= is_working_day(day, holidays, worked)
    return day
