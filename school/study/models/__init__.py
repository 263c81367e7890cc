"""Nouns of studying: items, evidence, what was earned."""

from school.study.models.evidence import Coverage, Report, StudyDay, StudySession, WallDay
from school.study.models.item import ItemPart, ItemRevision, StudyItem
from school.study.models.ledger import Completion, HourEntry, HourRule, YearClose

__all__ = [
    "Completion",
    "Coverage",
    "HourEntry",
    "HourRule",
    "ItemPart",
    "ItemRevision",
    "Report",
    "StudyDay",
    "StudyItem",
    "StudySession",
    "WallDay",
    "YearClose",
]
