"""Brings yearly targets in step with the sets that ask for them; by rule, for everybody."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from school.core import audit, clock
from school.members.models import Member
from school.plans.models import AnnualTarget, TargetSet
from school.plans.rules.targets import Asked
from school.plans.selectors.plans import counting_plans
from school.plans.selectors.target_people import Due, concerned, dues_of
from school.plans.selectors.target_sets import counting_sources, differs
from school.plans.services.counting import hold_members, settle_many
from school.study.models import YearClose

WRITTEN = [
    *("credit", "sources", "basis", "post_snapshot", "set", "rung", "parts", "change"),
    *("conditions", "starts_on", "in_force", "settled_at"),
]

# Members held in one transaction: others who wait for one of them wait shortly.
CHUNK = 200


@dataclass
class Settled:
    """How many targets were made, changed or ended, and how many stayed."""

    made: int = 0
    changed: int = 0
    ended: int = 0
    same: int = 0

    def as_dict(self) -> dict[str, int]:
        """The numbers by name, for a job's result and the trail."""
        return {
            "made": self.made,
            "changed": self.changed,
            "ended": self.ended,
            "same": self.same,
        }


def settle_set(
    *,
    wanted: TargetSet,
    member_ids: Iterable[int] | None = None,
    named: bool = False,
    progress: Callable[[float], None] | None = None,
) -> Settled:
    """Write what a published set asks of everybody, or of some members. Doing it twice is once.

    Args:
        named: write one entry of the trail for each member whose target changed by rule.
        progress: told which share (0.0 to 1.0) is done.

    A set of a closed year, or one that is not published, changes nothing.
    """
    result, done = Settled(), 0
    if wanted.state != TargetSet.State.PUBLISHED or _closed(wanted.year):
        return result
    ids = concerned(wanted) if member_ids is None else sorted(set(member_ids))
    for window in dues_of(wanted, ids):
        moved = [due for due in window if differs(wanted, due.asked, due.held)]
        result.same += len(window) - len(moved)
        for start in range(0, len(moved), CHUNK):
            part = moved[start : start + CHUNK]
            _write(wanted, [due.member_id for due in part], result, named=named)
        done += len(window)
        if progress:
            progress(done / len(ids))
    return result


def _closed(year: int) -> bool:
    return YearClose.objects.filter(year=year).exists()


@transaction.atomic
def _write(wanted: TargetSet, member_ids: list[int], result: Settled, *, named: bool) -> None:
    """Read again under the members' rows, so that two causes at once write one after the other."""
    hold_members(member_ids)
    now = clock.now()
    changed: list[Due] = []
    for window in dues_of(wanted, member_ids):
        changed += [due for due in window if differs(wanted, due.asked, due.held)]
    rows = []
    for due in changed:
        if due.asked is None and due.held is not None:
            AnnualTarget.objects.filter(pk=due.held.pk).update(in_force=False, settled_at=now)
            result.ended += 1
        elif due.asked is not None:
            rows.append(_row(wanted, due.member_id, due.asked, now))
            fresh = due.held is None or not due.held.in_force
            result.made += fresh
            result.changed += not fresh
    AnnualTarget.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["member", "year", "name"],
        update_fields=WRITTEN,
        batch_size=200,
    )
    if named:
        _record(wanted, changed)
    plans = [plan for plan in counting_plans() if plan.ends_on.year == wanted.year]
    settle_many(member_ids=[due.member_id for due in changed], plans=plans)


def _row(wanted: TargetSet, member_id: int, asked: Asked, now) -> AnnualTarget:
    return AnnualTarget(
        member_id=member_id,
        year=wanted.year,
        name=wanted.name,
        credit=asked.due,
        sources=counting_sources(wanted),
        basis=wanted.basis,
        post_snapshot=asked.rung,
        set=wanted,
        rung=asked.rung,
        parts=[[part.label, part.months, part.due] for part in asked.parts],
        change=asked.change,
        conditions=conditions_as_rows(asked),
        starts_on=asked.starts_on,
        in_force=True,
        settled_at=now,
    )


def conditions_as_rows(asked: Asked) -> list[dict]:
    """Conditions as they are stored."""
    return [
        {
            "kind": each.kind,
            "since": each.since.isoformat(),
            "by": each.by.isoformat(),
            "label": each.label,
        }
        for each in asked.conditions
    ]


def _record(wanted: TargetSet, changed: list[Due]) -> None:
    people = Member.objects.in_bulk([due.member_id for due in changed])
    for due in changed:
        before = due.held if due.held is not None and due.held.in_force else None
        audit.record(
            "plans.target_changed",
            subject=people[due.member_id],
            label=str(wanted),
            fields={
                "target": str(wanted),
                "credit": [before.credit if before else 0, due.asked.due if due.asked else 0],
            },
        )


def running_sets() -> QuerySet[TargetSet]:
    """Published sets of years that are still open."""
    closed = YearClose.objects.values("year")
    return TargetSet.objects.filter(state=TargetSet.State.PUBLISHED).exclude(year__in=closed)


def follow_people(*, member_ids: Iterable[int]) -> Settled:
    """Something about some members changed (home, kind, post): their targets follow by rule."""
    total = Settled()
    ids = list(member_ids)
    for wanted in running_sets():
        one = settle_set(wanted=wanted, member_ids=ids, named=True)
        total.made += one.made
        total.changed += one.changed
        total.ended += one.ended
        total.same += one.same
    return total


def want_settling() -> None:
    """Something changed for an unknown number of people: the scheduler looks at everybody."""
    running_sets().update(settle_wanted=True)


def settle_wanted_sets(*, everything: bool = False) -> Settled:
    """Bring sets in step that are marked (or all of them); by the scheduler."""
    total = Settled()
    sets = running_sets() if everything else running_sets().filter(settle_wanted=True)
    for wanted in sets:
        TargetSet.objects.filter(pk=wanted.pk).update(settle_wanted=False)
        one = settle_set(wanted=wanted, named=True)
        TargetSet.objects.filter(pk=wanted.pk).update(settled_at=clock.now())
        total.changed += one.made + one.changed + one.ended
        total.same += one.same
    return total
