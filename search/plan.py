"""The engine-neutral query tree: same tokens, same weights, same tiers on every engine.

Each engine only translates ``Term``, ``Phrase``, ``AnyOf``, ``Bool`` and ``Constant``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from search.query import ParsedQuery
from search.text import fold, run_grams, runs

SCHEMA_REVISION = "1"

# Text fields and their weights. ``_w`` holds words, ``_g`` bigrams; ``characters`` single ones.
FIELD_WEIGHTS = {"title": 3.0, "tags": 2.0, "body": 1.0, "transcript": 0.8}
WORD_WEIGHT = 1.0
GRAM_WEIGHT = 0.5
SYNONYM_WEIGHT = 0.5
# Tiers: constants above what term scores reach, so that both engines order alike.
TIER_ALL_TERMS = 60.0
TIER_TITLE = 20.0

MOST_GRAMS = 64
MOST_WORDS = 48
KEYWORD_GRAMS = 12


@dataclass(frozen=True)
class Term:
    """Documents with this token in this field."""

    field: str
    token: str
    boost: float = 1.0


@dataclass(frozen=True)
class Phrase:
    """Documents with these tokens side by side in this field."""

    field: str
    tokens: tuple[str, ...]
    boost: float = 1.0


@dataclass(frozen=True)
class AnyOf:
    """Documents where a keyword field holds one of the values; does not score."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Constant:
    """Documents matching ``node``, all with the same score."""

    node: "Node"
    score: float


@dataclass(frozen=True)
class Bool:
    """``must`` all, ``should`` at least ``minimum`` of them; ``filters`` do not score."""

    must: tuple["Node", ...] = ()
    should: tuple["Node", ...] = ()
    filters: tuple["Node", ...] = ()
    minimum: int = 0


Node = Term | Phrase | AnyOf | Constant | Bool


def any_of(nodes: Sequence[Node]) -> Node:
    """At least one of the nodes."""
    return nodes[0] if len(nodes) == 1 else Bool(should=tuple(nodes), minimum=1)


def all_of(nodes: Sequence[Node]) -> Node:
    """All of the nodes."""
    return nodes[0] if len(nodes) == 1 else Bool(must=tuple(nodes))


def _contains(tokens: Sequence[str], fields: Sequence[str]) -> Node:
    """A run of text somewhere in one of the fields, as an exact phrase of bigrams."""
    if len(tokens) == 1 and len(tokens[0]) == 1:
        where = "title_characters" if tuple(fields) == ("title",) else "characters"
        return Term(where, tokens[0])
    nodes: list[Node] = [
        Term(f"{field}_g", tokens[0]) if len(tokens) == 1 else Phrase(f"{field}_g", tuple(tokens))
        for field in fields
    ]
    return any_of(nodes)


def _gram(token: str) -> Node:
    """One bigram in any text field, scored by field weight."""
    if len(token) == 1:
        return any_of([Term("characters", token), Term("title_characters", token, 2.0)])
    return any_of(
        [Term(f"{field}_g", token, weight * GRAM_WEIGHT) for field, weight in FIELD_WEIGHTS.items()]
    )


def minimum_grams(count: int, *, relaxed: bool) -> int:
    """How many distinct grams a document must hold.

    Keywords must match well (all of two, else half); a question or a sentence only a little,
    for requiring more loses answers put in other words.
    """
    if relaxed or count <= 1:
        return min(count, 1)
    if count == 2:
        return 2
    if count <= KEYWORD_GRAMS:
        return math.ceil(count / 2)
    return 3


def build_plan(query: ParsedQuery, *, relaxed: bool = False) -> Node:
    """The scoring part of a search.

    Args:
        query: parsed, not empty.
        relaxed: accept documents holding any single gram (second try after no hit).
    """
    grams = query.grams[:MOST_GRAMS]
    matches: Node = Bool(
        should=tuple(_gram(gram) for gram in grams),
        minimum=minimum_grams(len(grams), relaxed=relaxed),
    )
    fields = tuple(FIELD_WEIGHTS)
    if query.alternatives:
        synonyms: list[Node] = []
        for text in query.alternatives[:8]:
            parts = [_contains(run_grams(run), fields) for run in runs(fold(text))]
            if parts:
                synonyms.append(Constant(all_of(parts), SYNONYM_WEIGHT * 10))
        matches = any_of([matches, *synonyms])
    words = tuple(
        Term(f"{field}_w", word, weight * WORD_WEIGHT)
        for word in query.words[:MOST_WORDS]
        for field, weight in FIELD_WEIGHTS.items()
    )
    exact = [run_grams(run)[:MOST_GRAMS] for run in query.terms]
    tiers = (
        Constant(all_of([_contains(tokens, fields) for tokens in exact]), TIER_ALL_TERMS),
        Constant(all_of([_contains(tokens, ("title",)) for tokens in exact]), TIER_TITLE),
    )
    return Bool(must=(matches,), should=words + tiers)
