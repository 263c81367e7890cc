"""Reads of gatherings, named after their screens."""

from school.gatherings.selectors.branch import (
    GatheringPage,
    Row,
    filters,
    gathering_list,
    gathering_page,
    showable_items,
)
from school.gatherings.selectors.member import OwnLine, missed_ids, missed_items, own_gatherings

__all__ = [
    "GatheringPage",
    "OwnLine",
    "Row",
    "filters",
    "gathering_list",
    "gathering_page",
    "missed_ids",
    "missed_items",
    "own_gatherings",
    "showable_items",
]
