"""What a line of the ledger stands for, as text: ``completion:12``, ``study:7.0.2026-03-02@90000``.

The text and the member name a line once (and again in a later round, when it is credited anew).
"""

from datetime import date
from typing import NamedTuple

COMPLETION, STUDY, LATE, FIX, IMPORT = "completion", "study", "late", "fix", "import"
DISPUTE = "dispute"  # decided by a person on a member's objection
# Lines that pay an item once a year; so does what a correction put in their place.
ONCE_A_YEAR = (COMPLETION, DISPUTE)
# A line taken back by a person (or with what it rested on), or to be credited anew by a job.
REVERSAL, ANEW = "reverse", "recredit"


class Studied(NamedTuple):
    """Study of one day by its milliseconds so far; ``upto`` says how many were booked with it."""

    revision_id: int
    cycle: int
    day: date
    upto: int


def of_completion(pk: int) -> str:
    """The line a completion pays."""
    return f"{COMPLETION}:{pk}"


def of_fix(pk: int) -> str:
    """The line that stands for a corrected one."""
    return f"{FIX}:{pk}"


def corrected(origin: str) -> int | None:
    """Inverse of ``of_fix``: the number of the line it corrects; None for other lines."""
    return number_of(origin) if kind_of(origin) == FIX else None


def of_study(revision_id: int, cycle: int, day: date, upto: int) -> str:
    """The line of a day's study up to this many milliseconds."""
    return f"{STUDY}:{revision_id}.{cycle}.{day}@{upto}"


def study_prefix(revision_id: int, cycle: int) -> str:
    """How all lines of one round of study of a revision begin."""
    return f"{STUDY}:{revision_id}.{cycle}."


def kind_of(origin: str) -> str:
    """The word before the colon."""
    return origin.partition(":")[0]


def number_of(origin: str) -> int | None:
    """The number after the colon, None where there is none."""
    rest = origin.partition(":")[2]
    return int(rest) if rest.isdecimal() else None


def studied(origin: str) -> Studied | None:
    """Inverse of ``of_study``; None for other lines."""
    kind, _colon, rest = origin.partition(":")
    if kind != STUDY:
        return None
    where, _at, upto = rest.partition("@")
    revision, cycle, day = where.split(".")
    return Studied(int(revision), int(cycle), date.fromisoformat(day), int(upto))
