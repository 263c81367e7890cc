"""What every engine does. Small on purpose: ranking, filtering and counting, nothing else."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from search.documents import EngineDoc
from search.plan import FIELD_WEIGHTS, Node
from search.text import Analyzer

LONGEST_FIELD = 200_000


class EngineDown(Exception):
    """The engine cannot answer now; callers fall back to the database or try again later."""


@dataclass(frozen=True)
class EngineQuery:
    """One search.

    Args:
        node: what scores (``search.plan.build_plan``).
        audience: tokens the reader holds; a document outside them is never returned or counted.
        kinds: restrict to these kinds; they do not restrict the counts by kind.
        facets: ``facet → value`` pairs that must hold.
        sort: ``relevance`` or ``newest``.
        start: first hit, from 0.
        size: number of hits.
    """

    node: Node
    audience: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    facets: tuple[tuple[str, str], ...] = ()
    sort: str = "relevance"
    start: int = 0
    size: int = 20


@dataclass(frozen=True)
class EngineHit:
    """A document number and its score (0 when sorted by date)."""

    doc_id: str
    score: float


@dataclass(frozen=True)
class EngineResult:
    """Hits in order, their total within ``kinds``, counts by kind and by ``(facet, value)``."""

    hits: tuple[EngineHit, ...]
    total: int
    kinds: dict[str, int] = field(default_factory=dict)
    facets: dict[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True)
class EngineHealth:
    """State of the index; ``version`` is that of schema and analysis it was built with."""

    name: str
    reachable: bool
    docs: int = 0
    version: str = ""
    size_bytes: int = 0
    detail: str = ""


class RebuildSession(Protocol):
    """A new index being filled beside the one in use."""

    def add(self, docs: Iterable[EngineDoc]) -> None:
        """Write documents into the new index, replacing those with the same number."""

    def delete(self, doc_ids: Sequence[str]) -> None:
        """Remove documents from the new index."""

    def swap(self) -> None:
        """Put the new index in the place of the old one, in one step."""

    def abort(self) -> None:
        """Throw the new index away."""


class SearchEngine(Protocol):
    """Raises ``EngineDown`` from every method when the index cannot be reached."""

    capabilities: frozenset[str]

    def ensure(self) -> bool:
        """Make an empty index if there is none; returns whether one was made."""

    def apply(self, upserts: Sequence[EngineDoc], deletes: Sequence[tuple[str, int]]) -> None:
        """Write and remove (number, version) in one commit; older versions never win."""

    def search(self, query: EngineQuery) -> EngineResult:
        """Answer one query."""

    def rebuild(self) -> RebuildSession:
        """Start a new index."""

    def health(self) -> EngineHealth:
        """State of the index; never raises."""


def text_fields(doc: EngineDoc, analyzer: Analyzer) -> dict[str, str]:
    """The token fields of a document, joined by blanks for a whitespace analyzer."""
    data = doc.data
    sources = {
        "title": data.title,
        "tags": " ".join(data.tags),
        "body": data.body[:LONGEST_FIELD],
        "transcript": data.transcript[:LONGEST_FIELD],
    }
    fields: dict[str, str] = {}
    for name in FIELD_WEIGHTS:
        fields[f"{name}_w"] = " ".join(analyzer.words(sources[name]))
        fields[f"{name}_g"] = " ".join(analyzer.grams(sources[name]))
    whole = "\n".join(sources.values())
    fields["characters"] = " ".join(analyzer.characters(whole))
    fields["title_characters"] = " ".join(analyzer.characters(data.title))
    return fields


def facet_tokens(doc: EngineDoc) -> list[str]:
    """``facet=value`` tokens of a document."""
    return [f"{name}={value}" for name, values in doc.data.facets.items() for value in values]


def split_facet(token: str) -> tuple[str, str]:
    """The facet and the value of a token."""
    name, _, value = token.partition("=")
    return name, value


def seconds(moment: datetime | None) -> int:
    """Whole seconds since the epoch; 0 when unknown."""
    return int(moment.timestamp()) if moment else 0
