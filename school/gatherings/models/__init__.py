"""Nouns of studying together."""

from school.gatherings.models.attendance import Attendance, CheckInTries, MakeUp, Presence
from school.gatherings.models.evidence import EvidenceFile
from school.gatherings.models.gathering import Gathering, GatheringItem, GatheringSession

__all__ = [
    "Attendance",
    "CheckInTries",
    "EvidenceFile",
    "Gathering",
    "GatheringItem",
    "GatheringSession",
    "MakeUp",
    "Presence",
]
