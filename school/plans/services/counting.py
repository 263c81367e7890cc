"""The only writer of counters.

``settle`` works out from the facts all changes a member makes to a plan's figures through time,
compares them with what has been written and appends the difference. So a late record, a transfer
dated back or a correction each append dated pluses and minuses, doing it twice changes nothing,
and a rebuild is the same function over everybody.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import islice

from django.db import connection, transaction
from django.db.models import Q, Sum

from school.core import clock
from school.members.models import Branch, Member, Membership
from school.plans.models import CountCheckpoint, CountDelta, StudyPlan
from school.plans.rules import MEASURES, NOBODY, Counts, Key, month_end, month_start, timeline
from school.plans.selectors.facts import TreeLine, member_facts, plan_facts

CHUNK = 500
FOLD_CHUNK = 5000


@transaction.atomic
def settle(
    *, member_ids: Iterable[int], plans: Iterable[StudyPlan], tree: TreeLine | None = None
) -> int:
    """Bring the counters of some members and plans in step with the facts.

    Holds each member's row, so two causes at once are counted one after the other.
    Returns the number of rows appended; 0 when everything was in step.
    """
    asked = plan_facts(plans)
    ids = sorted(set(member_ids))
    if not asked or not ids:
        return 0
    hold_members(ids)
    tree = tree or TreeLine()
    facts = member_facts(ids, asked, tree)
    written = _written(ids, [plan.id for plan in asked])
    now = clock.now()
    rows = []
    for plan in asked:
        for member in ids:
            wanted = timeline(plan, facts[member], tree)
            held = written.get((plan.id, member), {})
            for key in sorted(wanted.keys() | held.keys(), key=_order):
                change = wanted.get(key, NOBODY) - held.get(key, NOBODY)
                if change:
                    day, branch, item = key
                    rows.append(
                        CountDelta(
                            plan_id=plan.id,
                            member_id=member,
                            branch_id=branch,
                            plan_item_id=item,
                            day=day,
                            recorded_at=now,
                            **change.as_dict(),
                        )
                    )
    CountDelta.objects.bulk_create(rows, batch_size=200)
    return len(rows)


def settle_many(*, member_ids: Iterable[int], plans: Iterable[StudyPlan]) -> int:
    """``settle`` for any number of members, in portions; returns the rows appended."""
    tree, plans = TreeLine(), list(plans)
    return sum(
        settle(member_ids=chunk, plans=plans, tree=tree)
        for chunk in _chunks(sorted(set(member_ids)), CHUNK)
    )


def _order(key: Key) -> tuple:
    day, branch, item = key
    return day, branch, item or 0


def hold_members(member_ids: list[int]) -> None:
    """Hold the rows of some members until the transaction ends, in the order of their keys."""
    if connection.features.has_select_for_update:
        rows = Member.objects.select_for_update(no_key=True).filter(pk__in=member_ids)
        list(rows.order_by("pk").values_list("pk"))


def _written(member_ids: list[int], plan_ids: list[int]) -> dict[tuple[int, int], dict]:
    rows = (
        CountDelta.objects.filter(member_id__in=member_ids, plan_id__in=plan_ids)
        .order_by()
        .values_list("plan_id", "member_id", "day", "branch_id", "plan_item_id")
        .annotate(*(Sum(name) for name in MEASURES))
    )
    written: dict[tuple[int, int], dict] = defaultdict(dict)
    for plan, member, day, branch, item, *sums in rows:
        written[(plan, member)][(day, branch, item)] = Counts(*sums)
    return written


def settle_plan(*, plan: StudyPlan, progress: Callable[[float], None] | None = None) -> int:
    """Bring a plan in step for everybody it could concern; returns the rows appended.

    Args:
        progress: told which share (0.0 to 1.0) is done.
    """
    tree, wanted = TreeLine(), _candidates(plan)
    appended = done = 0
    for chunk in _chunks(wanted, CHUNK):
        appended += settle(member_ids=chunk, plans=[plan], tree=tree)
        done += len(chunk)
        if progress:
            progress(done / len(wanted))
    return appended


def _candidates(plan: StudyPlan) -> list[int]:
    """Members with a home during the plan, and those already counted."""
    homes = Membership.objects.filter(Q(until=None) | Q(until__gt=plan.starts_on)).filter(
        kind=Membership.Kind.HOME
    )
    counted = CountDelta.objects.filter(plan=plan).values_list("member_id", flat=True)
    return sorted(set(homes.values_list("member_id", flat=True)) | set(counted.distinct()))


def _chunks(values: Iterable, size: int) -> Iterator[list]:
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk


@transaction.atomic
def settle_wanted() -> int:
    """Recount plans whose audience or items changed beneath them; returns how many plans."""
    gone = StudyPlan.objects.filter(
        state=StudyPlan.State.PUBLISHED,
        items__gone_counted=False,
        items__item__withdrawn_at__isnull=False,
    )
    wanted = StudyPlan.objects.filter(Q(recount_wanted=True) | Q(pk__in=gone.values("pk"))).exclude(
        state=StudyPlan.State.DRAFT
    )
    plans = list(wanted.select_related("audience"))
    for plan in plans:
        StudyPlan.objects.filter(pk=plan.pk).update(recount_wanted=False)
        plan.items.filter(item__withdrawn_at__isnull=False).update(gone_counted=True)
        settle_plan(plan=plan)
    return len(plans)


# -- checkpoints --------------------------------------------------------------------------------

Place = tuple[int, int, int | None]
"""(plan, branch, plan item)"""


def fold() -> int:
    """Fold written deltas into the checkpoints of their branch and each ancestor; returns how many.

    Each chunk is one transaction: a reader sees a delta either as such or inside the checkpoint.
    """
    folded = 0
    while count := _fold_chunk():
        folded += count
        if count < FOLD_CHUNK:
            break
    return folded


@transaction.atomic
def _fold_chunk() -> int:
    waiting = CountDelta.objects.filter(folded=False, day__lte=clock.today()).order_by("pk")
    if connection.features.has_select_for_update:
        # One roller at a time; a second one finds nothing and leaves.
        waiting = waiting.select_for_update(skip_locked=True)
        _lock_roller()
    rows = list(waiting[:FOLD_CHUNK])
    if not rows:
        return 0
    sums: dict[tuple[int, int, int | None, date], Counts] = defaultdict(Counts)
    for row in rows:
        key = (row.plan_id, row.branch_id, row.plan_item_id, month_start(row.day))
        sums[key] += counts_of(row)
    tree = TreeLine()
    tree.load({branch for _, branch, _, _ in sums})
    bumps: dict[tuple[Place, date], Counts] = defaultdict(Counts)
    for (plan, branch, item, month), counts in sums.items():
        for node, since, sign in _bearers(tree, branch, month):
            bumps[((plan, node, item), since)] += counts if sign > 0 else NOBODY - counts
    _bump(bumps)
    for chunk in _chunks([row.pk for row in rows], CHUNK):
        CountDelta.objects.filter(pk__in=chunk).update(folded=True)
    return len(rows)


def _lock_roller() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [7_310_001])


def counts_of(row: CountDelta | CountCheckpoint) -> Counts:
    """The measures of a row."""
    return Counts(*(getattr(row, name) for name in MEASURES))


def _bearers(tree: TreeLine, branch: int, month: date) -> Iterator[tuple[int, date, int]]:
    """Nodes that carry what happened at a branch in a month: (node, from which month, ±1).

    If the tree changed in a later month, the old ancestors hand the sum over to the new ones.
    """
    today = clock.today()
    line = set(tree(branch, min(month_end(month), today)))
    yield from ((node, month, 1) for node in line)
    months = {month_start(day) for day in tree.change_days([branch])}
    for later in sorted(m for m in months if m > month and m <= today):
        now = set(tree(branch, min(month_end(later), today)))
        yield from ((node, later, -1) for node in line - now)
        yield from ((node, later, 1) for node in now - line)
        line = now


def _bump(bumps: dict[tuple[Place, date], Counts]) -> None:
    """Add sums to checkpoints from a month on; a month that has no row yet starts from the last."""
    plans = {plan for (plan, _, _), _ in bumps}
    nodes = {node for (_, node, _), _ in bumps}
    held: dict[Place, dict[date, CountCheckpoint]] = defaultdict(dict)
    for chunk in _chunks(sorted(nodes), CHUNK):
        for row in CountCheckpoint.objects.filter(plan_id__in=plans, branch_id__in=chunk):
            held[(row.plan_id, row.branch_id, row.plan_item_id)][row.month] = row
    new, changed = [], {}
    for (place, month), counts in sorted(bumps.items(), key=lambda b: b[0][1]):
        months = held[place]
        if month not in months:
            before = max((m for m in months if m < month), default=None)
            start = counts_of(months[before]) if before else NOBODY
            plan, node, item = place
            months[month] = CountCheckpoint(
                plan_id=plan, branch_id=node, plan_item_id=item, month=month, **start.as_dict()
            )
            new.append(months[month])
        for later, row in months.items():
            if later >= month:
                for name, value in (counts_of(row) + counts).as_dict().items():
                    setattr(row, name, value)
                if row.pk:
                    changed[row.pk] = row
    CountCheckpoint.objects.bulk_create(new, batch_size=200)
    CountCheckpoint.objects.bulk_update(changed.values(), MEASURES, batch_size=50)


@transaction.atomic
def move_counts(*, branch: Branch, old_parent: Branch | None, new_parent: Branch, on: date) -> None:
    """A branch has been placed elsewhere from a day on: hand its sums to the new ancestors.

    Its own checkpoints hold what it carries month by month, so a handful of rows of the ancestors
    change, however large the subtree is. Plans whose audience names branches are recounted by the
    roller.
    """
    plans = StudyPlan.objects.exclude(state=StudyPlan.State.DRAFT).filter(
        audience__rules__branch__isnull=False
    )
    StudyPlan.objects.filter(pk__in=plans.values("pk")).update(recount_wanted=True)
    if connection.features.has_select_for_update:
        _lock_roller()
    carried: dict[tuple[int, int | None], dict[date, Counts]] = defaultdict(dict)
    for row in CountCheckpoint.objects.filter(branch=branch).order_by("month"):
        carried[(row.plan_id, row.plan_item_id)][row.month] = counts_of(row)
    if carried:
        _bump(_handed_over(carried, old_parent, new_parent, month_start(on)))


def _handed_over(
    carried: dict[tuple[int, int | None], dict[date, Counts]],
    old_parent: Branch | None,
    new_parent: Branch,
    first: date,
) -> dict[tuple[Place, date], Counts]:
    """What each old and new ancestor loses or gains, as changes from a month on."""
    tree = TreeLine()
    above = [parent.pk for parent in (old_parent, new_parent) if parent]
    tree.load(above)
    turns = {month_start(day) for day in tree.change_days(above)}
    bumps: dict[tuple[Place, date], Counts] = defaultdict(Counts)
    for (plan, item), months in carried.items():
        given: dict[int, Counts] = defaultdict(Counts)
        for month in sorted({first} | {m for m in turns | set(months) if m > first}):
            held = max((m for m in months if m <= month), default=None)
            sums = months[held] if held else NOBODY
            due = _shares(tree, old_parent, new_parent, month, sums)
            for node in sorted(given.keys() | due.keys()):
                if change := due.get(node, NOBODY) - given[node]:
                    bumps[((plan, node, item), month)] += change
                    given[node] = due.get(node, NOBODY)
    return bumps


def _shares(
    tree: TreeLine, old_parent: Branch | None, new_parent: Branch, month: date, sums: Counts
) -> dict[int, Counts]:
    """By how much the move changes the sums of each ancestor at the end of a month."""
    day = min(month_end(month), clock.today())
    before = set(tree(old_parent.pk, day)) if old_parent else set()
    after = set(tree(new_parent.pk, day))
    return dict.fromkeys(before - after, NOBODY - sums) | dict.fromkeys(after - before, sums)


@transaction.atomic
def rebuild_checkpoints(*, plan_ids: Iterable[int] | None = None) -> int:
    """Throw checkpoints away and fold all deltas again; returns how many were folded."""
    checkpoints, deltas = CountCheckpoint.objects.all(), CountDelta.objects.filter(folded=True)
    if plan_ids is not None:
        ids = list(plan_ids)
        checkpoints, deltas = checkpoints.filter(plan_id__in=ids), deltas.filter(plan_id__in=ids)
    if connection.features.has_select_for_update:
        _lock_roller()
    checkpoints.delete()
    deltas.update(folded=False)
    return fold()
