"""Loads what decides how members are counted, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from django.conf import settings
from django.db.models import Min, Q

from school.core import clock
from school.members.models import (
    Audience,
    AudienceRule,
    BranchPlacement,
    Membership,
    MemberStanding,
    PostHolding,
)
from school.plans.models import AnnualTarget, Exemption, PlanItem, StudyPlan
from school.plans.rules import (
    AudienceLine,
    Begun,
    Condition,
    Credit,
    Done,
    MemberFacts,
    PlanFacts,
    PlanLine,
    Span,
    Target,
)
from school.study.models import Completion, Coverage, HourEntry, StudyDay

COUNTED_STATES = frozenset(
    {
        MemberStanding.State.NORMAL,
        MemberStanding.State.FLOATING,
        MemberStanding.State.RETIRED,
    }
)


def is_counted(kind: str, state: str) -> bool:
    """Whether a standing stands in 应学 (settings)."""
    return kind in settings.SCHOOL_COUNTED_KINDS and state in COUNTED_STATES


def plan_facts(
    plans: Iterable[StudyPlan], rows: Iterable[PlanItem] | None = None
) -> list[PlanFacts]:
    """What the plans ask. Two queries (items; rules of their audiences).

    Args:
        rows: the plans' entries with ``item`` joined, when the caller has them: one query.
    """
    plans = list(plans)
    if rows is None:
        rows = PlanItem.objects.filter(plan__in=plans).select_related("item")
    items: dict[int, list[PlanLine]] = defaultdict(list)
    for row in rows:
        gone = row.item.withdrawn_at
        items[row.plan_id].append(
            PlanLine(
                id=row.pk,
                item_id=row.item_id,
                required=row.required,
                added_on=row.added_on,
                withdrawn_on=row.withdrawn_on,
                replaced_by=row.replaced_by_id,
                gone_on=clock.local_day(gone) if gone else None,
            )
        )
    rules: dict[int, list[AudienceLine]] = defaultdict(list)
    ruled = AudienceRule.objects.filter(
        audience__in={plan.audience_id for plan in plans if plan.audience_id},
        audience__scope=Audience.Scope.RULES,
    )
    for rule in ruled:
        rules[rule.audience_id].append(
            AudienceLine(rule.branch_id, rule.post_id, rule.kind, rule.excludes)
        )
    return [
        PlanFacts(
            id=plan.pk,
            starts_on=plan.starts_on,
            ends_on=plan.ends_on,
            closes_on=plan.closes_on,
            items=tuple(items[plan.pk]),
            rules=_rules_of(plan, rules),
            hour_target=plan.hour_target,
            year=plan.ends_on.year,
        )
        for plan in plans
    ]


def _rules_of(plan: StudyPlan, rules: dict[int, list[AudienceLine]]):
    if plan.audience is None or plan.audience.scope != Audience.Scope.RULES:
        return None
    return tuple(rules[plan.audience_id])


class TreeLine:
    """``(branch, day)`` → the branch and its ancestors that day. Loads placements on first use.

    A dissolved branch is counted where it stood last: a plan that ended before keeps its people.
    """

    def __init__(self) -> None:
        self._parents: dict[int, list[tuple[Span, int | None]]] = {}
        self._lines: dict[tuple[int, date], tuple[int, ...]] = {}

    def load(self, branch_ids: Iterable[int]) -> None:
        """Read the placements of branches and of all ever above them; one query a level."""
        wanted = {pk for pk in branch_ids if pk not in self._parents}
        while wanted:
            self._parents |= {pk: [] for pk in wanted}
            rows = BranchPlacement.objects.filter(branch_id__in=wanted)
            above: set[int] = set()
            for branch, parent, since, until in rows.values_list(
                "branch_id", "parent_id", "since", "until"
            ):
                self._parents[branch].append((Span(since, until), parent))
                if parent is not None:
                    above.add(parent)
            wanted = above - self._parents.keys()

    def __call__(self, branch_id: int, day: date) -> tuple[int, ...]:
        key = (branch_id, day)
        if key not in self._lines:
            self._lines[key] = self._climb(branch_id, day)
        return self._lines[key]

    def _climb(self, branch_id: int, day: date) -> tuple[int, ...]:
        self.load([branch_id])
        line: list[int] = []
        node: int | None = branch_id
        while node is not None and node not in line:
            line.append(node)
            begun = [
                (span.since, parent)
                for span, parent in self._parents.get(node, ())
                if span.since <= day and span.since != span.until
            ]
            node = max(begun, key=lambda each: each[0])[1] if begun else None
        return tuple(line)

    def change_days(self, branch_ids: Iterable[int]) -> list[date]:
        """Days on which the line above some branches changed."""
        days: set[date] = set()
        wanted, seen = set(branch_ids), set()
        while wanted:
            seen |= wanted
            above = set()
            for branch in wanted:
                for span, parent in self._parents.get(branch, ()):
                    days |= {span.since, *([span.until] if span.until else [])}
                    above |= {parent} if parent is not None else set()
            wanted = above - seen
        return sorted(days)


def member_facts(
    member_ids: Iterable[int], plans: list[PlanFacts], tree: TreeLine
) -> dict[int, MemberFacts]:
    """Everything dated about some members that matters to some plans."""
    ids = sorted(set(member_ids))
    facts = {pk: MemberFacts() for pk in ids}
    _load_people(facts, ids, plans, tree)
    _load_exemptions(facts, ids, plans)
    _load_study(facts, ids, plans)
    _load_hours(facts, ids, plans)
    return facts


def _load_people(facts, ids, plans, tree) -> None:
    homes = Membership.objects.filter(member_id__in=ids, kind=Membership.Kind.HOME)
    for member, branch, since, until in homes.values_list(
        "member_id", "branch_id", "since", "until"
    ):
        facts[member].homes.append((Span(since, until), branch))
    standings = MemberStanding.objects.filter(member_id__in=ids)
    for member, kind, state, since, until in standings.values_list(
        "member_id", "kind", "state", "since", "until"
    ):
        facts[member].standings.append((Span(since, until), kind, is_counted(kind, state)))
    rules = [rule for plan in plans for rule in plan.rules or ()]
    if any(rule.post_id for rule in rules):
        for member, post, since, until in PostHolding.objects.filter(member_id__in=ids).values_list(
            "member_id", "post_id", "since", "until"
        ):
            facts[member].posts.append((Span(since, until), post))
    if any(rule.branch_id for rule in rules):
        tree.load({branch for each in facts.values() for _, branch in each.homes})
        for each in facts.values():
            each.tree_days = tree.change_days(branch for _, branch in each.homes)


def _load_exemptions(facts, ids, plans) -> None:
    rows = Exemption.objects.filter(member_id__in=ids, plan_id__in=[plan.id for plan in plans])
    for member, plan, since, until in rows.values_list("member_id", "plan_id", "since", "until"):
        facts[member].exempt.setdefault(plan, []).append(Span(since, until))


def _load_study(facts, ids, plans) -> None:
    items = {item.item_id for plan in plans for item in plan.items}
    rows = Completion.objects.filter(member_id__in=ids, item_id__in=items, reverses=None)
    for member, item, day, taken_back in rows.values_list(
        "member_id", "item_id", "effective_on", "reversed_by__effective_on"
    ):
        if taken_back is None or taken_back > day:
            facts[member].done.append(Done(item, Span(day, taken_back)))
    seen = set()
    days = StudyDay.objects.filter(member_id__in=ids, revision__item_id__in=items)
    for member, revision, item, cycle, day in days.values_list(
        "member_id", "revision_id", "revision__item_id", "cycle"
    ).annotate(first=Min("day")):
        seen.add((member, revision, cycle))
        facts[member].begun.append(Begun(item, day))
    covered = Coverage.objects.filter(member_id__in=ids, revision__item_id__in=items)
    for member, revision, item, cycle, met_on, at in covered.values_list(
        "member_id", "revision_id", "revision__item_id", "cycle", "met_on", "updated_at"
    ):
        if (member, revision, cycle) not in seen:
            facts[member].begun.append(Begun(item, met_on or clock.local_day(at)))


def _load_hours(facts, ids, plans) -> None:
    years = {plan.year for plan in plans}
    asked = any(plan.hour_target is not None for plan in plans)
    _load_targets(facts, ids, years)
    if not asked and not any(each.targets for each in facts.values()):
        return
    # The year an entry counts for may differ from the day's only around New Year.
    rows = HourEntry.objects.filter(
        member_id__in=ids, counts_for_year__gte=min(years) - 1, counts_for_year__lte=max(years)
    ).exclude(credit=0)
    for member, day, year, source, credit in rows.values_list(
        "member_id", "studied_on", "counts_for_year", "source", "credit"
    ):
        facts[member].credits.append(Credit(day, year, source, credit))
    asked_to_train = [pk for pk, each in facts.items() if any(t.conditions for t in each.targets)]
    for member, days in trainings_of(asked_to_train, years).items():
        facts[member].trainings = days


def _load_targets(facts, ids, years) -> None:
    exempt: dict[int, list[Span]] = defaultdict(list)
    let_off = Exemption.objects.filter(member_id__in=ids, target__year__in=years)
    for target, since, until in let_off.values_list("target_id", "since", "until"):
        exempt[target].append(Span(since, until))
    targets = AnnualTarget.objects.in_force().filter(member_id__in=ids, year__in=years)
    for target in targets:
        facts[target.member_id].targets.append(
            Target(
                due=target.credit,
                sources=frozenset(target.sources),
                exempt=tuple(exempt[target.pk]),
                year=target.year,
                conditions=conditions_of(target),
            )
        )


def conditions_of(target: AnnualTarget) -> tuple[Condition, ...]:
    """What a stored target asks besides hours, as the rules read it."""
    return tuple(
        Condition(
            kind=row["kind"],
            since=date.fromisoformat(row["since"]),
            by=date.fromisoformat(row["by"]),
            label=row["label"],
        )
        for row in target.conditions
    )


def training_q(years: Iterable[int]) -> Q:
    """Condition on ledger rows: a 集中培训 for targets of some years, not taken back."""
    asked = list(years)
    return Q(
        Q(seconds__gt=0) | Q(credit__gt=0),
        source=HourEntry.Source.TRAINING,
        studied_on__gte=date(min(asked) - 1, 1, 1),
        studied_on__lte=date(max(asked), 12, 31),
        reverses=None,
        reversed_by=None,
    )


def trainings_of(member_ids: Iterable[int], years: Iterable[int]) -> dict[int, list[date]]:
    """Days of 集中培训 in the ledger, those taken back left out, by member. At most one query.

    Args:
        years: of the targets; the half-year of a new post may have begun in the year before.
    """
    ids, asked = list(member_ids), list(years)
    if not ids or not asked:
        return {}
    rows = HourEntry.objects.filter(training_q(asked), member_id__in=ids)
    days: dict[int, list[date]] = defaultdict(list)
    for member, day in rows.order_by("studied_on").values_list("member_id", "studied_on"):
        days[member].append(day)
    return dict(days)
