"""Who gets which yearly target: the facts of people, held against a set's rungs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet, prefetch_related_objects

from school.members.models import AudienceRule, Membership, MemberStanding, PostHolding
from school.plans.models import AnnualTarget, TargetRung, TargetSet
from school.plans.rules import AudienceLine, Line, MemberFacts, Span
from school.plans.rules.targets import Asked, Requirement, Rung, asked_of
from school.plans.selectors.facts import COUNTED_STATES, TreeLine

WINDOW = 2000


@dataclass(frozen=True, slots=True)
class Due:
    """One member: what the set asks now (None: nothing), and what is written (None: nothing)."""

    member_id: int
    asked: Asked | None
    held: AnnualTarget | None


def rungs_of(wanted: TargetSet) -> list[TargetRung]:
    """Rungs in order with their audiences; two queries, or what ``read_rungs`` has read."""
    if "rungs" not in getattr(wanted, "_prefetched_objects_cache", {}):
        return list(_rungs().filter(set=wanted))
    return list(wanted.rungs.all())


def read_rungs(wanted: TargetSet) -> None:
    """Read a set's rungs once for all that asks for them while a page is made."""
    prefetch_related_objects([wanted], Prefetch("rungs", _rungs()))


def _rungs() -> QuerySet[TargetRung]:
    rules = AudienceRule.objects.select_related("branch", "post").order_by("pk")
    return (
        TargetRung.objects.order_by("order")
        .select_related("audience")
        .prefetch_related(Prefetch("audience__rules", rules))
    )


def requirement_of(wanted: TargetSet) -> Requirement:
    """A set as the rules read it. Two queries, none where its rungs have been read."""
    rows = rungs_of(wanted)
    lines = {
        row.audience_id: [
            AudienceLine(rule.branch_id, rule.post_id, rule.kind, rule.excludes)
            for rule in row.audience.rules.all()
        ]
        for row in rows
    }
    return Requirement(
        year=wanted.year,
        rungs=tuple(
            Rung(
                id=row.pk,
                label=row.label,
                due=row.credit,
                rules=tuple(lines[row.audience_id]),
                training=row.training,
                new_post_months=row.new_post_months,
            )
            for row in rows
        ),
        counted=frozenset(settings.SCHOOL_COUNTED_KINDS),
        change=wanted.change,
        joiners=wanted.joiners,
    )


def dues_of(wanted: TargetSet, member_ids: Iterable[int] | None = None) -> Iterator[list[Due]]:
    """What a set asks of everybody it could concern, in windows of at most ``WINDOW`` members.

    Args:
        member_ids: only these; None: all with a home in the year, and all with a target of it.

    Five queries a window at most, so a school of 100,000 is read in a few seconds.
    """
    requirement = requirement_of(wanted)
    ids = sorted(set(member_ids)) if member_ids is not None else concerned(wanted)
    tree = TreeLine()
    named = any(rule.branch_id for rung in requirement.rungs for rule in rung.rules)
    line: Line = tree if named else _nowhere
    for start in range(0, len(ids), WINDOW):
        window = ids[start : start + WINDOW]
        facts = _people(window, requirement, tree)
        held = {
            row.member_id: row
            for row in _between(AnnualTarget.objects.all(), window).filter(
                year=wanted.year, name=wanted.name
            )
        }
        yield [Due(pk, asked_of(requirement, facts[pk], line), held.get(pk)) for pk in window]


def _nowhere(_branch: int, _day: date) -> tuple[int, ...]:
    """The line above a branch where no rung names one: nobody asks."""
    return ()


def concerned(wanted: TargetSet) -> list[int]:
    """Members with a home in a set's year, and those with a target of it, sorted. One query."""
    homes = Membership.objects.filter(kind=Membership.Kind.HOME).filter(
        Q(until=None) | Q(until__gt=date(wanted.year, 1, 1)), since__lte=date(wanted.year, 12, 31)
    )
    written = AnnualTarget.objects.in_force().filter(year=wanted.year, name=wanted.name)
    both = homes.order_by().values_list("member_id", flat=True)
    return sorted(both.union(written.order_by().values_list("member_id", flat=True)))


def _between(rows: QuerySet, window: list[int]) -> QuerySet:
    """Rows of a sorted window: by its list while it is short, else by its two ends."""
    if len(window) <= 500:
        return rows.filter(member_id__in=window)
    return rows.filter(member_id__gte=window[0], member_id__lte=window[-1])


def _people(window: list[int], requirement: Requirement, tree: TreeLine) -> dict[int, MemberFacts]:
    facts = {pk: MemberFacts() for pk in window}
    homes = Membership.objects.filter(kind=Membership.Kind.HOME).order_by()
    for member, branch, since, until in _between(homes, window).values_list(
        "member_id", "branch_id", "since", "until"
    ):
        if member in facts:
            facts[member].homes.append((Span(since, until), branch))
    for member, kind, state, since, until in _between(
        MemberStanding.objects.order_by(), window
    ).values_list("member_id", "kind", "state", "since", "until"):
        if member in facts:
            counted = state in COUNTED_STATES
            facts[member].standings.append((Span(since, until), kind, counted))
    rules = [rule for rung in requirement.rungs for rule in rung.rules]
    if any(rule.post_id for rule in rules):
        for member, post, since, until in _between(
            PostHolding.objects.order_by(), window
        ).values_list("member_id", "post_id", "since", "until"):
            if member in facts:
                facts[member].posts.append((Span(since, until), post))
    if any(rule.branch_id for rule in rules):
        _load_tree(facts, requirement.year, tree)
    return facts


def _load_tree(facts: dict[int, MemberFacts], year: int, tree: TreeLine) -> None:
    """The days of the year on which the branches above a home changed; few branches, asked once."""
    tree.load({branch for each in facts.values() for _, branch in each.homes})
    known: dict[int, list[date]] = {}
    for each in facts.values():
        for _span, branch in each.homes:
            if branch not in known:
                days = tree.change_days([branch])
                known[branch] = [day for day in days if day.year == year]
            each.tree_days.extend(known[branch])
