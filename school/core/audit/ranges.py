"""Sets of entry numbers as sorted, disjoint ranges [first, last]. Pure functions."""

import bisect
from collections.abc import Iterable

Range = tuple[int, int]


def compress(ids: Iterable[int]) -> list[Range]:
    """Sorted numbers as ranges: 1 2 3 7 → (1, 3) (7, 7)."""
    found: list[Range] = []
    for number in ids:
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def merge(ranges: Iterable[Range]) -> list[Range]:
    """Ranges in any order, also overlapping, as one sorted, disjoint list."""
    found: list[Range] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def subtract(ranges: Iterable[Range], taken: Iterable[Range]) -> list[Range]:
    """What is in the first set and not in the second; both sorted and disjoint."""
    found, cuts = [], list(taken)
    at = 0
    for first, last in ranges:
        while at < len(cuts) and cuts[at][1] < first:
            at += 1
        look = at
        while look < len(cuts) and cuts[look][0] <= last:
            if cuts[look][0] > first:
                found.append((first, cuts[look][0] - 1))
            first = max(first, cuts[look][1] + 1)
            look += 1
        if first <= last:
            found.append((first, last))
    return found


def size(ranges: Iterable[Range]) -> int:
    """How many numbers the ranges hold."""
    return sum(last - first + 1 for first, last in ranges)


def contains(ranges: list[Range], number: int) -> bool:
    """Whether a number lies in one of the sorted ranges."""
    at = bisect.bisect_right(ranges, (number, float("inf"))) - 1
    return at >= 0 and ranges[at][0] <= number <= ranges[at][1]


def written(ranges: Iterable[Range], shown: int = 5) -> str:
    """For people: "3、7–9 等"."""
    listed = list(ranges)
    words = [str(a) if a == b else f"{a}–{b}" for a, b in listed[:shown]]
    return "、".join(words) + (" 等" if len(listed) > shown else "")
