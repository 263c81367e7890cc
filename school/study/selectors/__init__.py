"""Reads of studying, named after the screens they serve."""

from school.study.selectors.config import study_config
from school.study.selectors.gates import GateState, gates_of
from school.study.selectors.policy import permitted_rate, policy_of, settled_policy
from school.study.selectors.progress import (
    Progress,
    item_for,
    items_for,
    progress_for,
    progress_of,
)
from school.study.selectors.year import (
    MonthHours,
    YearHours,
    entries_of_year,
    hours_of_year,
    months_of_year,
    summed,
    years_of,
)

__all__ = [
    "GateState",
    "MonthHours",
    "Progress",
    "YearHours",
    "entries_of_year",
    "gates_of",
    "hours_of_year",
    "item_for",
    "items_for",
    "months_of_year",
    "permitted_rate",
    "policy_of",
    "progress_for",
    "progress_of",
    "settled_policy",
    "study_config",
    "summed",
    "years_of",
]
