"""One search, from what was typed to what is shown."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from school.members.selectors.audiences import audience_tokens
from search import registry, selectors, snippets, transcripts
from search.analysis import current_analyzer, current_synonyms
from search.engines import get_engine
from search.engines.base import EngineDown, EngineQuery, EngineResult
from search.models import SearchDoc
from search.plan import build_plan
from search.query import ParsedQuery, parse

logger = logging.getLogger(__name__)

PAGE_SIZE = 20
GROUP_SIZE = 5
# Without a chosen kind the best of so many hits are grouped; each group links to all of its kind.
GROUPED_HITS = 60
DEEPEST_PAGE = 50


@dataclass(frozen=True)
class Hit:
    """One result as shown."""

    doc: SearchDoc
    title: list[snippets.Piece]
    snippet: list[snippets.Piece]
    cues: list[transcripts.CueHit]

    @property
    def kind_name(self) -> str:
        return registry.kind_name(self.doc.kind)


@dataclass(frozen=True)
class Group:
    """Hits of one kind and how many there are in all."""

    kind: str
    name: str
    total: int
    hits: list[Hit]

    @property
    def has_more(self) -> bool:
        return self.total > len(self.hits)


@dataclass(frozen=True)
class KindCount:
    """A kind, its name and its number of hits."""

    kind: str
    name: str
    count: int


@dataclass(frozen=True)
class SearchPage:
    """A page of results.

    ``degraded``: the engine was down and the database answered without ranking.
    ``relaxed``: nothing held enough of the query, so near matches are shown.
    """

    query: ParsedQuery
    hits: list[Hit]
    groups: list[Group]
    total: int
    kinds: list[KindCount]
    facets: dict[tuple[str, str], int]
    took_ms: int
    degraded: bool = False
    relaxed: bool = False
    number: int = 1
    pages: int = 1
    kind: str = ""
    all_total: int = field(default=0)

    @property
    def is_empty(self) -> bool:
        return not self.total


def search(
    text: str, member=None, *, kind: str = "", page: int = 1, grouped: bool = True
) -> SearchPage:
    """Search for a reader.

    Args:
        text: as typed, of any length.
        member: the reader; None or anonymous for a guest, who finds public things only.
        kind: show one kind, paged; empty shows the best of each kind.
        page: from 1; values out of range are brought into it.
        grouped: without a kind, the first few of each kind; False gives one ranked list.
    """
    began = time.perf_counter()
    query = parse(text, current_analyzer(), current_synonyms())
    if query.is_empty:
        return SearchPage(query, [], [], 0, [], {}, 0, kind=kind)
    audience = audience_tokens(member)
    page = max(1, min(page, DEEPEST_PAGE))
    paged = bool(kind) or not grouped
    start, size = ((page - 1) * PAGE_SIZE, PAGE_SIZE) if paged else (0, GROUPED_HITS)
    try:
        result, relaxed = _ask_engine(query, audience, kind, start, size)
        degraded = False
        wanted = [hit.doc_id for hit in result.hits]
    except EngineDown:
        result, wanted = _ask_database(query, audience, kind, start, size)
        degraded, relaxed = True, False
    kinds = selectors.kinds_of_results(wanted, audience)
    visible = [doc_id for doc_id in wanted if doc_id in kinds]
    shown = visible if paged else _first_of_each_kind(visible, kinds)
    copies = selectors.copies_for_results(shown, audience)
    hits = [_hit(copies[doc_id], query) for doc_id in shown if doc_id in copies]
    return SearchPage(
        query=query,
        hits=hits,
        groups=[] if paged else _groups(hits, result.kinds),
        total=result.total,
        kinds=_kind_counts(result.kinds),
        facets=result.facets,
        took_ms=round((time.perf_counter() - began) * 1000),
        degraded=degraded,
        relaxed=relaxed,
        number=page,
        pages=min(max(1, -(-result.total // PAGE_SIZE)), DEEPEST_PAGE) if paged else 1,
        kind=kind,
        all_total=sum(result.kinds.values()),
    )


def _ask_engine(
    query: ParsedQuery, audience: tuple[str, ...], kind: str, start: int, size: int
) -> tuple[EngineResult, bool]:
    engine = get_engine()
    for relaxed in (False, True):
        result = engine.search(
            EngineQuery(
                node=build_plan(query, relaxed=relaxed),
                audience=audience,
                kinds=(kind,) if kind else (),
                start=start,
                size=size,
            )
        )
        if result.kinds or len(query.grams) < 2:
            break
    return result, relaxed and bool(result.kinds)


def _ask_database(
    query: ParsedQuery, audience: tuple[str, ...], kind: str, start: int, size: int
) -> tuple[EngineResult, list[str]]:
    matching = selectors.copies_matching(query, audience)
    counts: dict[str, int] = {}
    for found_kind in matching.values_list("kind", flat=True)[:2000]:
        counts[found_kind] = counts.get(found_kind, 0) + 1
    narrowed = matching.filter(kind=kind) if kind else matching
    newest = narrowed.order_by("-published_at", "-pk").values_list("doc_id", flat=True)
    total = counts.get(kind, 0) if kind else sum(counts.values())
    return EngineResult((), total, counts), list(newest[start : start + size])


def _first_of_each_kind(doc_ids: Sequence[str], kinds: dict[str, str]) -> list[str]:
    """The first few of each kind; texts are loaded and snippets made for these only."""
    taken: dict[str, int] = {}
    shown = []
    for doc_id in doc_ids:
        taken[kinds[doc_id]] = taken.get(kinds[doc_id], 0) + 1
        if taken[kinds[doc_id]] <= GROUP_SIZE:
            shown.append(doc_id)
    return shown


def _hit(doc: SearchDoc, query: ParsedQuery) -> Hit:
    cues = transcripts.locate(doc.cues, query) if doc.cues else []
    text = doc.body
    if doc.transcript:
        spoken = snippets.best_worth(doc.transcript, query)
        text = doc.transcript if spoken > snippets.best_worth(doc.body, query) else doc.body
    return Hit(doc, snippets.mark(doc.title, query), snippets.snippet(text, query), cues)


def _groups(hits: Sequence[Hit], counts: dict[str, int]) -> list[Group]:
    """Groups in the order of their best hit."""
    by_kind: dict[str, list[Hit]] = {}
    for hit in hits:
        by_kind.setdefault(hit.doc.kind, []).append(hit)
    return [
        Group(kind, registry.kind_name(kind), max(counts.get(kind, 0), len(of_kind)), of_kind)
        for kind, of_kind in by_kind.items()
    ]


def _kind_counts(counts: dict[str, int]) -> list[KindCount]:
    ordered = sorted(counts.items(), key=lambda item: registry.kind_order(item[0]))
    return [KindCount(kind, registry.kind_name(kind), count) for kind, count in ordered]
