"""Nouns of studying: items, evidence, what was earned."""

from school.study.models.anomaly import Anomaly
from school.study.models.dispute import Dispute, DisputeStep
from school.study.models.evidence import Coverage, Report, StudyDay, StudySession, WallDay
from school.study.models.gate import GatePass
from school.study.models.hour_rule import HourRule, Recredit
from school.study.models.item import ItemPart, ItemRevision, StudyItem
from school.study.models.late import LateReport, LateStudy
from school.study.models.ledger import Completion, HourEntry
from school.study.models.policy import PolicyFields
from school.study.models.year import LateArrival, YearClose

__all__ = [
    "Anomaly",
    "Completion",
    "Coverage",
    "Dispute",
    "DisputeStep",
    "GatePass",
    "HourEntry",
    "HourRule",
    "ItemPart",
    "ItemRevision",
    "LateArrival",
    "LateReport",
    "LateStudy",
    "PolicyFields",
    "Recredit",
    "Report",
    "StudyDay",
    "StudyItem",
    "StudySession",
    "WallDay",
    "YearClose",
]
