"""Snippets with marks, cut from the database text; the same on every engine."""

from collections.abc import Sequence
from dataclasses import dataclass

from search.query import ParsedQuery
from search.text import fold

WIDTH = 110
LEAD = 24
LONGEST_SCAN = 200_000
_STOPS = "。!?;！？；\n"


@dataclass(frozen=True)
class Piece:
    """A stretch of a snippet; ``marked`` stretches hold what was searched for."""

    text: str
    marked: bool = False


@dataclass(frozen=True)
class Span:
    """Half-open range of character offsets and how much finding it there is worth."""

    start: int
    end: int
    worth: int


def find(folded: str, needles: Sequence[str], *, worth: int) -> list[Span]:
    """Every occurrence of the needles in a folded text."""
    spans = []
    for needle in needles:
        position = folded.find(needle)
        while position >= 0:
            spans.append(Span(position, position + len(needle), worth * len(needle)))
            position = folded.find(needle, position + len(needle))
    return spans


def matches(folded: str, query: ParsedQuery) -> list[Span]:
    """What to mark: whole terms if any occurs, else words, else bigrams."""
    spans = find(folded, query.needles, worth=8)
    spans += find(folded, query.alternatives, worth=6)
    if len({folded[s.start : s.end] for s in spans}) < len(query.terms):
        words = [word for word in query.words if len(word) > 1 or len(query.terms) > 1]
        found = find(folded, words, worth=2)
        spans += found or find(folded, [g for g in query.grams if len(g) > 1], worth=1)
    return _merge(spans)


def _merge(spans: list[Span]) -> list[Span]:
    """Join overlapping and adjacent spans, in order."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if merged and span.start <= merged[-1].end:
            last = merged[-1]
            merged[-1] = Span(last.start, max(last.end, span.end), max(last.worth, span.worth))
        else:
            merged.append(span)
    return merged


def mark(text: str, query: ParsedQuery) -> list[Piece]:
    """The whole text, marked; for titles."""
    return _pieces(text, matches(fold(text), query), 0, len(text))


def snippet(text: str, query: ParsedQuery, *, width: int = WIDTH) -> list[Piece]:
    """The densest stretch of a text, marked, with … where it was cut.

    Args:
        text: any length; only the first 200,000 characters are looked at.
        width: characters, about.

    Returns:
        Pieces in order; the beginning of the text, unmarked, if nothing is found.
    """
    text = text[:LONGEST_SCAN]
    spans = matches(fold(text), query)
    if not spans:
        return _pieces(text, [], 0, min(width, len(text)))
    start = _best_start(spans, width)
    start = _sentence_start(text, start)
    return _pieces(text, spans, start, min(len(text), start + width))


def best_worth(text: str, query: ParsedQuery) -> int:
    """How good the best match in a text is; 0 without any. Whole terms outweigh parts of them."""
    return max((span.worth for span in matches(fold(text[:LONGEST_SCAN]), query)), default=0)


def _best_start(spans: list[Span], width: int) -> int:
    best, best_worth = spans[0].start, -1
    end = 0
    inside = 0
    for position, span in enumerate(spans):
        while end < len(spans) and spans[end].end <= span.start + width - LEAD:
            inside += spans[end].worth
            end += 1
        if inside > best_worth:
            best, best_worth = span.start, inside
        if end > position:
            inside -= span.worth
        else:
            end = position + 1
    return best


def _sentence_start(text: str, position: int) -> int:
    """Begin at the sentence if it begins close before, else a little before the match."""
    earliest = max(0, position - LEAD)
    for index in range(position - 1, earliest - 1, -1):
        if text[index] in _STOPS:
            return index + 1
    return earliest


def _pieces(text: str, spans: list[Span], start: int, end: int) -> list[Piece]:
    pieces = [Piece("…")] if start > 0 else []
    position = start
    for span in spans:
        if span.end <= start or span.start >= end:
            continue
        if span.start > position:
            pieces.append(Piece(text[position : span.start]))
        pieces.append(Piece(text[max(span.start, start) : min(span.end, end)], True))
        position = min(span.end, end)
    if position < end:
        pieces.append(Piece(text[position:end]))
    if end < len(text):
        pieces.append(Piece("…"))
    return pieces
