"""Nouns of what is asked: plans, targets, exemptions, and the counters of who has done it."""

from school.plans.models.counts import CountCheckpoint, CountDelta
from school.plans.models.exemption import Exemption, ExemptionRequest
from school.plans.models.plan import PlanItem, StudyPlan
from school.plans.models.target import AnnualTarget, TargetRung, TargetSet

__all__ = [
    "AnnualTarget",
    "CountCheckpoint",
    "CountDelta",
    "Exemption",
    "ExemptionRequest",
    "PlanItem",
    "StudyPlan",
    "TargetRung",
    "TargetSet",
]
