"""How far a member is with items: cards, lists, the article's head."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import DateField, F, QuerySet, Value

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
    return progress_of(member_id, StudyItem.objects.select_related("current").filter(pk__in=wanted))


def progress_of(member_id: int, items: Iterable[StudyItem]) -> dict[int, Progress]:
    """The same for items at hand, with ``current`` joined. One query."""
    wanted = {item.pk: item for item in items}
    if not wanted:
        return {}
    seen: dict[int, tuple[int, ...]] = {}
    done: dict[int, date] = {}
    for pk, _order, *numbers, completed_on in _evidence(member_id, wanted):
        if completed_on is None:
            seen[pk] = tuple(numbers)
        else:
            done[pk] = max(completed_on, done.get(pk, completed_on))
    found = {}
    for pk, item in wanted.items():
        covered, studied_ms, resume_at = seen.get(pk, (0, 0, 0))
        found[pk] = Progress(
            item_id=pk,
            covered=covered,
            length=item.current.axis_length if item.current else 0,
            studied_ms=studied_ms,
            required_ms=item.current.study_ms if item.current else 0,
            resume_at=0 if pk in done else resume_at,
            completed_on=done.get(pk),
        )
    return found


def _evidence(member_id: int, item_ids: Iterable[int]) -> QuerySet:
    """What is seen of revisions in force, by cycle, and days of completion, in one statement.

    Rows: (item, cycle, covered, studied ms, resume at, None) and (item, 0, 0, 0, 0, day).
    """
    seen = Coverage.objects.filter(
        member_id=member_id,
        revision__item_id__in=item_ids,
        revision__item__current_id=F("revision_id"),
    )
    done = Completion.objects.in_force().filter(member_id=member_id, item_id__in=item_ids)
    never, nothing = Value(None, output_field=DateField()), Value(0)
    rows = seen.order_by().values_list(
        "revision__item_id", "cycle", "covered", "studied_ms", "resume_at", never
    )
    days = done.order_by().values_list("item_id", *[nothing] * 4, "effective_on")
    return rows.union(days, all=True).order_by("cycle")
