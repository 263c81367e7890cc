"""Counts of nodes on a day: checkpoint + deltas since, in one statement (decision 9)."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import DateField, F, Q, Sum, Value
from django.db.models.functions import Cast, Substr

from school.core import clock
from school.members.models import Branch, BranchPlacement
from school.members.selectors.tree import last_parents_on
from school.plans.models import CountCheckpoint, CountDelta, StudyPlan
from school.plans.rules import MEASURES, Counts, month_before, month_end, month_start

SUMS = {f"sum_{name}": Sum(name) for name in MEASURES}


@dataclass
class NodeCounts:
    """Counts of a node, of each child, and of the members who belong to the node itself."""

    total: Counts
    own: Counts
    children: dict[int, Counts] = field(default_factory=dict)


def node_counts(
    node: Branch,
    plan: StudyPlan,
    day: date,
    *,
    plan_item_id: int | None = None,
    known_at: datetime | None = None,
) -> NodeCounts:
    """What the board of a node shows for a plan (or one of its items) as of a day.

    Args:
        known_at: only what had been recorded by then, to reproduce a board as it was filed.

    One statement on the way that everybody takes. A past day before a move in the tree, or
    ``known_at``, adds all deltas up instead.
    """
    today = clock.today()
    base = month_start(day) if day >= today else month_before(day)
    if known_at is None and (day >= today or not _moved_after(month_end(base))):
        return _from_checkpoints(node, plan, min(day, today), base, plan_item_id)
    return _from_deltas(node, plan, min(day, today), plan_item_id, known_at)


def _moved_after(day: date) -> bool:
    return BranchPlacement.objects.filter(until__gt=day).exists()


def _since(day: date, base: date) -> Q:
    """Deltas that the checkpoint of ``base`` does not hold."""
    return Q(day__lte=day) & (Q(folded=False) | Q(day__gt=month_end(base)))


def _from_checkpoints(
    node: Branch, plan: StudyPlan, day: date, base: date, item: int | None
) -> NodeCounts:
    width = len(node.path) + Branch.steplen
    checkpoints = (
        CountCheckpoint.objects.filter(
            plan=plan,
            plan_item_id=item,
            month__lte=base,
            branch__path__startswith=node.path,
            branch__depth__lte=node.depth + 1,
        )
        .annotate(place=F("branch__path"))
        .order_by()
        .values_list("place", "month", *MEASURES)
    )
    deltas = (
        CountDelta.objects.filter(
            _since(day, base), plan=plan, plan_item_id=item, branch__path__startswith=node.path
        )
        .annotate(
            place=Substr("branch__path", 1, width),
            month=Cast(Value(None), DateField()),
        )
        .order_by()
        .values_list("place", "month")
        .annotate(**SUMS)
    )
    # One statement: the roller cannot slip in between the two halves.
    latest: dict[str, tuple[date, Counts]] = {}
    since: dict[str, Counts] = defaultdict(Counts)
    for place, month, *sums in checkpoints.union(deltas, all=True):
        if month is None:
            since[place] += Counts(*sums)
        elif place not in latest or latest[place][0] < month:
            latest[place] = (month, Counts(*sums))
    below = {place for place in latest.keys() | since.keys() if place != node.path}
    ids = dict(Branch.objects.filter(path__in=below).values_list("path", "pk")) if below else {}
    children = {
        ids[place]: latest[place][1] + since[place] if place in latest else since[place]
        for place in below
        if place in ids
    }
    summed = latest[node.path][1] if node.path in latest else Counts()
    total = sum(since.values(), summed)
    return NodeCounts(total, total - sum(children.values(), Counts()), children)


def _from_deltas(
    node: Branch, plan: StudyPlan, day: date, item: int | None, known_at: datetime | None
) -> NodeCounts:
    deltas = CountDelta.objects.filter(plan=plan, plan_item_id=item, day__lte=day)
    if known_at:
        deltas = deltas.filter(recorded_at__lte=known_at)
    rows = deltas.order_by().values_list("branch_id").annotate(**SUMS)
    parents = last_parents_on(day)
    own, children = Counts(), defaultdict(Counts)
    for branch, *sums in rows:
        place = branch
        below: int | None = None
        while place is not None and place != node.pk:
            below, place = place, parents.get(place)
        if place is None:
            continue
        if below is None:
            own += Counts(*sums)
        else:
            children[below] += Counts(*sums)
    return NodeCounts(sum(children.values(), own), own, dict(children))


def trend(node_ids: list[int], plan: StudyPlan, day: date) -> dict[int, list[Counts]]:
    """Counts of nodes at the end of each month of a plan up to a day, oldest first. One query."""
    rows = CountCheckpoint.objects.filter(
        plan=plan, plan_item=None, branch_id__in=node_ids, month__lte=day
    ).order_by("month")
    points: dict[int, list[Counts]] = defaultdict(list)
    for branch, *sums in rows.values_list("branch_id", *MEASURES):
        points[branch].append(Counts(*sums))
    return points


def member_states(
    branch: Branch, plan: StudyPlan, day: date
) -> dict[int, dict[int | None, Counts]]:
    """State of each member counted at a branch itself on a day, by plan item. One query.

    None stands for the plan as a whole.
    """
    rows = CountDelta.objects.filter(branch=branch, plan=plan, day__lte=day)
    states: dict[int, dict[int | None, Counts]] = defaultdict(dict)
    for member, item, *sums in (
        rows.order_by().values_list("member_id", "plan_item_id").annotate(**SUMS)
    ):
        states[member][item] = Counts(*sums)
    return {
        member: held
        for member, held in states.items()
        if held.get(None, Counts()).due or held.get(None, Counts()).exempt
    }


def states_of_member(member_id: int, day: date) -> dict[int, dict[int | None, Counts]]:
    """A member's state by plan id and plan item id (None: the whole plan). One query."""
    rows = (
        CountDelta.objects.filter(member_id=member_id, day__lte=day)
        .order_by()
        .values_list("plan_id", "plan_item_id")
        .annotate(**SUMS)
    )
    states: dict[int, dict[int | None, Counts]] = defaultdict(dict)
    for plan, item, *sums in rows:
        states[plan][item] = Counts(*sums)
    return states


__all__ = [
    "NodeCounts",
    "member_states",
    "node_counts",
    "states_of_member",
    "trend",
]
