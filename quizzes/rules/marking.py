"""Marking as pure functions over plain values. Marks are integer hundredths."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

SINGLE, MULTIPLE, TRUE_FALSE, FILL_BLANK = "single", "multiple", "true_false", "fill_blank"
EXACT, HALF = "exact", "half"


@dataclass(frozen=True, slots=True)
class Mark:
    """Outcome of one question: marks in hundredths, and whether the answer is wholly right."""

    marks: int
    right: bool


def mark(kind: str, key: dict, given: Sequence[str], full: int, rule: str = EXACT) -> Mark:
    """Mark one answer.

    Args:
        kind: one of the four kinds above.
        key: ``{"options": [ids]}``, or ``{"blanks": [[alternatives], …], "ordered": bool}``.
        given: option ids, or the texts of the blanks in order; empty: not answered.
        full: marks for a right answer, in hundredths.
        rule: ``exact`` or ``half``; only multiple choice asks for it.

    Raises:
        ValueError: unknown kind or rule.
    """
    if rule not in (EXACT, HALF):
        raise ValueError(f"unknown rule {rule!r}")
    if kind == FILL_BLANK:
        return _mark_blanks(key, given, full)
    if kind == MULTIPLE:
        return _mark_multiple(set(key["options"]), set(given), full, rule)
    if kind in (SINGLE, TRUE_FALSE):
        right = len(given) == 1 and given[0] in key["options"]
        return Mark(full if right else 0, right)
    raise ValueError(f"unknown kind {kind!r}")


def _mark_multiple(key: set[str], given: set[str], full: int, rule: str) -> Mark:
    if given == key:
        return Mark(full, True)
    incomplete = bool(given) and given < key
    return Mark(full // 2 if rule == HALF and incomplete else 0, False)


def _mark_blanks(key: dict, given: Sequence[str], full: int) -> Mark:
    """Each blank counts the same; the sum is rounded down, all blanks right is the full mark."""
    blanks = [{normalise(text) for text in alternatives} for alternatives in key["blanks"]]
    texts = [normalise(text) for text in given][: len(blanks)]
    if key.get("ordered", True):
        hits = sum(bool(text) and text in blank for text, blank in zip(texts, blanks, strict=False))
    else:
        hits = _matched(texts, blanks)
    if hits == len(blanks):
        return Mark(full, True)
    return Mark(full * hits // len(blanks), False)


def _matched(texts: list[str], blanks: list[set[str]]) -> int:
    """Largest number of texts that fit blanks of their own (augmenting paths)."""
    holder: dict[int, int] = {}

    def place(index: int, tried: set[int]) -> bool:
        for blank, alternatives in enumerate(blanks):
            if blank in tried or texts[index] not in alternatives:
                continue
            tried.add(blank)
            if blank not in holder or place(holder[blank], tried):
                holder[blank] = index
                return True
        return False

    return sum(place(index, set()) for index, text in enumerate(texts) if text)


def normalise(text: str) -> str:
    """A blank's text as compared: width and case folded, spaces dropped."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", str(text)).casefold())
    return "".join(folded.split())


def passes(score: int, full: int, pass_mark: int) -> bool:
    """Whether ``score`` of ``full`` reaches ``pass_mark`` %; a paper of 0 marks never does."""
    return full > 0 and score * 100 >= pass_mark * full
