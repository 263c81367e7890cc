"""The judge: what a batch of reported segments is worth. A pure function over two span sets.

The *wall* set is real time a member has already spent, over all items, tabs and devices. The
*cover* set is what has been seen of one revision. A segment is worth only as much real time as is
still free, so no number of tabs, copies or forged clocks makes an hour longer than an hour.

Moments are *local milliseconds*: milliseconds since 1970-01-01 00:00 in Asia/Shanghai, so the
study day of a moment is an integer division.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from school.study import spans as sets
from school.study.spans import Spans

DAY_MS = 86_400_000
# Asia/Shanghai has been UTC+8 without change since 1991.
LOCAL_OFFSET_MS = 8 * 3_600_000
_EPOCH = date(1970, 1, 1).toordinal()

MAX_NUMBER = 2**32 - 1
# Nobody watches more slowly than at a quarter of the speed (hundredths).
LOWEST_RATE = 25


def local_ms(epoch_ms: int) -> int:
    """Local milliseconds of a Unix time in milliseconds."""
    return epoch_ms + LOCAL_OFFSET_MS


def day_of(moment: int) -> int:
    """Number of the study day (days since 1970-01-01) of a moment in local milliseconds."""
    return moment // DAY_MS


def date_of(day: int) -> date:
    """The calendar date of a study day's number."""
    return date.fromordinal(_EPOCH + day)


