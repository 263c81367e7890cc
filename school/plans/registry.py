"""What apps above ask of a member beside plans: single items with a deadline of their own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from school.study.models import StudyItem


@dataclass(frozen=True)
class AskedItem:
    """One item still to be made up. ``reason``: where it comes from, shown like a plan's title.

    ``item`` carries its ``current`` revision joined.
    """

    item: StudyItem
    reason: str
    due_on: date


Items = Callable[[int], Iterable[AskedItem]]
Ids = Callable[[int], QuerySet]

_sources: list[tuple[Items, Ids]] = []


def register_asked(items: Items, ids: Ids) -> None:
    """Add a source of what a member has still to do, each ``(member_id) -> …``.

    Args:
        items: the items in full, for the list of tasks.
        ids: a query of their ids alone, joined to that of the badge on every page.
    """
    _sources.append((items, ids))


def asked_of(member_id: int) -> list[AskedItem]:
    """What all sources ask of a member and is not done."""
    return [each for items, _ids in _sources for each in items(member_id)]


def asked_ids(member_id: int) -> list[QuerySet]:
    """Queries of the ids of the same, one for each source."""
    return [ids(member_id) for _items, ids in _sources]
