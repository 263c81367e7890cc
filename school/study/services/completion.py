"""Completions: posted once when all requirements are met, corrected only by a further row."""

from collections.abc import Callable
from datetime import date

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Value
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import Conflict
from school.core.jobs import enqueue
from school.members.models import Member
from school.study import presets, registry, signals
from school.study.models import Completion, Coverage, ItemPart, ItemRevision, StudyItem
from school.study.rules import origins
from school.study.selectors.cycles import cycle_for, latest_cycle
from school.study.services.ledger import lines_in_force, post_completion, reverse_entry
from school.study.services.locks import lock_member

Evidence = Completion.Evidence
RECONSIDER = "study.reconsider"


@transaction.atomic
def consider(
    *,
    member_id: int,
    revision: ItemRevision,
    cycle: int | None = None,
    evidence: str = Evidence.STUDY,
    on: date | None = None,
    origin: str = "",
) -> Completion | None:
    """Post the completion of a revision if everything it asks for is met.

    Call it whenever something may just have been met; it looks for itself. Posting also books the
    hours and looks at the aggregates the item is a part of.

    Args:
        cycle: None means the newest cycle the member has evidence in.
        evidence: what the caller brings; for a film or text the coverage decides between ``study``
            and ``group``.
        on: local day of the study that met it; None means today.
        origin: what the evidence is, for people and for tracing.

    Returns the completion in force (new or earlier), or None while something is outstanding.
    """
    lock_member(member_id)
    if cycle is None:
        cycle = latest_cycle(member_id, revision.pk)
    posted = Completion.objects.filter(
        member_id=member_id, revision=revision, cycle=cycle, reverses=None
    )
    if standing := posted.in_force().first():
        return standing
    met = _met_by(member_id, revision, cycle, evidence)
    if met is None or registry.outstanding(revision, member_id, cycle):
        return None
    last = posted.aggregate(last=Max("ordinal"))["last"]
    completion = Completion.objects.create(
        member_id=member_id,
        item=revision.item,
        revision=revision,
        cycle=cycle,
        ordinal=0 if last is None else last + 1,
        effective_on=on or clock.local_day(clock.authority()),
        recorded_at=clock.now(),
        evidence=met,
        origin=origin[:64],
    )
    post_completion(completion=completion)
    signals.completed.send(sender=Completion, completion=completion)
    _consider_wholes(completion)
    return completion


def _met_by(member_id: int, revision: ItemRevision, cycle: int, evidence: str) -> str | None:
    """Which evidence meets the revision's own requirement, or None while none does."""
    if evidence == Evidence.MANUAL:
        return evidence
    if revision.item.kind == StudyItem.Kind.COURSE:
        return Evidence.PARTS if parts_done(member_id, revision.item_id) else None
    if revision.axis == ItemRevision.Axis.NONE:
        return evidence if evidence == Evidence.QUIZ else None
    seen = (
        Coverage.objects.filter(member_id=member_id, revision=revision, cycle=cycle)
        .values_list("covered", "met_on")
        .first()
    )
    if seen is None:
        return None
    covered, met_on = seen
    if presets.covered_enough(covered, revision.axis, revision.axis_length):
        return Evidence.STUDY
    return Evidence.GROUP if met_on else None


def parts_done(member_id: int, whole_id: int) -> bool:
    """Whether every required part that is still offered has been completed (an empty whole: no)."""
    required = ItemPart.objects.filter(
        whole_id=whole_id, required=True, part__withdrawn_at=None
    ).values_list("part_id", flat=True)
    wanted = set(required)
    if not wanted:
        return False
    done = Completion.objects.in_force().filter(member_id=member_id, item_id__in=wanted)
    return wanted == set(done.values_list("item_id", flat=True))


def want_reconsidering(item: StudyItem) -> None:
    """Have a job look again at who may now have completed an item that asks for less than before.

    Nothing is sent when nobody has anything outstanding on it.
    """
    if item.current_id and not item.withdrawn_at and unfinished(item).exists():
        enqueue(RECONSIDER, subject=item, title=item.title, payload={"item": item.pk})


def unfinished(item: StudyItem) -> QuerySet:
    """(member, cycle) with evidence on an item's revision in force and no completion of it."""
    done = Completion.objects.in_force().filter(
        revision_id=item.current_id, member_id=OuterRef("member_id")
    )
    if item.kind == StudyItem.Kind.COURSE:
        parts = ItemPart.objects.filter(whole=item, required=True, part__withdrawn_at=None)
        rows = Completion.objects.in_force().filter(item_id__in=parts.values("part_id"))
        rows = rows.annotate(round=Value(0)).filter(~Exists(done.filter(cycle=0)))
    else:
        rows = Coverage.objects.filter(revision_id=item.current_id).annotate(round=F("cycle"))
        rows = rows.filter(~Exists(done.filter(cycle=OuterRef("cycle"))))
    return rows.order_by("member_id", "round").values_list("member_id", "round").distinct()