def day_number(day: date) -> int:
    """Inverse of ``date_of``."""
    return day.toordinal() - _EPOCH


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch as the page reports it.

    ``m0``–``m1``: media milliseconds, or character offsets in view. ``w0``–``w1``: milliseconds
    since the session was opened, by the page's monotonic clock. ``rate``: playback rate in
    hundredths. ``visible``: whether the page was in front.
    """

    m0: int
    m1: int
    w0: int
    w1: int
    rate: int
    visible: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """What a batch is judged by.

    ``text``: the axis is characters in view, not media milliseconds. ``length``: of the axis.
    ``gain``/``per``: at most ``gain`` units of axis for ``per`` milliseconds of real time.
    ``opened``–``closes``: local milliseconds inside which real time can be claimed (session start;
    the server's now or the session's end, whichever is first). ``slack``: media milliseconds by
    which an honest measurement may be off. ``ceiling``: for text, the most study time the whole
    text can earn.
    """

    text: bool
    length: int
    gain: int
    per: int
    opened: int
    closes: int
    slack: int = 0
    ceiling: int = 0
    windows: Spans | None = None
    barrier: int | None = None
    review: int = 0

    @property
    def end(self) -> int:
        """Where the part of the axis ends that can be covered."""
        return self.length if self.barrier is None else min(self.length, self.barrier)


@dataclass(slots=True)
class Verdict:
    """What the batch was worth: the new sets and what was added to them.

    ``wall`` holds everything given plus ``claimed`` (the real time this batch took). ``studied``:
    milliseconds by study day. ``reviewed``: how many of them were earned by watching again.
    ``resume_at``: where the last stretch ended, None without one.
    """

    cover: Spans
    wall: Spans
    claimed: Spans = field(default_factory=list)
    covered_gain: int = 0
    studied: dict[int, int] = field(default_factory=dict)
    reviewed: int = 0
    resume_at: int | None = None

    @property
    def studied_ms(self) -> int:
        """Study time of the batch over all days."""
        return sum(self.studied.values())

    @property
    def last_day(self) -> int | None:
        """Study day of the last real time claimed."""
        return day_of(self.claimed[-1] - 1) if self.claimed else None


def parse_segments(raw: object, most: int) -> list[Segment]:
    """Segments from JSON: ``[[m0, m1, w0, w1, rate, visible], …]``.

    Raises:
        ValueError: wrong shape, a number out of range, or more than ``most`` segments.
    """
    if not isinstance(raw, list) or len(raw) > most:
        raise ValueError("segments")
    return [_parse_segment(row) for row in raw]


def _parse_segment(row: object) -> Segment:
    if not isinstance(row, list) or len(row) != 6:
        raise ValueError("segment")
    *numbers, visible = row
    if any(type(n) is not int or not 0 <= n <= MAX_NUMBER for n in numbers):
        raise ValueError("number")
    if visible not in (0, 1):
        raise ValueError("visible")
    return Segment(*numbers, visible=bool(visible))


def judge(
    segments: Iterable[Segment], terms: Terms, *, cover: Spans, wall: Spans, studied_ms: int = 0
) -> Verdict:
    """Judge one batch.

    Args:
        segments: as reported, any order, any content.
        terms: see ``Terms``.
        cover: what the member has seen of the revision so far.
        wall: real time already spent near the session, local milliseconds.
        studied_ms: study time credited for the revision so far (only text has a ceiling).
    """
    verdict = Verdict(cover=list(cover), wall=list(wall))
    latest = -1
    for segment in segments:
        if segment.w1 >= latest:
            latest = segment.w1
            verdict.resume_at = min(segment.m0 if terms.text else segment.m1, terms.end)
        if segment.visible and _is_possible(segment, terms):
            for piece in _in_windows(_used(segment, terms), terms):
                _credit(piece, terms, verdict, studied_ms)
    return verdict


def _is_possible(segment: Segment, terms: Terms) -> bool:
    """Whether a stretch can have happened, by its own numbers.

    The claim as made, before any clipping: nothing is gained by naming media beyond the end.
    """
    real, media = segment.w1 - segment.w0, segment.m1 - segment.m0
    if real <= 0 or media < 0:
        return False
    return terms.text or media <= _allowed(real, terms) + terms.slack


def _used(segment: Segment, terms: Terms) -> Segment:
    """The head of a stretch whose time its film can have taken.

    Little film in much time is a film that stood still; were all of that time spent, whoever holds
    a token of another member could spend that member's whole day with one millisecond.
    """
    if terms.text:
        return segment
    media = min(segment.m1, terms.length) - min(segment.m0, terms.length)
    longest = (media + terms.slack) * 100 // LOWEST_RATE
    return replace(segment, w1=min(segment.w1, segment.w0 + longest))


def _in_windows(segment: Segment, terms: Terms) -> list[Segment]:
    """The parts of a stretch that lie in time that counts, each with its share of the media."""
    if terms.windows is None:
        return [segment]
    kept = sets.pairs(sets.clip(terms.windows, segment.w0, segment.w1))
    if kept == [(segment.w0, segment.w1)]:
        return [segment]
    if terms.text:
        return [replace(segment, w0=low, w1=high) for low, high in kept]
    real, media = segment.w1 - segment.w0, segment.m1 - segment.m0

    def place(moment: int) -> int:
        return segment.m0 + media * (moment - segment.w0) // real

    return [replace(segment, m0=place(a), m1=place(b), w0=a, w1=b) for a, b in kept]


def _credit(segment: Segment, terms: Terms, verdict: Verdict, before: int) -> None:
    m0, m1 = min(segment.m0, terms.length), min(segment.m1, terms.length)
    claimed_wall = segment.w1 - segment.w0
    if m1 == m0 and not terms.text:
        return
    start = max(terms.opened, terms.opened + segment.w0)
    end = min(terms.closes, terms.opened + segment.w1)
    fresh = sets.free(verdict.wall, start, end)
    real = sets.length(fresh)
    if not real:
        return
    for low, high in sets.pairs(fresh):
        verdict.wall, _ = sets.add(verdict.wall, low, high)
        verdict.claimed, _ = sets.add(verdict.claimed, low, high)
    allowed = _allowed(real, terms)
    if not terms.text:
        # Minute for minute: of a stretch that was partly spent already, only that share.
        allowed = min(allowed, -(-(segment.m1 - segment.m0) * real // claimed_wall))
    m0, m1 = min(m0, terms.end), min(m1, terms.end)
    gained = _cover(m0, m1, allowed, terms, verdict)
    if terms.text:
        earned = min(real, _text_ceiling(terms, verdict) - before - verdict.studied_ms)
    else:
        earned = min(real, gained)
        earned += _review(min(m1 - m0, allowed) - gained, real - earned, terms, verdict)
    _spread(fresh, earned, verdict)


def _review(seen: int, real: int, terms: Terms, verdict: Verdict) -> int:
    """Study time earned with ``seen`` of media that was seen before, in ``real`` time left."""
    earned = max(0, min(seen, real, terms.review - verdict.reviewed))
    verdict.reviewed += earned
    return earned


def _allowed(real: int, terms: Terms) -> int:
    return real * terms.gain // terms.per


def _cover(m0: int, m1: int, allowed: int, terms: Terms, verdict: Verdict) -> int:
    """Add what the time allows to the cover; returns the newly covered length.

    A film runs from its head. A text in view is read on from where it was left, so the time goes
    to the part of the view that is still unread.
    """
    gained = 0
    seen = sets.free(verdict.cover, m0, m1) if terms.text else [m0, m1]
    for low, high in sets.pairs(sets.head(seen, allowed)):
        verdict.cover, more = sets.add(verdict.cover, low, high)
        gained += more
    verdict.covered_gain += gained
    return gained


def _text_ceiling(terms: Terms, verdict: Verdict) -> int:
    """Study time a text can have earned by now: its ceiling in proportion to what was read."""
    if not terms.length:
        return 0
    return terms.ceiling * sets.length(verdict.cover) // terms.length


def _spread(fresh: Spans, earned: int, verdict: Verdict) -> None:
    """Book study time on the days of the real time it took, earliest first."""
    for low, high in sets.pairs(sets.head(fresh, earned)):
        while low < high:
            day = day_of(low)
            stop = min(high, (day + 1) * DAY_MS)
            verdict.studied[day] = verdict.studied.get(day, 0) + stop - low
            low = stop


def split_by_day(wall: Spans) -> dict[int, Spans]:
    """A set of local milliseconds as sets of milliseconds since each day's midnight."""
    days: dict[int, Spans] = {}
    for low, high in sets.pairs(wall):
        while low < high:
            day = day_of(low)
            stop = min(high, (day + 1) * DAY_MS)
            base = day * DAY_MS
            days.setdefault(day, []).extend((low - base, stop - base))
            low = stop
    return days


def join_days(days: dict[int, Spans]) -> Spans:
    """Inverse of ``split_by_day``."""
    joined: Spans = []
    for day in sorted(days):
        for low, high in sets.pairs(sets.shift(days[day], day * DAY_MS)):
            joined, _ = sets.add(joined, low, high)
    return joined
