"""Numbers and dates as the school writes them. Pure functions; the tags only call these."""

from datetime import date, datetime

from django.utils.translation import gettext as _

from school.core import clock

DASH = "—"


def hours(credit: int | None) -> str:
    """Credit in integer hundredths of 学时 as written: 1850 → "18.5", 3200 → "32", None → "—"."""
    if credit is None:
        return DASH
    sign, credit = ("-", -credit) if credit < 0 else ("", credit)
    whole, rest = divmod(int(credit), 100)
    decimals = f"{rest:02d}".rstrip("0")
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"


def duration(seconds: int | None) -> str:
    """Seconds in words, rounded down: 380 → "6 分 20 秒", 3725 → "1 小时 2 分", 0 → "0 秒"."""
    if seconds is None:
        return DASH
    minutes, rest = divmod(max(int(seconds), 0), 60)
    whole_hours, minutes = divmod(minutes, 60)
    if whole_hours:
        if not minutes:
            return _("%(hours)d 小时") % {"hours": whole_hours}
        return _("%(hours)d 小时 %(minutes)d 分") % {"hours": whole_hours, "minutes": minutes}
    if minutes:
        if not rest:
            return _("%(minutes)d 分") % {"minutes": minutes}
        return _("%(minutes)d 分 %(seconds)d 秒") % {"minutes": minutes, "seconds": rest}
    return _("%(seconds)d 秒") % {"seconds": rest}


def timecode(seconds: float) -> str:
    """A position in a video: 192 → "03:12", 3725 → "1:02:05"."""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    whole_hours, minutes = divmod(minutes, 60)
    if whole_hours:
        return f"{whole_hours}:{minutes:02d}:{rest:02d}"
    return f"{minutes:02d}:{rest:02d}"


def local_date(value: date | datetime) -> date:
    """The local day of a date or an aware moment."""
    return clock.local_day(value) if isinstance(value, datetime) else value


def days_left(due: date | datetime, today: date) -> int:
    """Whole days until ``due``; 0 on its day, negative after it."""
    return (local_date(due) - today).days


def deadline(due: date | datetime | None, today: date) -> str:
    """What is left: "还有 3 天", "今天截止", "逾期 2 天"; "不限期" without a date."""
    if due is None:
        return _("不限期")
    left = days_left(due, today)
    if left == 0:
        return _("今天截止")
    if left < 0:
        return _("逾期 %(days)d 天") % {"days": -left}
    return _("还有 %(days)d 天") % {"days": left}


def deadline_tone(due: date | datetime | None, today: date) -> str:
    """The tone of its tag: ``late`` after it, ``warn`` in the last three days, else ``plain``."""
    if due is None:
        return "plain"
    left = days_left(due, today)
    if left < 0:
        return "late"
    return "warn" if left <= 3 else "plain"


def day(value: date | datetime | None, today: date) -> str:
    """A date in a sentence: "6月30日", with the year when it is not this one."""
    if value is None:
        return DASH
    value = local_date(value)
    if value.year == today.year:
        return _("%(month)d月%(day)d日") % {"month": value.month, "day": value.day}
    return _("%(year)d年%(month)d月%(day)d日") % {
        "year": value.year,
        "month": value.month,
        "day": value.day,
    }


def percent_floor(part: int | None, whole: int | None) -> str:
    """A rate rounded down (100% means everyone); "—" when there is nobody to count."""
    if part is None or not whole:
        return DASH
    return f"{part * 100 // whole}%"
