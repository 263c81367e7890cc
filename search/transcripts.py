"""Where something is said: from a query to the seconds of a lesson."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from search.query import ParsedQuery
from search.text import fold, run_grams, runs


@dataclass(frozen=True)
class CueHit:
    """A place in a video: integer milliseconds and the caption's text there."""

    start_ms: int
    end_ms: int
    text: str

    @property
    def seconds(self) -> int:
        """Whole seconds, for ``#t=``."""
        return self.start_ms // 1000

    @property
    def label(self) -> str:
        """``03:12``, or ``1:03:12`` from an hour on."""
        minutes, seconds = divmod(self.seconds, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def locate(
    cues: Sequence[tuple[int, int, str]], query: ParsedQuery, *, limit: int = 3
) -> list[CueHit]:
    """Cues where the query is said, best first; a match may run over the end of a cue.

    Args:
        cues: (start ms, end ms, text) in order of time.
        query: parsed, not empty.
        limit: at most so many places.

    Returns:
        First the places that hold the whole query (blanks and signs ignored), then single terms,
        then cues by how many of the query's bigrams they hold, if it is at least half.
    """
    joined, starts = _join(cues)
    whole = "".join(run.text for run in query.terms)
    order: list[int] = []
    for needle in (whole, *query.needles, *query.alternatives):
        if needle:
            order += _cues_holding(joined, starts, needle)
    if not order and len(query.grams) > 1:
        order = _cues_sharing(cues, query)
    places = list(dict.fromkeys(order))[:limit]
    return [CueHit(cues[i][0], cues[i][1], cues[i][2]) for i in places]


def _join(cues: Sequence[tuple[int, int, str]]) -> tuple[str, list[int]]:
    """All letters of the cues without separators, and where each cue begins in them."""
    parts, starts, length = [], [], 0
    for _start, _end, text in cues:
        letters = "".join(run.text for run in runs(fold(text)))
        starts.append(length)
        parts.append(letters)
        length += len(letters)
    return "".join(parts), starts


def _cues_holding(joined: str, starts: list[int], needle: str) -> list[int]:
    found = []
    position = joined.find(needle)
    while position >= 0:
        found.append(bisect_right(starts, position) - 1)
        position = joined.find(needle, position + len(needle))
    return found


def _cues_sharing(cues: Sequence[tuple[int, int, str]], query: ParsedQuery) -> list[int]:
    wanted = set(query.grams)
    scored = []
    for index, (_start, _end, text) in enumerate(cues):
        # A sentence is often cut in two; the next cue's beginning counts with this one.
        following = cues[index + 1][2] if index + 1 < len(cues) else ""
        own = len(wanted & _grams(text))
        shared = len(wanted & _grams(text + following))
        if own and shared * 2 >= len(wanted):
            scored.append((-shared, -own, index))
    return [index for *_score, index in sorted(scored)]


def _grams(text: str) -> set[str]:
    return {gram for run in runs(fold(text)) for gram in run_grams(run)}