def reconsider(*, item: StudyItem, progress: Callable[[int, int], None] | None = None) -> int:
    """Post the completions that an item's changed requirements now allow; returns how many.

    Each member in a transaction of their own: it may be interrupted and run again.

    Args:
        progress: called with (looked at, of how many).
    """
    if item.withdrawn_at or item.current is None:
        return 0
    waiting, posted = list(unfinished(item)), 0
    for number, (member_id, cycle) in enumerate(waiting, 1):
        origin = f"reconsidered:{item.pk}"
        done = consider(member_id=member_id, revision=item.current, cycle=cycle, origin=origin)
        posted += done is not None and done.origin == origin
        if progress:
            progress(number, len(waiting))
    return posted


def _consider_wholes(completion: Completion) -> None:
    wholes = StudyItem.objects.filter(
        parts__part_id=completion.item_id, withdrawn_at=None
    ).select_related("current")
    for whole in wholes:
        if whole.current:
            consider(
                member_id=completion.member_id,
                revision=whole.current,
                cycle=0,
                evidence=Evidence.PARTS,
                on=completion.effective_on,
                origin=f"completion:{completion.pk}",
            )


@transaction.atomic
def meet_by_group(
    *, member_id: int, revision: ItemRevision, on: date, origin: str
) -> Completion | None:
    """Meet the viewing requirement by attendance; a quiz stays to be taken in person.

    What the member has seen alone stays as it is. Completion by group pays no online hours: the
    gathering books its own.

    Args:
        on: local day of the gathering.
        origin: the attendance, for example ``attendance:7``.
    """
    lock_member(member_id)
    cycle = cycle_for(member_id, revision.pk, on)
    seen, made = Coverage.objects.get_or_create(
        member_id=member_id,
        revision=revision,
        cycle=cycle,
        defaults={"updated_at": clock.now(), "met_on": on, "met_origin": origin[:64]},
    )
    if made:
        signals.started.send(sender=Coverage, coverage=seen)
    elif seen.met_on is None:
        seen.met_on, seen.met_origin = on, origin[:64]
        seen.save(update_fields=["met_on", "met_origin"])
    return consider(
        member_id=member_id,
        revision=revision,
        cycle=cycle,
        evidence=Evidence.GROUP,
        on=on,
        origin=origin,
    )


@transaction.atomic
def unmeet_by_group(
    *, member_id: int, origin: str, reason: str, by: Member | None
) -> list[ItemRevision]:
    """Take back what ``meet_by_group`` met for this origin, and the completions resting on it.

    Also those that a quiz passed later: without the attendance nothing says it was watched. What
    the member has seen alone stays. Returns the revisions that are no longer met.
    """
    lock_member(member_id)
    rested = Coverage.objects.filter(member_id=member_id, met_origin=origin[:64])
    unmet = []
    for seen in rested.select_related("revision__item"):
        done = Completion.objects.in_force().filter(
            member_id=member_id,
            revision_id=seen.revision_id,
            cycle=seen.cycle,
            evidence=Evidence.GROUP,
        )
        for completion in done:
            reverse_completion(completion=completion, reason=reason, by=by)
        _forget_group(member_id, seen.revision_id, seen.cycle)
        signals.unmet.send(sender=Coverage, coverage=seen)
        unmet.append(seen.revision)
    return unmet


@transaction.atomic
def reverse_completion(*, completion: Completion, reason: str, by: Member | None) -> Completion:
    """Take a completion back, with the hours it paid and the aggregates that rested on it.

    Raises:
        Conflict: it is a correction itself, was reversed before, or its year is closed.
    """
    lock_member(completion.member_id)
    if completion.reverses_id or Completion.objects.filter(reverses=completion).exists():
        raise Conflict(_("这条完成记录已经冲销过，不能再次冲销。"))
    correction = Completion.objects.create(
        member_id=completion.member_id,
        item_id=completion.item_id,
        revision_id=completion.revision_id,
        cycle=completion.cycle,
        ordinal=completion.ordinal,
        effective_on=completion.effective_on,
        recorded_at=clock.now(),
        evidence=completion.evidence,
        origin=completion.origin,
        reverses=completion,
        reason=reason[:200],
    )
    if completion.evidence == Evidence.GROUP:
        _forget_group(completion.member_id, completion.revision_id, completion.cycle)
    paid = Q(origin=origins.of_completion(completion.pk))
    for entry in lines_in_force(completion.member_id, paid):
        reverse_entry(entry=entry, reason=reason, by=by)
    audit.record(
        "study.completion_reversed", actor=by, subject=completion, fields={"reason": reason}
    )
    signals.completed.send(sender=Completion, completion=correction)
    _reverse_wholes(completion, reason, by)
    return correction


def _forget_group(member_id: int, revision_id: int, cycle: int) -> None:
    """Nothing met by a group any more; a row without own evidence goes, or it would be a start."""
    seen = Coverage.objects.filter(member_id=member_id, revision_id=revision_id, cycle=cycle)
    seen.filter(covered=0, studied_ms=0).delete()
    seen.update(met_on=None, met_origin="")


def _reverse_wholes(completion: Completion, reason: str, by: Member | None) -> None:
    resting = Completion.objects.in_force().filter(
        member_id=completion.member_id,
        evidence=Evidence.PARTS,
        item__parts__part_id=completion.item_id,
        item__parts__required=True,
    )
    for whole in resting:
        if not parts_done(whole.member_id, whole.item_id):
            reverse_completion(completion=whole, reason=reason, by=by)
