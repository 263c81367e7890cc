"""Pure rules on dates as people write them in Chinese forms and spreadsheets."""

import functools
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from school.core.errors import DomainError
from school.members.rules.numbers import fold

# Day 0 of the 1900 date system, as it counts after its invented 29 February 1900.
SERIAL_ZERO = date(1899, 12, 30)
FIRST_YEAR, LAST_YEAR = 1900, 2100
# Serials below (before 1920) are far more likely a bare year or a slip of the pen.
SERIAL_FROM, SERIAL_TO = 7306, 80_000

_DAY = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?")
_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})")
_HAN = re.compile(r"(\d{4})年(\d{1,2})月(?:(\d{1,2})[日号])?")
_SHORT_YEAR = re.compile(r"\d{2}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?")
_DECIMAL = re.compile(r"\d+\.0+")


class BadDate(DomainError):
    """Something that is no date, or could be two; the message says what to write."""


@dataclass(frozen=True, slots=True)
class Day:
    """A date; with ``month_only`` the file named no day and ``day`` is the first of the month."""

    day: date
    month_only: bool = False


def parse_day(value: object) -> Day | None:
    """A date out of a cell or a form field.

    Reads 2019-07-01, 2019/7/1, 2019.7.1, 2019年7月1日, 20190701, dates of a spreadsheet and their
    serial numbers; and months: 2019-07, 2019.7, 2019年7月, 201907.

    Args:
        value: text, a number, a date or datetime, or None.

    Returns:
        None for an empty value.

    Raises:
        BadDate: not a date, or one that may be read in two ways.
    """
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, datetime):
        return Day(_within(value.date(), value))
    if isinstance(value, date):
        return Day(_within(value, value))
    if isinstance(value, int | float):
        return _from_number(value)
    return _from_text(str(value))


@functools.lru_cache(maxsize=8192)
def _from_text(text: str) -> Day | None:
    tidy = fold(text)
    if not tidy:
        return None
    if found := _DAY.fullmatch(tidy):
        return Day(_date(found[1], found[3], found[4], tidy))
    tidy = tidy.replace(" ", "")
    if found := _HAN.fullmatch(tidy):
        return Day(_date(found[1], found[2], found[3] or 1, tidy), month_only=not found[3])
    if found := _DAY.fullmatch(tidy):
        return Day(_date(found[1], found[3], found[4], tidy))
    if found := _MONTH.fullmatch(tidy):
        return Day(_date(found[1], found[2], 1, tidy), month_only=True)
    if tidy.isascii() and tidy.isdigit() and len(tidy) <= 8:
        return _from_number(int(tidy))
    if _DECIMAL.fullmatch(tidy) and len(tidy) <= 12:
        return _from_number(float(tidy))
    if _SHORT_YEAR.fullmatch(tidy):
        raise BadDate(_("“%(text)s”的年份要写四位，例如 2019-07-01。") % {"text": tidy})
    raise _unreadable(tidy)


def _from_number(number: int | float) -> Day:
    if isinstance(number, float) and not number.is_integer():
        return _from_fraction(number)
    whole = int(number)
    if 19_000_101 <= whole <= 21_001_231:
        return Day(_date(whole // 10_000, whole // 100 % 100, whole % 100, whole))
    if 190_001 <= whole <= 210_012:
        return Day(_date(whole // 100, whole % 100, 1, whole), month_only=True)
    if SERIAL_FROM <= whole <= SERIAL_TO:
        return Day(SERIAL_ZERO + timedelta(days=whole))
    if FIRST_YEAR <= whole <= LAST_YEAR:
        raise BadDate(_("“%(text)s”只有年份，请写到月或日，例如 2019-07-01。") % {"text": whole})
    raise _unreadable(whole)


def _from_fraction(number: float) -> Day:
    """A serial with a time of day, or 2019.7 that a spreadsheet took for a number."""
    if SERIAL_FROM <= number < SERIAL_TO:
        return Day(SERIAL_ZERO + timedelta(days=int(number)))
    text = repr(number)
    year, dot, month = text.partition(".")
    if FIRST_YEAR <= number < LAST_YEAR + 1 and dot and len(month) <= 2:
        if month == "1":
            raise BadDate(
                _("“%(text)s”可能是 1 月，也可能是 10 月，请写成 %(year)s-01 或 %(year)s-10。")
                % {"text": text, "year": year}
            )
        return Day(_date(year, month, 1, text), month_only=True)
    raise _unreadable(text)


def _date(year: int | str, month: int | str, day: int | str, written: object) -> date:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        raise BadDate(_("“%(text)s”不是存在的日期，请核对月和日。") % {"text": written}) from None
    return _within(found, written)


def _within(day: date, written: object) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadDate(_("“%(text)s”的年份不合理，请核对。") % {"text": str(written)[:20]})
    return day


def _unreadable(written: object) -> BadDate:
    return BadDate(
        _("看不出“%(text)s”是哪一天，请写成 2019-07-01 这样。") % {"text": str(written)[:20]}
    )
