"""What apps above ask of a member beside plans: single items with a deadline of their own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

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
Ids = Callable[[int], Iterable[int]]

_sources: list[tuple[Items, Ids]] = []


def register_asked(items: Items, ids: Ids) -> None:
    """Add a source of what a member has still to do, each ``(member_id) -> …`` one query.

    Args:
        items: the items in full, for the list of tasks.
        ids: their ids alone, for the badge of every page.
    """
    _sources.append((items, ids))


def asked_of(member_id: int) -> list[AskedItem]:
    """What all sources ask of a member and is not done."""
    return [each for items, _ids in _sources for each in items(member_id)]


def asked_ids(member_id: int) -> set[int]:
    """The ids of the same."""
    return {pk for _items, ids in _sources for pk in ids(member_id)}
