"""Counting: who is asked, who is done, rates and lights. Pure functions over plain values.

The one place where 应学, 已完成, 未完成 and 其中逾期 are defined (docs/decisions, section 6 of the
design). Boards, task lists, filings and exports all read what comes from here.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, timedelta


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


# -- one member and one plan through time ------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """Holds from ``since`` until the day before ``until`` (None: still)."""

    since: date
    until: date | None = None

    def on(self, day: date) -> bool:
        """Whether the span covers a day."""
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class AudienceLine:
    """One audience rule: an empty part means any."""

    branch_id: int | None = None
    post_id: int | None = None
    kind: str = ""
    excludes: bool = False

    def matches(self, line: Iterable[int], posts: Iterable[int], kind: str) -> bool:
        """Whether the rule holds for a line of branches (home first), posts and a kind."""
        return (
            (self.branch_id is None or self.branch_id in line)
            and (self.post_id is None or self.post_id in posts)
            and (not self.kind or self.kind == kind)
        )


def included(
    rules: Iterable[AudienceLine] | None, line: Iterable[int], posts: Iterable[int], kind: str
) -> bool:
    """Whether the rules include somebody; exclusions win; None includes everybody."""
    if rules is None:
        return True
    hits = [rule for rule in rules if rule.matches(line, posts, kind)]
    return bool(hits) and not any(rule.excludes for rule in hits)


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One item of a plan. ``gone_on``: the content was taken off the site that day."""

    id: int
    item_id: int
    required: bool = True
    added_on: date | None = None
    withdrawn_on: date | None = None
    replaced_by: int | None = None
    gone_on: date | None = None


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What a plan asks. ``closes_on``: last day on which anything changes."""

    id: int
    starts_on: date
    ends_on: date
    closes_on: date | None
    items: tuple[PlanLine, ...]
    rules: tuple[AudienceLine, ...] | None = None
    hour_target: int | None = None
    year: int = 0


@dataclass(frozen=True, slots=True)
class Target:
    """A requirement of hours: credit in hundredths of 学时; empty ``sources`` means all count."""

    due: int
    sources: frozenset[str] = frozenset()
    exempt: tuple[Span, ...] = ()
    year: int = 0


@dataclass(frozen=True, slots=True)
class Done:
    """A completion of an item that held for a span of days."""

    item_id: int
    span: Span


@dataclass(frozen=True, slots=True)
class Begun:
    """The first day of study of an item."""

    item_id: int
    day: date


@dataclass(frozen=True, slots=True)
class Credit:
    """One ledger line: hundredths of 学时."""

    day: date
    year: int
    source: str
    credit: int


@dataclass(slots=True)
class MemberFacts:
    """Everything dated about one member that decides how the member is counted."""

    homes: list[tuple[Span, int]] = field(default_factory=list)
    standings: list[tuple[Span, str, bool]] = field(default_factory=list)
    posts: list[tuple[Span, int]] = field(default_factory=list)
    exempt: dict[int, list[Span]] = field(default_factory=dict)
    done: list[Done] = field(default_factory=list)
    begun: list[Begun] = field(default_factory=list)
    credits: list[Credit] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    tree_days: list[date] = field(default_factory=list)


Line = Callable[[int, date], Iterable[int]]
Key = tuple[date, int, int | None]


def timeline(plan: PlanFacts, member: MemberFacts, line: Line) -> dict[Key, Counts]:
    """All changes one member makes to a plan's figures: (day, home branch, plan item or None).

    Args:
        line: ``(branch_id, day)`` → the branch and its ancestors on that day.

    Summing the changes up to a day gives the member's state on that day at the home branch of
    that day: a transfer is a minus at the old branch and a plus at the new one.
    """
    changes: dict[Key, Counts] = {}
    before: dict[tuple[int, int | None], Counts] = {}
    for day in _days(plan, member):
        after = state_on(plan, member, day, line)
        for key in before.keys() | after.keys():
            change = after.get(key, NOBODY) - before.get(key, NOBODY)
            if change:
                changes[(day, *key)] = change
        before = after
    return changes


def _days(plan: PlanFacts, member: MemberFacts) -> list[date]:
    """Days on which the member's state may change, within the life of the plan."""
    spans = [span for span, _ in member.homes] + [span for span, *_ in member.standings]
    spans += [span for span, _ in member.posts] + member.exempt.get(plan.id, [])
    spans += [done.span for done in member.done]
    spans += [span for target in member.targets for span in target.exempt]
    days = {plan.starts_on, *(s.since for s in spans), *(s.until for s in spans if s.until)}
    days |= {begun.day for begun in member.begun} | {credit.day for credit in member.credits}
    days |= set(member.tree_days)
    for item in plan.items:
        days |= {day for day in (item.added_on, item.withdrawn_on, item.gone_on) if day}
    days = {max(day, plan.starts_on) for day in days}
    return sorted(day for day in days if plan.closes_on is None or day <= plan.closes_on)


def state_on(
    plan: PlanFacts, member: MemberFacts, day: date, line: Line
) -> dict[tuple[int, int | None], Counts]:
    """A member's counts on a day, by (home branch, plan item); None stands for the whole plan."""
    home = asked_at(plan, member, day, line)
    if home is None:
        return {}
    if any(span.on(day) for span in member.exempt.get(plan.id, [])):
        return {(home, None): Counts(exempt=1)}
    return {
        (home, item): counts for item, counts in _study_state(plan, member, day).items() if counts
    }


