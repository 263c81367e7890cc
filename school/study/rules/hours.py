"""How study becomes 学时. All credit is integer hundredths of a 学时, rounded downward.

``rule`` is anything with the attributes of an ``HourRule``: a stored version or one still being
written. Nothing here asks the database.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

AS_STUDIED = "as_studied"
QUIZ = "quiz"
# Milliseconds that one hundredth of a 学时 takes at one minute a 学时.
UNIT_MS = 600


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


def award_of(rule, *, kind: str, timed: bool, study_ms: int, own_award: int | None) -> int:
    """What an item pays under a rule: when completed, or (mode by time) for its standard length.

    Args:
        kind: of the item; a quiz pays the bonus.
        timed: whether it is watched or read; a whole of parts pays nothing itself.
        own_award: hundredths settled for the item alone; None: by the rule.
    """
    if own_award is not None:
        return own_award
    if rule is None:
        return 0
    if kind == QUIZ:
        return rule.quiz_bonus
    if not timed:
        return 0
    tiers = () if rule.mode == AS_STUDIED else rule.tiers
    return award_for(study_ms, tiers=tiers, minutes_per_hour=rule.minutes_per_hour)


def proportional(seconds: int, minutes_per_hour: int) -> int:
    """Credit of a length of time."""
    return seconds * 100 // (minutes_per_hour * 60)


def offline_credit(rule, source: str, seconds: int) -> int:
    """Credit of time spent together, by the minutes of its kind (60 where no rule holds)."""
    if rule is None:
        return proportional(seconds, 60)
    return proportional(seconds, rule.offline_kinds.get(source) or rule.offline_minutes_per_hour)


def studied_credit(stretches: Iterable[tuple[int, int]]) -> int:
    """Credit of study time counted together, so that days and rules lose nothing to rounding.

    Args:
        stretches: (milliseconds, minutes that make one 学时 then).
    """
    by_minutes: dict[int, int] = {}
    for milliseconds, minutes in stretches:
        by_minutes[minutes] = by_minutes.get(minutes, 0) + milliseconds
    if len(by_minutes) == 1:
        ((minutes, total),) = by_minutes.items()
        return total // (minutes * UNIT_MS)
    return int(sum(Fraction(total, minutes * UNIT_MS) for minutes, total in by_minutes.items()))


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
SELF_FULL = "网上自学本年度学时已满"


def grant(
    award: int,
    *,
    closed: bool = False,
    paid: bool = False,
    rooms: Iterable[tuple[int, str]] = (),
) -> Grant:
    """What an award really books after the once-a-year rule and the caps.

    Args:
        rooms: what each cap still has room for (less than nothing counts as nothing), and what to
            say when it is the one that cuts.
    """
    if closed:
        return Grant(0, CLOSED)
    if paid:
        return Grant(0, PAID)
    credit, note = award, ""
    for left, why in rooms:
        if left < credit:
            credit, note = max(0, left), why
    return Grant(credit, note)
