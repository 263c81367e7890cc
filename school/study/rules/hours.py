"""How study becomes 学时. All credit is integer hundredths of a 学时, rounded downward."""

from collections.abc import Sequence
from dataclasses import dataclass


def award_for(
    study_ms: int, *, tiers: Sequence[Sequence[int | None]], minutes_per_hour: int
) -> int:
    """What completing an item of this standard length pays.

    Args:
        study_ms: standard study time in milliseconds.
        tiers: ``[[up to minutes, credit], …]`` ascending; ``None`` minutes means no limit. Longer
            than every tier, or no tiers: in proportion.
        minutes_per_hour: minutes that make one 学时.
    """
    if study_ms <= 0:
        return 0
    for minutes, credit in tiers:
        if minutes is None or study_ms <= minutes * 60_000:
            return int(credit or 0)
    return proportional(study_ms // 1000, minutes_per_hour)


def proportional(seconds: int, minutes_per_hour: int) -> int:
    """Credit of a length of time."""
    return seconds * 100 // (minutes_per_hour * 60)


def stepped(credit: int, step: int) -> int:
    """A member's sum in whole steps: applied once, to the sum, never to an entry."""
    return max(0, credit) // max(1, step) * max(1, step)


@dataclass(frozen=True, slots=True)
class Grant:
    """Credit to book, and why it is less than the award ("" when it is not)."""

    credit: int
    note: str = ""


CLOSED = "年度已封账，待教务处理"
PAID = "本课本年度已计学时，可复习，不重复计"
DAY_FULL = "当日网上学时已满"
YEAR_FULL = "该来源本年度学时已满"


def grant(
    award: int,
    *,
    closed: bool = False,
    paid: bool = False,
    day_sum: int = 0,
    day_cap: int | None = None,
    year_sum: int = 0,
    year_cap: int | None = None,
) -> Grant:
    """What an award really books after the once-a-year rule and the caps.

    ``day_sum`` and ``year_sum`` are what the caps already hold.
    """
    if closed:
        return Grant(0, CLOSED)
    if paid:
        return Grant(0, PAID)
    day_left = award if day_cap is None else max(0, day_cap - day_sum)
    year_left = award if year_cap is None else max(0, year_cap - year_sum)
    credit = min(award, day_left, year_left)
    if credit == award:
        return Grant(credit)
    return Grant(credit, DAY_FULL if day_left <= year_left else YEAR_FULL)
