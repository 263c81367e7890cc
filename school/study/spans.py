"""Sets of integers as flat sorted lists of half-open spans: ``[a0, b0, a1, b1, …]``.

The unit is whatever the caller counts in (milliseconds of media or of a day, characters of a
text). Spans never touch or overlap, so equal sets are equal lists. Every function returns a new
list and leaves its arguments alone.
"""

import struct
from bisect import bisect_left, bisect_right

Spans = list[int]


def add(spans: Spans, start: int, end: int) -> tuple[Spans, int]:
    """The set with ``[start, end)`` in it, and how many integers that added."""
    if start >= end:
        return list(spans), 0
    left = bisect_left(spans, start)
    right = bisect_right(spans, end)
    # An even index lies outside a span: there the new span brings its own edge.
    edges = ([] if left % 2 else [start]) + ([] if right % 2 else [end])
    merged = spans[:left] + edges + spans[right:]
    return merged, length(merged) - length(spans)


def union(one: Spans, other: Spans) -> Spans:
    """Integers in either set."""
    result = list(one)
    for start, end in pairs(other):
        result, _ = add(result, start, end)
    return result


def subtract(spans: Spans, taken: Spans) -> Spans:
    """Integers in ``spans`` that are not in ``taken``."""
    result: Spans = []
    for start, end in pairs(spans):
        result += free(taken, start, end)
    return result


def free(spans: Spans, start: int, end: int) -> Spans:
    """The part of ``[start, end)`` that is not in the set."""
    if start >= end:
        return []
    left = bisect_right(spans, start)
    right = bisect_left(spans, end)
    # The edges of the set inside (start, end) are, in order, the edges of its gaps.
    return ([] if left % 2 else [start]) + spans[left:right] + ([] if right % 2 else [end])


def clip(spans: Spans, start: int, end: int) -> Spans:
    """The part of the set inside ``[start, end)``."""
    return subtract([start, end], free(spans, start, end)) if start < end else []


def shift(spans: Spans, by: int) -> Spans:
    """The set moved by ``by``."""
    return [edge + by for edge in spans]


def length(spans: Spans) -> int:
    """How many integers the set holds."""
    return sum(spans[1::2]) - sum(spans[::2])


def pairs(spans: Spans) -> list[tuple[int, int]]:
    """The spans as ``(start, end)``."""
    return list(zip(spans[::2], spans[1::2], strict=True))


def head(spans: Spans, count: int) -> Spans:
    """The first ``count`` integers of the set."""
    result: Spans = []
    for start, end in pairs(spans):
        if count <= 0:
            break
        stop = min(end, start + count)
        result += [start, stop]
        count -= stop - start
    return result


def coarsen(spans: Spans, most: int) -> Spans:
    """The set in at most ``most`` spans: its smallest gaps are closed, nothing is taken out."""
    surplus = len(spans) // 2 - most
    if surplus <= 0:
        return list(spans)
    gaps = range(1, len(spans) - 1, 2)
    closed = set(sorted(gaps, key=lambda edge: spans[edge + 1] - spans[edge])[:surplus])
    return [
        value for edge, value in enumerate(spans) if edge not in closed and edge - 1 not in closed
    ]


def reach(spans: Spans, point: int = 0) -> int:
    """The end of the span that holds ``point``; ``point`` itself when none does."""
    index = bisect_right(spans, point)
    return spans[index] if index % 2 else point


def pack(spans: Spans) -> bytes:
    """Little-endian unsigned 32-bit edges, 8 bytes a span."""
    return struct.pack(f"<{len(spans)}I", *spans)


def unpack(packed: bytes | memoryview) -> Spans:
    """Inverse of ``pack``."""
    return list(struct.unpack(f"<{len(packed) // 4}I", packed))
