"""Sheets: drawing, shuffling and the time there is. Pure functions."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from quizzes.rules.marking import MULTIPLE, SINGLE

# A last answer that left the browser in time may arrive this much later.
GRACE = timedelta(seconds=5)
MAX_BLANK_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question that may stand on a sheet: version id, marks, option ids as authored."""

    version: int
    marks: int
    kind: str
    options: tuple[str, ...]


def compose(
    groups: Sequence[tuple[Sequence[Candidate], int]],
    *,
    seed: int,
    shuffle_questions: bool,
    shuffle_options: bool,
) -> list[dict]:
    """Draw and shuffle a sheet; the same arguments give the same sheet.

    Args:
        groups: (candidates, how many to take); the order of candidates must be stable.
        seed: stored with the attempt.

    Returns:
        ``[{"version", "marks", "options"}, …]``. A question wanted by two groups is taken once.

    Raises:
        ValueError: a group has too few candidates left.
    """
    generator = random.Random(seed)
    taken: list[Candidate] = []
    seen: set[int] = set()
    for candidates, count in groups:
        left = [each for each in candidates if each.version not in seen]
        if len(left) < count:
            raise ValueError(f"{len(left)} of {count}")
        chosen = left if count == len(left) else generator.sample(left, count)
        seen.update(each.version for each in chosen)
        taken.extend(chosen)
    if shuffle_questions:
        generator.shuffle(taken)
    return [
        {
            "version": each.version,
            "marks": each.marks,
            "options": _ordered_options(each, generator, shuffle_options),
        }
        for each in taken
    ]


def _ordered_options(each: Candidate, generator: random.Random, shuffle: bool) -> list[str]:
    options = list(each.options)
    # 正确 stands before 错误 wherever one looks; only real choices change places.
    if shuffle and each.kind in (SINGLE, MULTIPLE):
        generator.shuffle(options)
    return options


def deadline(
    started_at: datetime, limit_minutes: int | None, closes_at: datetime | None
) -> datetime | None:
    """When an attempt ends by itself: its limit or its sitting, whichever is first; None: never."""
    ends = [closes_at] if closes_at else []
    if limit_minutes:
        ends.append(started_at + timedelta(minutes=limit_minutes))
    return min(ends, default=None)


def is_over(deadline_at: datetime | None, moment: datetime) -> bool:
    """Whether nothing more is taken at ``moment``: the deadline and its grace have passed."""
    return deadline_at is not None and moment > deadline_at + GRACE


def cleaned(options: Sequence[str], blanks: int, given: Sequence[str], *, one: bool) -> list[str]:
    """An answer as it may be stored.

    Args:
        options: ids on the sheet; empty for fill-blank.
        blanks: number of blanks; 0 for choices.
        given: what arrived.
        one: whether at most one option may be chosen.

    Raises:
        ValueError: an option that is not on the sheet, two where one is asked, a text too long,
            more texts than blanks.
    """
    if not all(isinstance(each, str) for each in given):
        raise ValueError("not text")
    if blanks:
        texts = [each.strip() for each in given]
        if len(texts) > blanks or any(len(text) > MAX_BLANK_LENGTH for text in texts):
            raise ValueError("blanks")
        return texts if any(texts) else []
    chosen = [option for option in options if option in set(given)]
    if len(chosen) != len(set(given)) or (one and len(chosen) > 1):
        raise ValueError("options")
    return chosen
