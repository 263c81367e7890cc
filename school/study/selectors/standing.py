"""Where a member stands with one revision: what the line under the player says."""

from dataclasses import dataclass, field

from django.db.models import OuterRef, Subquery, Sum

from school.study import presets, registry
from school.study.models import Completion, Coverage, HourEntry, ItemRevision

STUDYING, WAITING, DONE = "studying", "waiting", "done"


@dataclass(frozen=True)
class Standing:
    """``state``: ``studying``, ``waiting`` (seen, something else is asked) or ``done``.

    ``credit``: hundredths of 学时 paid for the completion; None before it. ``again``: it was
    completed before, and not only by a gathering, so it is no first view any more.
    """

    completed: bool = False
    again: bool = False
    credit: int | None = None
    state: str = STUDYING
    outstanding: list[dict] = field(default_factory=list)


def _completion(member_id: int, revision_id: int, cycle: int) -> tuple[int, str] | None:
    """What the completion in force paid (0 when it paid nothing), and by what evidence.

    None without one. One query.
    """
    paid = (
        HourEntry.objects.filter(member_id=OuterRef("member_id"), item_id=OuterRef("item_id"))
        .filter(counts_for_year=OuterRef("effective_on__year"), source__in=("online", "quiz"))
        .order_by()
        .values("item_id")
        .annotate(total=Sum("credit"))
        .values("total")
    )
    row = (
        Completion.objects.in_force()
        .filter(member_id=member_id, revision_id=revision_id, cycle=cycle)
        .annotate(paid=Subquery(paid))
        .values_list("paid", "evidence")
        .first()
    )
    return (row[0] or 0, row[1]) if row else None


def standing(member_id: int, revision: ItemRevision, cycle: int, *, enough: bool) -> Standing:
    """Where the member stands; ``enough``: seen, or met by a group (see ``is_enough``)."""
    if done := _completion(member_id, revision.pk, cycle):
        credit, evidence = done
        again = evidence != Completion.Evidence.GROUP
        return Standing(completed=True, again=again, credit=credit, state=DONE)
    if not enough:
        return Standing()
    missing = registry.outstanding(revision, member_id, cycle)
    return Standing(
        state=WAITING if missing else STUDYING,
        outstanding=[{"text": str(each.text), "path": each.path} for each in missing],
    )


def is_enough(revision: ItemRevision, seen: Coverage | None) -> bool:
    """Whether what was seen alone is the whole, or a group has met it."""
    if seen is None:
        return False
    return seen.met_on is not None or presets.covered_enough(
        seen.covered, revision.axis, revision.axis_length
    )
