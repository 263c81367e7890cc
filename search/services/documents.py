"""The database copies of documents and the suggestions drawn from their titles."""

from collections.abc import Sequence

from django.db import transaction

from school.core import clock
from search.documents import Cue, EngineDoc, SearchDocData
from search.models import GlossaryTerm, SearchDoc, Suggestion
from search.text import fold

_COPIED = (
    "model_label",
    "object_id",
    "kind",
    "title",
    "body",
    "transcript",
    "cues",
    "tags",
    "facets",
    "audience",
    "url",
    "published_at",
    "weight",
    "version",
    "updated_at",
)


def _copy(doc: EngineDoc) -> SearchDoc:
    label, _, object_id = doc.doc_id.rpartition(":")
    data = doc.data
    return SearchDoc(
        doc_id=doc.doc_id,
        model_label=label,
        object_id=object_id,
        kind=data.kind,
        title=data.title[:255],
        body=data.body,
        transcript=data.transcript,
        cues=[[cue.start_ms, cue.end_ms, cue.text] for cue in data.cues],
        tags=list(data.tags),
        facets={name: list(values) for name, values in data.facets.items()},
        audience=data.audience,
        url=data.url,
        published_at=data.published_at,
        weight=data.weight,
        version=doc.version,
        updated_at=clock.now(),
    )


@transaction.atomic
def store(docs: Sequence[EngineDoc]) -> None:
    """Insert or replace database copies and their suggestions."""
    if not docs:
        return
    SearchDoc.objects.bulk_create(
        [_copy(doc) for doc in docs],
        update_conflicts=True,
        unique_fields=["doc_id"],
        update_fields=_COPIED,
        batch_size=200,
    )
    Suggestion.objects.filter(doc_id__in=[doc.doc_id for doc in docs]).delete()
    Suggestion.objects.bulk_create(
        [
            Suggestion(
                term=doc.data.title[:255],
                folded=fold(doc.data.title[:255]),
                audience=doc.data.audience,
                doc_id=doc.doc_id,
            )
            for doc in docs
        ]
    )


@transaction.atomic
def remove(doc_ids: Sequence[str]) -> None:
    """Delete database copies and their suggestions."""
    SearchDoc.objects.filter(doc_id__in=doc_ids).delete()
    Suggestion.objects.filter(doc_id__in=doc_ids).delete()


def suggest_term(term: GlossaryTerm) -> None:
    """Offer a glossary term while typing, to everybody."""
    forget_term(term)
    Suggestion.objects.create(
        term=term.term,
        folded=fold(term.term),
        weight=min(term.weight + 10, 32_000),
        doc_id=f"glossary:{term.pk}",
    )


def forget_term(term: GlossaryTerm) -> None:
    """Stop offering a glossary term."""
    Suggestion.objects.filter(doc_id=f"glossary:{term.pk}").delete()


def as_data(copy: SearchDoc) -> SearchDocData:
    """A database copy as the document it was made from."""
    return SearchDocData(
        kind=copy.kind,
        title=copy.title,
        url=copy.url,
        body=copy.body,
        audience=copy.audience,
        cues=[Cue(*cue) for cue in copy.cues],
        tags=copy.tags,
        facets=copy.facets,
        published_at=copy.published_at,
        weight=copy.weight,
    )
