"""Counting: who is asked, who is done, rates and lights. Pure functions over plain values.

The one place where 应学, 已完成, 未完成 and 其中逾期 are defined (docs/decisions/09-counters.md).
Boards, task lists, filings and exports all read what comes from here.
"""

from dataclasses import dataclass, fields
from datetime import date


@dataclass(frozen=True, slots=True)
class Counts:
    """How many members; also the signed change of such numbers (a delta).

    ``started`` includes those who are done. ``waiting``: not done, but all that is missing has been
    taken off the site and the plan's owner has not decided yet, so it is not overdue.
    """

    due: int = 0
    exempt: int = 0
    started: int = 0
    on_time: int = 0
    late: int = 0
    waiting: int = 0
    hours_due: int = 0
    hours_met: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(a + b for a, b in zip(self.values(), other.values(), strict=True)))

    def __sub__(self, other: "Counts") -> "Counts":
        return Counts(*(a - b for a, b in zip(self.values(), other.values(), strict=True)))

    def __bool__(self) -> bool:
        return any(self.values())

    def values(self) -> tuple[int, ...]:
        """The numbers in the order of ``MEASURES``."""
        return tuple(getattr(self, name) for name in MEASURES)

    def as_dict(self) -> dict[str, int]:
        """The numbers by name."""
        return dict(zip(MEASURES, self.values(), strict=True))


MEASURES = tuple(each.name for each in fields(Counts))
NOBODY = Counts()


@dataclass(frozen=True, slots=True)
class Figures:
    """What a board shows of some counts on a day. The four parts of 应学 always add up."""

    due: int
    exempt: int
    on_time: int
    late: int
    studying: int
    untouched: int
    overdue: int
    hours_due: int
    hours_met: int

    @property
    def done(self) -> int:
        """已完成: in time or late."""
        return self.on_time + self.late

    @property
    def open(self) -> int:
        """未完成: studying or not started."""
        return self.studying + self.untouched

    @property
    def participation(self) -> int | None:
        """参学率 in whole percent, rounded down; None when nobody is asked."""
        return percent(self.due - self.untouched, self.due)

    @property
    def completion(self) -> int | None:
        """完成率 in whole percent, rounded down; None when nobody is asked."""
        return percent(self.done, self.due)

    @property
    def hours_rate(self) -> int | None:
        """学时达标率 in whole percent, rounded down; None when nobody has a target."""
        return percent(self.hours_met, self.hours_due)


def percent(part: int, whole: int) -> int | None:
    """Whole percent, rounded down: 100 means everyone. None (shown as —) when ``whole`` is 0."""
    return part * 100 // whole if whole else None


def figures(counts: Counts, *, ends_on: date, day: date) -> Figures:
    """The figures of a set of members on a day; overdue only after the plan's last day."""
    done = counts.on_time + counts.late
    unfinished = counts.due - done
    return Figures(
        due=counts.due,
        exempt=counts.exempt,
        on_time=counts.on_time,
        late=counts.late,
        studying=counts.started - done,
        untouched=counts.due - counts.started,
        overdue=unfinished - counts.waiting if day > ends_on else 0,
        hours_due=counts.hours_due,
        hours_met=counts.hours_met,
    )


@dataclass(frozen=True, slots=True)
class LightLimits:
    """Limits of the lights, in hundredths: settings of the host."""

    normal: int = 100
    slow: int = 70
    start_share: int = 10


def light(
    *, done: int, due: int, starts_on: date, ends_on: date, day: date, limits: LightLimits
) -> str:
    """``normal`` ●, ``slow`` ▲, ``late`` ■, ``start`` ○, or "" when nobody is asked.

    done ÷ (due × elapsed share of the window), in integers: the day itself counts as elapsed.
    """
    if not due:
        return ""
    if done >= due:
        return "normal"
    if day > ends_on:
        return "late"
    length = (ends_on - starts_on).days + 1
    elapsed = max(0, (day - starts_on).days + 1)
    if elapsed * 100 <= length * limits.start_share:
        return "start"
    score, whole = done * length * 100, due * elapsed
    if score >= whole * limits.normal:
        return "normal"
    return "slow" if score >= whole * limits.slow else "late"
