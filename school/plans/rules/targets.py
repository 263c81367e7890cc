"""Hours asked for in a year: who gets which target, by months held, and when it is met.

A requirement has rungs (档): the first whose audience holds a member decides for that month. What
a member was on the 15th decides for the month. No national rule says how a change of post within
the year is counted, so the host chooses one of three ways (and one of three for who joins late).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from school.plans.rules.facts import AudienceLine, Condition, Line, MemberFacts, Span, included
from school.plans.rules.months import later_by_months

# A change of post within the year: by months held, the higher one, or as the year began.
BY_MONTHS, HIGHER, KEEP = "months", "higher", "keep"
# Who joins within the year: by months, the whole target, or none until the next year.
JOIN_MONTHS, JOIN_FULL, JOIN_NONE = "months", "full", "none"
# What a target asks for besides hours.
TRAINING, NEW_POST = "training", "new_post"

PIVOT = 15
YEAR_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung: hundredths of 学时 for a whole year, whom it is for, what else it asks.

    ``new_post_months``: who newly takes one of the rung's posts is trained within so many months.
    """

    id: int
    label: str
    due: int
    rules: tuple[AudienceLine, ...]
    training: bool = False
    new_post_months: int | None = None

    @property
    def posts(self) -> frozenset[int]:
        """Posts the rung names."""
        rules = (rule for rule in self.rules if rule.post_id is not None and not rule.excludes)
        return frozenset(rule.post_id for rule in rules if rule.post_id is not None)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What is asked in a year. ``counted``: kinds of people meant where a rung names none."""

    year: int
    rungs: tuple[Rung, ...]
    counted: frozenset[str]
    change: str = BY_MONTHS
    joiners: str = JOIN_MONTHS


@dataclass(frozen=True, slots=True)
class Part:
    """Months under one rung, and what it asks for a whole year."""

    label: str
    months: int
    due: int


@dataclass(frozen=True, slots=True)
class Asked:
    """One member's target: the credit, how it came about, what else is asked.

    ``rung``: label that stands for the member (held last, the higher, or the first).
    ``starts_on``: first day of the first month that counts.
    """

    due: int
    parts: tuple[Part, ...]
    change: str
    rung: str
    starts_on: date
    conditions: tuple[Condition, ...] = ()


def asked_of(requirement: Requirement, member: MemberFacts, line: Line) -> Asked | None:
    """What a requirement asks of a member, or None when it asks nothing.

    Args:
        line: ``(branch_id, day)`` → the branch and its ancestors on that day.
    """
    months = months_held(requirement, member, line)
    first = next((number for number, rung in enumerate(months) if rung), None)
    if first is None or (first and requirement.joiners == JOIN_NONE):
        return None
    if requirement.joiners == JOIN_FULL:
        months[:first] = [months[first]] * first
    due, parts, chosen = weigh([rung for rung in months if rung], requirement.change)
    return Asked(
        due=due,
        parts=parts,
        change=requirement.change,
        rung=chosen.label,
        starts_on=date(requirement.year, first + 1, 1),
        conditions=_conditions(requirement, chosen, member, line),
    )


def weigh(held: list[Rung], change: str) -> tuple[int, tuple[Part, ...], Rung]:
    """(hundredths of 学时, parts, the rung that stands for the year) of the months held.

    By months: the sum of a twelfth of each month's rung, rounded down to a hundredth. Otherwise
    one rung for all months held.
    """
    if change == BY_MONTHS:
        chosen, counted = held[-1], held
    else:
        chosen = max(held, key=lambda rung: rung.due) if change == HIGHER else held[0]
        counted = [chosen] * len(held)
    parts = []
    for rung in dict.fromkeys(counted):
        parts.append(Part(rung.label, counted.count(rung), rung.due))
    return sum(part.due * part.months for part in parts) // YEAR_MONTHS, tuple(parts), chosen


def months_held(requirement: Requirement, member: MemberFacts, line: Line) -> list[Rung | None]:
    """The rung of each month, January first; None where nothing is asked."""
    days = [date(requirement.year, month, PIVOT) for month in range(1, YEAR_MONTHS + 1)]
    if not _changes_between(member, days[0], days[-1]):
        return [rung_on(requirement, member, days[0], line)] * YEAR_MONTHS
    return [rung_on(requirement, member, day, line) for day in days]


def _changes_between(member: MemberFacts, first: date, last: date) -> bool:
    spans = [each[0] for rows in (member.homes, member.standings, member.posts) for each in rows]
    days = {span.since for span in spans} | {span.until for span in spans if span.until}
    return any(first < day <= last for day in days | set(member.tree_days))


def rung_on(requirement: Requirement, member: MemberFacts, day: date, line: Line) -> Rung | None:
    """The first rung that holds a member on a day; None: nothing is asked."""
    home = next((branch for span, branch in member.homes if span.on(day)), None)
    standing = next(((kind, ok) for span, kind, ok in member.standings if span.on(day)), None)
    if home is None or standing is None or not standing[1]:
        return None
    kind = standing[0]
    posts = {post for span, post in member.posts if span.on(day)}
    above = line(home, day)
    for rung in requirement.rungs:
        named = kind in requirement.counted or any(rule.kind == kind for rule in rung.rules)
        if named and included(rung.rules, above, posts, kind):
            return rung
    return None


def _conditions(
    requirement: Requirement, chosen: Rung, member: MemberFacts, line: Line
) -> tuple[Condition, ...]:
    year = requirement.year
    asked = []
    if chosen.training:
        asked.append(Condition(TRAINING, date(year, 1, 1), date(year, 12, 31)))
    for rung in requirement.rungs:
        if rung.new_post_months:
            for span in new_posts(member.posts, rung.posts):
                by = later_by_months(span.since, rung.new_post_months)
                due = by.year == year and span.on(by) and _was_here(member, span.since)
                if due and rung_on(requirement, member, by, line) == rung:
                    asked.append(Condition(NEW_POST, span.since, by, rung.label))
    return tuple(dict.fromkeys(asked))


def _was_here(member: MemberFacts, day: date) -> bool:
    """Whether the member was at home somewhere the day before: else nobody knows what he held.

    A roster that is imported gives everybody home and post on one day; none of them is new.
    """
    before = day - timedelta(days=1)
    return any(span.on(before) for span, _branch in member.homes)


def new_posts(held: Iterable[tuple[Span, int]], posts: frozenset[int]) -> list[Span]:
    """Times in one of some posts that were newly taken: nobody who goes on in it is new."""
    wanted = [(span, post) for span, post in held if post in posts and span.since != span.until]
    return [
        span
        for span, post in wanted
        if not any(
            other == post and before.since < span.since and _reaches(before, span.since)
            for before, other in wanted
        )
    ]


def _reaches(before: Span, day: date) -> bool:
    """Whether a time in a post lasted up to a day or beyond."""
    return before.until is None or before.until >= day


def met_since(condition: Condition, trainings: Iterable[date]) -> date | None:
    """The day on which a condition was met; None: it is not."""
    return min((day for day in trainings if condition.since <= day <= condition.by), default=None)


def condition_state(condition: Condition, trainings: Iterable[date], day: date) -> str:
    """``met``, ``open`` or ``missed`` (its last day is over) on a day."""
    since = met_since(condition, trainings)
    if since is not None and since <= day:
        return "met"
    return "missed" if day > condition.by else "open"


def is_met(
    *, due: int, got: int, conditions: Iterable[Condition], trainings: Iterable[date], day: date
) -> bool:
    """已达标: the credit is there and every condition is met. The one place that says so."""
    held = list(trainings)
    return got >= due and all(condition_state(c, held, day) == "met" for c in conditions)


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where the present pace leads. ``kind``: ``met``, ``early``, ``reach``, ``short``, ``over``.

    ``on``: the day the target is reached. ``likely``: hundredths of 学时 at the year's end.
    ``monthly``: hundredths of 学时 needed a month from now on, upward to a tenth of a 学时.
    """

    kind: str
    on: date | None = None
    likely: int = 0
    monthly: int = 0


EARLY_DAYS = 42


def forecast(*, due: int, got: int, first: date, day: date, last: date) -> Forecast:
    """Where the pace from ``first`` to ``day`` leads until ``last``; none in the first six weeks.

    The pace is what was earned so far divided by the days gone, in integers.
    """
    if got >= due:
        return Forecast("met")
    left = (last - day).days
    if left <= 0:
        return Forecast("over")
    gone = (day - first).days + 1
    if gone < EARLY_DAYS:
        return Forecast("early")
    missing = due - got
    monthly = _tenths(missing, left)
    if got > 0:
        needed = -(-missing * gone // got)
        if needed <= left:
            return Forecast("reach", on=day + timedelta(days=needed), monthly=monthly)
    return Forecast("short", likely=got + max(got, 0) * left // gone, monthly=monthly)


def _tenths(missing: int, days: int) -> int:
    """What is missing by month of 365/12 days, upward to a tenth of a 学时; never above it all."""
    monthly = -(-missing * 365 // (YEAR_MONTHS * days))
    return min(missing, -(-monthly // 10) * 10)
