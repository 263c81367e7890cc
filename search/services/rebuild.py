"""Rebuild: a new index beside the one in use, a replay of what changed meanwhile, one swap."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from school.core import clock
from search import registry
from search.documents import EngineDoc, document_id
from search.engines import get_engine
from search.engines.base import EngineDown
from search.models import Outbox, SearchDoc
from search.services import documents, guard, outbox

CHUNK = 100
SWAP_WAIT_SECONDS = 30.0

Tell = Callable[[int, int, str], None]


@dataclass
class Rebuilt:
    """What a rebuild did; ``failed`` names objects whose builder raised."""

    docs: int = 0
    replayed: int = 0
    failed: list[str] = field(default_factory=list)


def _silent(done: int, total: int, what: str) -> None:
    """The default listener: tells nobody."""


def rebuild(*, tell: Tell = _silent) -> Rebuilt:
    """Build a new index from all registered objects and put it in the place of the old one.

    Changes made meanwhile go on being applied to the old index; their outbox rows are replayed into
    the new one before the swap, deletions too, so none is lost.

    Args:
        tell: called with (objects done, objects in all, model) after each chunk.

    Raises:
        EngineDown: the engine cannot be reached; the old index stays in use.
        Busy: another rebuild is running, or a drain did not end; the old index stays in use.
    """
    with guard.hold(guard.REBUILD, wait_seconds=0):
        start = outbox.last_id()
        result = Rebuilt()
        session = get_engine().rebuild()
        try:
            known = _fill(session, start, result, tell)
            with guard.hold(guard.DRAIN, wait_seconds=SWAP_WAIT_SECONDS):
                _replay(session, start, result)
                session.swap()
                _forget_lost(known, start)
        except BaseException:
            with contextlib.suppress(EngineDown):
                session.abort()
            raise
        return result


def _fill(session, version: int, result: Rebuilt, tell: Tell) -> dict[str, set[str]]:
    registrations = list(registry.registrations())
    total = sum(r.queryset().count() for r in registrations)
    known: dict[str, set[str]] = {}
    done = 0
    for registration in registrations:
        label = registration.model_label
        found = known.setdefault(label, set())
        chunk: list[EngineDoc] = []
        for instance in registration.queryset().order_by("pk").iterator(chunk_size=CHUNK):
            done += 1
            doc_id = document_id(label, instance.pk)
            try:
                data = registration.build(instance)
            except Exception as error:
                result.failed.append(f"{doc_id}: {type(error).__name__}: {error}")
                continue
            if data is None:
                continue
            found.add(str(instance.pk))
            chunk.append(EngineDoc(doc_id, data, version))
            if len(chunk) >= CHUNK:
                _write(session, chunk, result)
                tell(done, total, label)
                chunk = []
        _write(session, chunk, result)
        tell(done, total, label)
    return known


def _write(session, chunk: list[EngineDoc], result: Rebuilt) -> None:
    if chunk:
        documents.store(chunk)
        session.add(chunk)
        result.docs += len(chunk)


def _replay(session, start: int, result: Rebuilt) -> None:
    """Bring the new index up to the present; whatever waits is then applied as well."""
    rows = list(Outbox.objects.filter(pk__gt=start).order_by("pk"))
    older = list(outbox.waiting().filter(pk__lte=start))
    newest = {(row.model_label, row.object_id): row for row in [*older, *rows]}
    upserts, deletes, broken = outbox.collect(list(newest.values()))
    documents.store(upserts)
    documents.remove([doc_id for doc_id, _version in deletes])
    if upserts:
        session.add(upserts)
    if deletes:
        session.delete([doc_id for doc_id, _version in deletes])
    result.replayed = len(upserts) + len(deletes)
    applied = [row.pk for row in [*older, *rows] if (row.model_label, row.object_id) not in broken]
    Outbox.objects.filter(pk__in=applied, applied_at=None).update(applied_at=clock.now(), reason="")


def _forget_lost(known: dict[str, set[str]], start: int) -> None:
    """Drop database copies of objects that vanished without a word (bulk deletes, old models)."""
    lost = [
        doc_id
        for doc_id, label, object_id in SearchDoc.objects.filter(version__lte=start).values_list(
            "doc_id", "model_label", "object_id"
        )
        if object_id not in known.get(label, set())
    ]
    for position in range(0, len(lost), CHUNK):
        documents.remove(lost[position : position + CHUNK])
