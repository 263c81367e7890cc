"""Celery tasks and job kinds of search: fetch, one service call."""

from celery import shared_task
from django.utils.translation import gettext_noop

from school.core.jobs import Lease, job_kind
from search.services import maintenance, outbox, rebuild


@shared_task
def drain_outbox(scheduled: bool = True) -> int:
    """Apply waiting changes: after each commit, and every few seconds as a safety net."""
    applied = outbox.drain().applied
    if scheduled:
        maintenance.rebuild_if_outdated()
    return applied


@job_kind(maintenance.REBUILD, max_attempts=3, title=gettext_noop("重建搜索索引"))
def rebuild_index(lease: Lease) -> dict:
    """Job: build the index anew."""

    def tell(done: int, total: int, what: str) -> None:
        lease.progress(done / max(total, 1), f"已索引 {done} / {total}")

    result = rebuild.rebuild(tell=tell)
    return {"docs": result.docs, "replayed": result.replayed, "failed": result.failed[:20]}
