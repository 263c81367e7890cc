"""The outbox: changes written with their cause, applied to the index shortly after.

``enqueue`` belongs into the transaction of the change. ``drain`` brings database copies and engine
up to the present state of each object, so applying a row twice, or a killed drain, does no harm.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Max, Q

from school.core import clock
from search import registry
from search.documents import EngineDoc, document_id
from search.engines import get_engine
from search.engines.base import EngineDown
from search.models import Outbox, SearchDoc
from search.services import documents, guard

logger = logging.getLogger(__name__)

BATCH = 500
WAIT_SECONDS = 2.0
KEEP_APPLIED = timedelta(days=1)
LONGEST_PAUSE_SECONDS = 300


@dataclass
class Drained:
    """What one drain did: rows applied, rows that failed, and why."""

    applied: int = 0
    failed: int = 0
    busy: bool = False
    reasons: list[str] = field(default_factory=list)


def enqueue(model_label: str, pk: object, *, op: str = Outbox.Op.UPSERT) -> Outbox:
    """Note that an object changed or is gone; after the commit a drain is asked for at once.

    Args:
        model_label: ``app.model`` of a registered model; others are kept and dropped by the drain.
        pk: its primary key.
        op: a note for people; what is done depends on whether the object still exists.
    """
    row = Outbox.objects.create(
        model_label=model_label.lower(), object_id=str(pk), op=op, created_at=clock.now()
    )
    connection = transaction.get_connection()
    if not any(entry[1] is _ask_for_drain for entry in connection.run_on_commit):
        transaction.on_commit(_ask_for_drain)
    return row


def _ask_for_drain() -> None:
    """Send the drain task; if the broker is away the scheduled drain does it some seconds later."""
    from kombu.exceptions import OperationalError

    from search.tasks import drain_outbox

    try:
        drain_outbox.apply_async(kwargs={"scheduled": False}, retry=False)
    except (OSError, OperationalError):
        logger.exception("broker refused the drain of the search outbox")


def last_id() -> int:
    """The newest change's number, also when its row has been pruned: the present moment."""
    row = Outbox.objects.aggregate(last=Max("id"))["last"] or 0
    copy = SearchDoc.objects.aggregate(last=Max("version"))["last"] or 0
    return max(row, copy)


def waiting():
    """Rows not yet applied."""
    return Outbox.objects.filter(applied_at=None)


def drain(limit: int = BATCH, *, wait_seconds: float = WAIT_SECONDS) -> Drained:
    """Apply waiting rows in order, in batches, until none is left.

    Args:
        limit: rows per batch, one engine commit each.
        wait_seconds: how long to wait for a drain in another process.
    """
    total = Drained()
    try:
        with guard.hold(guard.DRAIN, wait_seconds=wait_seconds):
            while True:
                batch = _drain_batch(limit)
                total.applied += batch.applied
                total.failed += batch.failed
                total.reasons += batch.reasons
                if not batch.applied:
                    break
            Outbox.objects.filter(applied_at__lt=clock.now() - KEEP_APPLIED).delete()
    except guard.Busy:
        total.busy = True
    return total


def _drain_batch(limit: int) -> Drained:
    now = clock.now()
    due = waiting().filter(Q(next_attempt_at=None) | Q(next_attempt_at__lte=now))
    rows = list(due.order_by("id")[:limit])
    if not rows:
        return Drained()
    newest = {(row.model_label, row.object_id): row for row in rows}
    upserts, deletes, broken = collect(list(newest.values()))
    done = [row.pk for row in rows if (row.model_label, row.object_id) not in broken]
    for (label, object_id), reason in broken.items():
        pks = [r.pk for r in rows if (r.model_label, r.object_id) == (label, object_id)]
        _put_off(pks, reason)
    documents.store(upserts)
    documents.remove([doc_id for doc_id, _version in deletes])
    try:
        get_engine().apply(upserts, deletes)
    except EngineDown as error:
        _put_off(done, str(error))
        return Drained(0, len(rows), reasons=[str(error)])
    _mark_applied(done)
    return Drained(len(done), len(rows) - len(done), reasons=list(broken.values()))


def collect(
    rows: Sequence[Outbox],
) -> tuple[list[EngineDoc], list[tuple[str, int]], dict[tuple[str, str], str]]:
    """Build today's documents of the objects that the rows name.

    Returns:
        Documents to write, (number, version) to remove, and reasons by (model, id) of those whose
        builder failed.
    """
    upserts: list[EngineDoc] = []
    deletes: list[tuple[str, int]] = []
    broken: dict[tuple[str, str], str] = {}
    by_label: dict[str, list[Outbox]] = {}
    for row in rows:
        by_label.setdefault(row.model_label, []).append(row)
    for label, group in by_label.items():
        registration = registry.registration(label)
        objects = {}
        if registration is not None:
            wanted = [row.object_id for row in group]
            objects = {str(o.pk): o for o in registration.queryset().filter(pk__in=wanted)}
        for row in group:
            doc_id = document_id(label, row.object_id)
            try:
                found = objects.get(row.object_id)
                data = registration.build(found) if found is not None else None
            except Exception as error:  # one bad object must not stop the others
                logger.exception("cannot describe %s for search", doc_id)
                broken[label, row.object_id] = f"{type(error).__name__}: {error}"[:500]
                continue
            if data is None:
                deletes.append((doc_id, row.pk))
            else:
                upserts.append(EngineDoc(doc_id, data, row.pk))
    return upserts, deletes, broken


def _mark_applied(pks: Sequence[int]) -> None:
    Outbox.objects.filter(pk__in=pks).update(applied_at=clock.now(), reason="")


def _put_off(pks: Sequence[int], reason: str) -> None:
    """Note why rows failed and when to try again, later each time."""
    rows = Outbox.objects.filter(pk__in=pks)
    attempts = rows.aggregate(most=Max("attempts"))["most"] or 0
    pause = min(2 ** min(attempts, 10), LONGEST_PAUSE_SECONDS)
    rows.update(
        attempts=F("attempts") + 1,
        reason=reason[:2000],
        next_attempt_at=clock.now() + timedelta(seconds=pause),
    )
