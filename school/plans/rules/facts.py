"""What is known about a plan and a member, by date: the values the counting rules work on."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date


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
class Condition:
    """Something to take part in between two days, both included."""

    kind: str
    since: date
    by: date
    label: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A requirement of hours: credit in hundredths of 学时; empty ``sources`` means all count."""

    due: int
    sources: frozenset[str] = frozenset()
    exempt: tuple[Span, ...] = ()
    year: int = 0
    conditions: tuple[Condition, ...] = ()


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
    trainings: list[date] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    tree_days: list[date] = field(default_factory=list)


Line = Callable[[int, date], Iterable[int]]
"""(branch, day) → the branch and its ancestors on that day."""
