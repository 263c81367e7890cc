"""The judge in the plainest words there are: sets of single milliseconds, no spans, no cleverness.

Slow and obvious on purpose; the properties compare the real judge with it.
"""

from collections import Counter
from dataclasses import dataclass, field, replace

from school.study.rules.judge import DAY_MS, Segment, Terms


def held(spans) -> set[int]:
    """The integers of a span set."""
    return {n for low, high in zip(spans[::2], spans[1::2], strict=True) for n in range(low, high)}


@dataclass
class Seen:
    """What one member has: of one revision, and of real time."""

    cover: set[int] = field(default_factory=set)
    wall: set[int] = field(default_factory=set)
    studied: Counter = field(default_factory=Counter)
    claimed: set[int] = field(default_factory=set)
    reviewed: int = 0


def judge(segments: list[Segment], terms: Terms, cover: set[int], wall: set[int], before: int = 0):
    """What a batch is worth; see ``Seen``."""
    seen = Seen(set(cover), set(wall))
    for segment in segments:
        if not segment.visible or segment.w1 <= segment.w0 or segment.m1 < segment.m0:
            continue
        real, media = segment.w1 - segment.w0, segment.m1 - segment.m0
        if not terms.text and media > real * terms.gain // terms.per + terms.slack:
            continue
        if not terms.text:
            inside = len([n for n in range(segment.m0, segment.m1) if n < terms.length])
            most = (inside + terms.slack) * 4  # a quarter of the speed
            segment = replace(segment, w1=min(segment.w1, segment.w0 + most))
            real = segment.w1 - segment.w0
            if not real:
                continue
        for low, high in _runs(_counted(segment, terms)):
            begin, end = segment.m0, segment.m1
            if not terms.text:
                begin = segment.m0 + media * (low - segment.w0) // real
                end = segment.m0 + media * (high - segment.w0) // real
            _piece(seen, terms, begin, end, low, high, before)
    return seen


def _counted(segment: Segment, terms: Terms) -> list[int]:
    moments = range(segment.w0, segment.w1)
    if terms.windows is None:
        return list(moments)
    open_at = held(terms.windows)
    return [moment for moment in moments if moment in open_at]


def _runs(moments: list[int]) -> list[tuple[int, int]]:
    runs: list[list[int]] = []
    for moment in moments:
        if runs and runs[-1][1] == moment:
            runs[-1][1] = moment + 1
        else:
            runs.append([moment, moment + 1])
    return [(low, high) for low, high in runs]


def _piece(seen: Seen, terms: Terms, m0, m1, w0, w1, before) -> None:
    media = m1 - m0
    m0, m1 = min(m0, terms.length), min(m1, terms.length)
    if m0 == m1 and not terms.text:
        return
    moments = (terms.opened + w for w in range(w0, w1))
    fresh = [at for at in moments if at < terms.closes and at not in seen.wall]
    if not fresh:
        return
    seen.wall.update(fresh)
    seen.claimed.update(fresh)
    allowed = len(fresh) * terms.gain // terms.per
    end = terms.length if terms.barrier is None else min(terms.length, terms.barrier)
    view = [n for n in range(m0, m1) if n < end]
    if terms.text:
        view = [n for n in view if n not in seen.cover]
    else:
        share, rest = divmod(media * len(fresh), w1 - w0)
        allowed = min(allowed, share + (rest > 0))
    view = view[:allowed]
    new = [n for n in view if n not in seen.cover]
    seen.cover.update(new)
    if terms.text:
        most = terms.ceiling * len(seen.cover) // terms.length if terms.length else 0
        earned = min(len(fresh), most - before - seen.studied.total())
    else:
        earned = min(len(fresh), len(new))
        again = min(len(view) - len(new), len(fresh) - earned, terms.review - seen.reviewed)
        seen.reviewed += max(0, again)
        earned += max(0, again)
    for at in fresh[: max(0, earned)]:
        seen.studied[at // DAY_MS] += 1
