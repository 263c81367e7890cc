"""How far a member is with items: cards, lists, the article's head."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import F

from school.study.models import Completion, Coverage, StudyItem


@dataclass(frozen=True, slots=True)
class Progress:
    """A member's newest round on an item's revision in force.

    ``covered`` and ``length`` in the unit of the axis; ``resume_at`` likewise, 0 once completed
    (who looks again begins again). ``completed_on``: the latest completion of the item in any
    revision, None without one.
    """

    item_id: int
    covered: int = 0
    length: int = 0
    studied_ms: int = 0
    required_ms: int = 0
    resume_at: int = 0
    completed_on: date | None = None

    @property
    def percent(self) -> int:
        """Whole per cent seen, rounded down; 100 once completed."""
        if self.completed_on:
            return 100
        return min(99, self.covered * 100 // self.length) if self.length else 0

    @property
    def counted_ms(self) -> int:
        """What was seen, in standard study time: the first number of 已计 6 分 20 秒 / 8 分."""
        return self.required_ms * self.covered // self.length if self.length else 0

    @property
    def started(self) -> bool:
        """Whether anything has been seen or completed."""
        return bool(self.covered or self.completed_on)


def item_for(source_type: str, source_id: int) -> StudyItem | None:
    """The item of a published thing, with its revision in force; None when never registered."""
    return (
        StudyItem.objects.select_related("current", "audience")
        .filter(source_type=source_type, source_id=source_id)
        .first()
    )


def items_for(source_type: str, source_ids: Iterable[int]) -> dict[int, StudyItem]:
    """Items by source id, with their revisions in force. One query."""
    rows = StudyItem.objects.select_related("current").filter(
        source_type=source_type, source_id__in=list(source_ids)
    )
    return {item.source_id: item for item in rows}


def progress_for(member_id: int | None, item_ids: Iterable[int]) -> dict[int, Progress]:
    """Progress of each item, also of those not started. Three queries for any number of items."""
    wanted = list(item_ids)
    if member_id is None or not wanted:
        return {}
    seen: dict = {}
    rows = Coverage.objects.filter(
        member_id=member_id,
        revision__item_id__in=wanted,
        revision__item__current_id=F("revision_id"),
    ).order_by("cycle")
    for row in rows.values("revision__item_id", "covered", "studied_ms", "resume_at"):
        seen[row.pop("revision__item_id")] = row
    done = dict(
        Completion.objects.in_force()
        .filter(member_id=member_id, item_id__in=wanted)
        .order_by("effective_on", "pk")
        .values_list("item_id", "effective_on")
    )
    items = StudyItem.objects.filter(pk__in=wanted).values_list(
        "pk", "current__axis_length", "current__study_ms"
    )
    return {
        pk: Progress(
            item_id=pk,
            length=length or 0,
            required_ms=study_ms or 0,
            completed_on=done.get(pk),
            **(seen.get(pk, {}) | ({"resume_at": 0} if pk in done else {})),
        )
        for pk, length, study_ms in items
    }
