"""Registering what can be studied. Called by the apps that publish it."""

from collections.abc import Sequence

from django.db import transaction

from school.core import clock
from school.members.models import Audience
from school.study import presets
from school.study.models import ItemPart, ItemRevision, StudyItem
from school.study.rules import hours
from school.study.rules.completion import is_new_revision
from school.study.selectors.rules import rule_on
from school.study.services.completion import want_reconsidering


@transaction.atomic
def register_item(
    *,
    kind: str,
    source_type: str,
    source_id: int,
    title: str,
    path: str,
    audience: Audience | None,
    axis: str,
    axis_length: int,
    study_ms: int,
    text_digest: str = "",
    max_rate: int | None = None,
    seek_free: bool | None = None,
    check_in: int | None = None,
    questions: bool | None = None,
    review: int | None = None,
    study_again: bool = False,
    award: int | None = None,
) -> ItemRevision:
    """Make or refresh the item of a published thing; returns the revision now in force.

    A minor edit keeps the number and the stored length (text offsets scale to it). ``study_again``
    (also: a replaced video), another axis, or a length changed by more than 10 % makes a new
    revision, which asks for its own evidence; awards given for the old one stay.

    Args:
        axis: ``media`` (milliseconds), ``text`` (characters) or ``none`` (quiz, aggregate).
        axis_length: in the unit of the axis.
        study_ms: standard study time.
        max_rate: fastest rate that counts, hundredths; None: the school's for electives. What a
            plan requires is held to a lower one per session (``selectors.settled_policy``).
        seek_free: whether what was not seen may be jumped over; None: as the school has it.
        check_in, questions, review: see ``rules.policy.Wish``.
        award: hundredths of 学时; None: by the hour rule in force (only for what is watched or
            read, and the quiz bonus for a quiz; an aggregate pays nothing itself).
    """
    if max_rate is None:
        max_rate = presets.elective_rate()
    if seek_free is None:
        seek_free = presets.policy().seek_free
    item, _made = StudyItem.objects.select_for_update().get_or_create(
        source_type=source_type,
        source_id=source_id,
        defaults={"kind": kind, "title": title[:255], "path": path, "audience": audience},
    )
    current = item.current
    if current is None or is_new_revision(
        same_axis=current.axis == axis,
        old_length=current.axis_length,
        new_length=axis_length,
        study_again=study_again,
    ):
        current = ItemRevision.objects.create(
            item=item,
            number=current.number + 1 if current else 1,
            axis=axis,
            axis_length=axis_length,
            study_ms=study_ms,
            text_digest=text_digest,
            award=_award(kind, axis, study_ms, award),
            own_award=award,
            max_rate=max_rate,
            seek_free=seek_free,
            check_in=check_in,
            questions=questions,
            review=review,
            published_at=clock.now(),
        )
        item.current = current
    else:
        current.text_digest = text_digest
        current.max_rate = max_rate
        current.seek_free = seek_free
        current.check_in, current.questions, current.review = check_in, questions, review
        current.own_award = award
        current.award = _award(kind, axis, current.study_ms, award)
        rules = ["max_rate", "seek_free", "check_in", "questions", "review"]
        current.save(update_fields=["text_digest", "award", "own_award", *rules])
    item.kind, item.title, item.path, item.audience = kind, title[:255], path, audience
    item.withdrawn_at = None
    item.save()
    return current


def _award(kind: str, axis: str, study_ms: int, own: int | None) -> int:
    return hours.award_of(
        rule_on(clock.today()),
        kind=kind,
        timed=axis != ItemRevision.Axis.NONE,
        study_ms=study_ms,
        own_award=own,
    )


@transaction.atomic
def set_parts(*, whole: StudyItem, parts: Sequence[tuple[StudyItem, bool]]) -> None:
    """Say what an aggregate consists of, in order: ``(item, required)``; repeats count once.

    Who has all of the new parts completes it by a background job; who had completed it keeps that.

    Raises:
        ValueError: the whole is among its own parts.
    """
    wanted: dict[int, bool] = {}
    for part, required in parts:
        if part.pk == whole.pk:
            raise ValueError("an aggregate cannot contain itself")
        wanted[part.pk] = required or wanted.get(part.pk, False)
    present = ItemPart.objects.filter(whole=whole).order_by("order")
    if list(present.values_list("part_id", "required")) == list(wanted.items()):
        return
    present.delete()
    ItemPart.objects.bulk_create(
        ItemPart(whole=whole, part_id=part_id, order=order, required=required)
        for order, (part_id, required) in enumerate(wanted.items())
    )
    want_reconsidering(whole)


@transaction.atomic
def withdraw_item(*, source_type: str, source_id: int) -> StudyItem | None:
    """Mark an item as no longer offered (unpublished, deleted). History and hours stay.

    Returns the item, or None when the thing was never registered.
    """
    item = StudyItem.objects.filter(source_type=source_type, source_id=source_id).first()
    if item and item.withdrawn_at is None:
        item.withdrawn_at = clock.now()
        item.save(update_fields=["withdrawn_at"])
        for whole in StudyItem.objects.filter(parts__part=item, parts__required=True):
            want_reconsidering(whole)
    return item
