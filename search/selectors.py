"""Reads of search: the copies behind a result list, suggestions, and the state of the index."""

from collections.abc import Sequence

from django.db.models import Q

from search.models import GlossaryTerm, SearchDoc, Suggestion
from search.query import ParsedQuery
from search.text import fold


def kinds_of_results(doc_ids: Sequence[str], audience: Sequence[str]) -> dict[str, str]:
    """Kind by document number, of those the reader may see today; no texts are loaded."""
    copies = SearchDoc.objects.filter(doc_id__in=doc_ids, audience__in=audience)
    return dict(copies.values_list("doc_id", "kind"))


def copies_for_results(doc_ids: Sequence[str], audience: Sequence[str]) -> dict[str, SearchDoc]:
    """Database copies by number, checked again: only what the reader may see today.

    The engine has filtered already, but it may lag behind; the database decides.
    """
    copies = SearchDoc.objects.filter(doc_id__in=doc_ids, audience__in=audience)
    return {copy.doc_id: copy for copy in copies}


def copies_matching(query: ParsedQuery, audience: Sequence[str]):
    """The database's own search, for when the engine is down: every term somewhere, no ranking."""
    copies = SearchDoc.objects.filter(audience__in=audience)
    for term in query.terms:
        folded = Q()
        for needle in {term.text, _as_typed(query, term.start, term.end)}:
            for field in ("title", "body", "transcript"):
                folded |= Q(**{f"{field}__icontains": needle})
        copies = copies.filter(folded)
    return copies


def _as_typed(query: ParsedQuery, start: int, end: int) -> str:
    """The characters a run was folded from; folding keeps offsets."""
    return query.text[start:end]


def suggestions(prefix: str, audience: Sequence[str], *, limit: int = 8) -> list[str]:
    """Terms and titles that begin with what was typed, glossary terms first."""
    folded = fold(prefix.strip())
    if not folded:
        return []
    found = Suggestion.objects.filter(folded__startswith=folded, audience__in=audience).order_by(
        "-weight", "folded"
    )
    return list(dict.fromkeys(found.values_list("term", flat=True)[: limit * 2]))[:limit]


def popular_terms(limit: int = 6) -> list[str]:
    """Glossary terms to offer where nothing was found, the weightiest first."""
    terms = GlossaryTerm.objects.order_by("-weight", "term")
    return list(terms.values_list("term", flat=True)[:limit])