def asked_at(plan: PlanFacts, member: MemberFacts, day: date, line: Line) -> int | None:
    """The home branch where the plan counts the member on a day; None: not counted.

    Who enters the audience only after the deadline is not asked.
    """
    home = _home_if_included(plan, member, day, line)
    if home is None or day <= plan.ends_on:
        return home
    earlier = [d for d in _people_days(plan, member) if d <= plan.ends_on]
    if any(_home_if_included(plan, member, d, line) is not None for d in earlier):
        return home
    return None


def _people_days(plan: PlanFacts, member: MemberFacts) -> set[date]:
    spans = [span for span, _ in member.homes] + [span for span, *_ in member.standings]
    spans += [span for span, _ in member.posts]
    days = {plan.starts_on, *member.tree_days, *(span.since for span in spans)}
    days |= {span.until for span in spans if span.until}
    return {max(day, plan.starts_on) for day in days}


def _home_if_included(plan: PlanFacts, member: MemberFacts, day: date, line: Line) -> int | None:
    home = next((branch for span, branch in member.homes if span.on(day)), None)
    standing = next(((kind, ok) for span, kind, ok in member.standings if span.on(day)), None)
    if home is None or standing is None or not standing[1]:
        return None
    if plan.rules is None:
        return home
    posts = {post for span, post in member.posts if span.on(day)}
    return home if included(plan.rules, line(home, day), posts, standing[0]) else None


def _study_state(plan: PlanFacts, member: MemberFacts, day: date) -> dict[int | None, Counts]:
    done_on = _done_days(plan, member, day)
    begun = {b.item_id for b in member.begun if b.day <= day}
    asked = [item for item in plan.items if item_asked(plan, item, done_on, day)]
    state: dict[int | None, Counts] = {}
    for item in asked:
        finished = done_on.get(item.item_id)
        state[item.id] = Counts(
            started=int(bool(finished) or item.item_id in begun),
            on_time=int(bool(finished) and finished <= plan.ends_on),
            late=int(bool(finished) and finished > plan.ends_on),
        )
    required = [item for item in asked if item.required]
    if not required and plan.hour_target is None:
        return state
    hours_due, hours_met = hours_state(plan, member, day)
    missing = [item for item in required if item.item_id not in done_on]
    # A plan of hours only is done when the hours are met.
    finished_all = not missing and (bool(required) or hours_met)
    last = max((done_on[i.item_id] for i in required if i.item_id in done_on), default=day)
    if finished_all and not required:
        last = _met_since(plan, member, day)
    waiting = bool(missing) and all(i.gone_on and i.gone_on <= day for i in missing)
    state[None] = Counts(
        due=1,
        started=int(finished_all or any(c.started for c in state.values())),
        on_time=int(finished_all and last <= plan.ends_on),
        late=int(finished_all and last > plan.ends_on),
        waiting=int(waiting),
        hours_due=int(hours_due),
        hours_met=int(hours_met),
    )
    return state


def _done_days(plan: PlanFacts, member: MemberFacts, day: date) -> dict[int, date]:
    """First day of the completion that holds on ``day``, by item."""
    days: dict[int, date] = {}
    for done in member.done:
        if done.span.on(day):
            known = days.get(done.item_id)
            days[done.item_id] = min(known, done.span.since) if known else done.span.since
    return days


def item_asked(plan: PlanFacts, item: PlanLine, done_on: Mapping[int, date], day: date) -> bool:
    """Whether an item belongs to a member's requirement on a day.

    A withdrawn item stays for those who finished it before; a replacement is asked only of those
    who had not finished what it replaces.
    """
    if item.added_on and day < item.added_on:
        return False
    if item.withdrawn_on and day >= item.withdrawn_on:
        finished = done_on.get(item.item_id)
        return finished is not None and finished < item.withdrawn_on
    for old in plan.items:
        if old.replaced_by == item.id and old.withdrawn_on and day >= old.withdrawn_on:
            finished = done_on.get(old.item_id)
            if finished is not None and finished < old.withdrawn_on:
                return False
    return True


def hours_state(plan: PlanFacts, member: MemberFacts, day: date) -> tuple[bool, bool]:
    """Whether hours are asked of the member on a day (by the plan, else by the year), and met."""
    if plan.hour_target is not None:
        got = sum(c.credit for c in member.credits if plan.starts_on <= c.day <= day)
        return True, got >= plan.hour_target
    targets = [
        t
        for t in member.targets
        if t.year == plan.year and not any(span.on(day) for span in t.exempt)
    ]
    return bool(targets), bool(targets) and all(
        credited(member.credits, year=plan.year, sources=t.sources, until=day) >= t.due
        for t in targets
    )


def credited(credits: Iterable[Credit], *, year: int, sources: frozenset[str], until: date) -> int:
    """Credit that counts for a year from the sources that count (empty: all), up to a day."""
    return sum(
        c.credit
        for c in credits
        if c.year == year and c.day <= until and (not sources or c.source in sources)
    )


def _met_since(plan: PlanFacts, member: MemberFacts, day: date) -> date:
    """First day since which the plan's hours have been met without a break up to ``day``."""
    since = day
    for at in sorted({c.day for c in member.credits if c.day <= day}, reverse=True):
        if not hours_state(plan, member, at)[1]:
            break
        since = at
    return since


def month_start(day: date) -> date:
    """First day of a day's month."""
    return day.replace(day=1)


def month_end(day: date) -> date:
    """Last day of a day's month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def month_before(day: date) -> date:
    """First day of the month before a day's month."""
    return (month_start(day) - timedelta(days=1)).replace(day=1)
