"""Check-ins: the moments of a visit at which the page has to ask whether somebody is there.

They need no state. The moments follow from the session's random id, so both sides know them from
the opening, each report proves by itself that they were answered, and reports may come in any
order. An answer is ``(number of the check-in from 0, milliseconds of the session)``.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import count
from uuid import UUID

from school.study import spans as sets
from school.study.rules.judge import Segment
from school.study.spans import Spans

# A page under load pauses a little late; what it played on meanwhile is not taken from anybody.
GRACE_MS = 2_000
SETTLING_MS = 10_000  # nobody is asked before the page has settled
MAX_ANSWERS = 1_000
_MAX_NUMBER = 2**32 - 1
_PER_BLOCK = 8


def schedule(sid: UUID, low: int, high: int, until: int, carried: int = 0) -> list[int]:
    """Check-ins of a session: milliseconds since its opening, rising, all before ``until``.

    Two neighbours (and the opening and the first) lie ``low`` to ``high`` milliseconds apart; none
    when ``low`` is 0. The first comes ``carried`` milliseconds sooner, which were studied in other
    visits since somebody last answered, but not in the first seconds. The id is random and the page
    is told the moments anyway, so no key enters: changing the school's secret key must not move the
    moments of visits that are under way.
    """
    if not 0 < low <= high:
        return []
    moments: list[int] = []
    at, block = -carried, b""
    for number in count():
        if number % _PER_BLOCK == 0:
            block = sha256(sid.bytes + number.to_bytes(4, "big")).digest()
        place = 4 * (number % _PER_BLOCK)
        at += low + int.from_bytes(block[place : place + 4], "big") % (high - low + 1)
        at = max(at, SETTLING_MS if carried else 0)
        if at >= until:
            return moments
        moments.append(at)
    raise AssertionError  # the loop above only ends by returning


def unanswered(
    reports: Iterable[tuple[Sequence[Segment], Sequence[tuple[int, int]]]], carried: int
) -> int:
    """Milliseconds studied since somebody last answered, at the end of a visit.

    Args:
        reports: what the visit reported, stretches with the answers they rest on.
        carried: what it had brought along itself.
    """
    reports = list(reports)
    answered = max((at for _rows, answers in reports for _number, at in answers), default=None)
    studied: Spans = []
    for rows, _answers in reports:
        for each in rows:
            begin = max(each.w0, answered or 0)
            if each.visible and begin < each.w1:
                studied, _ = sets.add(studied, begin, each.w1)
    return sets.length(studied) + (carried if answered is None else 0)


def parse_answers(raw: object) -> list[tuple[int, int]]:
    """Answers from JSON: ``[[number, ms], …]``; None is none.

    Raises:
        ValueError: wrong shape, a number out of range, or more than a visit can hold.
    """
    if raw is None:
        return []
    if not isinstance(raw, list) or len(raw) > MAX_ANSWERS:
        raise ValueError("answers")
    return [_parse_answer(row) for row in raw]


def _parse_answer(row: object) -> tuple[int, int]:
    if not isinstance(row, list) or len(row) != 2:
        raise ValueError("answer")
    if any(type(n) is not int or not 0 <= n <= _MAX_NUMBER for n in row):
        raise ValueError("number")
    return row[0], row[1]


def windows(moments: Sequence[int], answers: Iterable[tuple[int, int]], until: int) -> Spans:
    """The milliseconds of a session in ``[0, until)`` that count.

    From the opening to the first check-in, and from each answer to the next check-in. What follows
    an unanswered one is worth nothing, apart from the grace; an answer from before its moment, or
    to a check-in that does not exist, is none.
    """
    if not moments:
        return [0, until] if until > 0 else []
    ends = [min(until, moment + GRACE_MS) for moment in moments[1:]] + [until]
    counted, _ = sets.add([], 0, min(until, moments[0] + GRACE_MS))
    for number, answered in answers:
        if number < len(moments) and answered >= moments[number]:
            counted, _ = sets.add(counted, answered, ends[number])
    return counted
