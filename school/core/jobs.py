"""Background jobs: enqueue, claim, progress, finish. The only writer of ``Job`` rows.

An app registers what it can do with ``@job_kind`` (imported from its ``AppConfig.ready``) and asks
for it with ``enqueue``. Celery delivers the id; ``run`` claims the row and calls the handler with a
``Lease``, through which progress is told and by which a lost claim is noticed. While the handler
runs, a thread of its process keeps the lease, so a long silent step is not taken for a dead worker.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, connection, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from school.core import alive, clock
from school.core.audit import coming_from
from school.core.errors import Conflict, DomainError
from school.core.models import Job

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=45)
RESEND_AFTER = timedelta(seconds=60)
RENEW_EVERY = 2.0
# Three chances to renew a lease before it runs out.
KEEP_EVERY = LEASE.total_seconds() / 3
# A handler that has told nothing for so long hangs: its lease is no longer kept for it.
LONGEST_SILENCE = 3600.0


class JobCancelled(Exception):
    """Raised inside a handler when somebody cancelled the job."""


class LeaseLost(Exception):
    """Raised inside a handler when another worker has taken the job over; stop at once."""


@dataclass(frozen=True)
class Kind:
    """What a job kind is: its handler, queue, number of tries, and how people call it."""

    name: str
    handler: Callable[["Lease"], dict | None]
    queue: str
    max_attempts: int
    title: str = ""


_kinds: dict[str, Kind] = {}


def job_kind(name: str, *, queue: str = "default", max_attempts: int = 3, title: str = ""):
    """Register the decorated function as the handler of a job kind.

    Args:
        title: what people call this kind of work, in the list of jobs; marked by ``gettext_noop``.
    """

    def register(handler: Callable[["Lease"], dict | None]):
        _kinds[name] = Kind(name, handler, queue, max_attempts, title)
        return handler

    return register


def kinds() -> dict[str, Kind]:
    """All registered kinds by name."""
    return dict(_kinds)


def kind_title(name: str) -> str:
    """A job kind in words; one that nobody has named stays as it is."""
    kind = _kinds.get(name)
    return _(kind.title) if kind and kind.title else name


class Lease:
    """A worker's hold on one job, given to the handler."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._renewed = time.monotonic()
        # Set by whoever keeps the lease: the next progress asks the row whose job it is.
        self.doubtful = threading.Event()

    @property
    def payload(self) -> dict[str, Any]:
        return self.job.payload

    @property
    def silent_for(self) -> float:
        """Seconds since the handler last told something."""
        return time.monotonic() - self._renewed

    def progress(self, share: float, step: str = "", *, force: bool = False) -> None:
        """Tell how far the job is and renew the lease; written at most every two seconds.

        Args:
            share: 0.0 to 1.0.
            step: what is being done now, in Chinese, at most 100 characters.
            force: write even if the last write was a moment ago.

        Raises:
            JobCancelled: the job was cancelled.
            LeaseLost: the lease ran out and another worker owns the job.
        """
        if not (force or self.doubtful.is_set()) and self.silent_for < RENEW_EVERY:
            return
        self._renewed = time.monotonic()
        values: dict[str, Any] = {"progress": int(max(0.0, min(1.0, share)) * 1000)}
        if step:
            values["step"] = step[:100]
        if self.renew(**values):
            return
        current = Job.objects.get(pk=self.job.pk)
        if current.state == Job.State.CANCELLED:
            raise JobCancelled
        raise LeaseLost

    def renew(self, **values: Any) -> bool:
        """Hold the job for another ``LEASE``; False when it is no longer this worker's."""
        values["lease_until"] = clock.now() + LEASE
        return bool(_held(self.job).update(**values))


def _held(job: Job) -> models.QuerySet[Job]:
    """The row as long as it runs and belongs to whoever claimed ``job``."""
    return Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, lease_owner=job.lease_owner)


@contextmanager
def kept(lease: Lease) -> Iterator[None]:
    """Renew a lease from a thread beside the handler; it ends with the block or its process.

    It stops for good when the job was cancelled, taken over, or has been silent for too long.
    """
    begun, over = threading.Event(), threading.Event()
    keeper = threading.Thread(target=_keep, args=[lease, begun, over], name="lease", daemon=True)
    keeper.start()
    begun.wait()
    try:
        yield
    finally:
        over.set()
        keeper.join()


def _keep(lease: Lease, begun: threading.Event, over: threading.Event) -> None:
    try:
        with alive.shown(lease.job.pk):
            begun.set()
            while not over.wait(KEEP_EVERY) and lease.silent_for < LONGEST_SILENCE:
                if not _renewed(lease):
                    lease.doubtful.set()
                    return
    finally:
        begun.set()
        connection.close()


def _renewed(lease: Lease) -> bool:
    """Whether the job is still this worker's, as far as can be known."""
    try:
        return lease.renew()
    except DatabaseError:
        logger.warning("lease of job %s could not be renewed", lease.job.pk, exc_info=True)
        connection.close()
        return True


def enqueue(
    kind: str,
    *,
    subject: models.Model | None = None,
    title: str = "",
    payload: dict | None = None,
    by: models.Model | None = None,
) -> Job:
    """Write a job and send its id once the transaction commits.

    Raises:
        KeyError: no such kind is registered.
    """
    registered = _kinds[kind]
    now = clock.now()
    job = Job.objects.create(
        kind=kind,
        queue=registered.queue,
        subject_type=subject._meta.label_lower if subject else "",
        subject_id=str(subject.pk) if subject else "",
        title=title[:200],
        payload=payload or {},
        max_attempts=registered.max_attempts,
        created_by_id=by.pk if by else None,
        created_at=now,
        sent_at=now,
    )
    transaction.on_commit(lambda: send(job))
    return job


def send(job: Job) -> None:
    """Hand the id to Celery. If the broker is away the beat task sends it again."""
    from school.core.tasks import run_job

    try:
        run_job.apply_async(args=[job.pk], queue=job.queue)
    except (OSError, OperationalError):
        logger.exception("broker refused job %s; it will be re-sent", job.pk)


def run(job_id: int) -> None:
    """Claim and run one job. Does nothing if it is not queued (finished, running, cancelled)."""
    job = claim(job_id)
    if job is None:
        return
    kind = _kinds.get(job.kind)
    if kind is None:
        _finish(job, Job.State.FAILED, reason="没有处理这类任务的程序")
        return
    lease = Lease(job)
    try:
        with kept(lease), coming_from(f"job:{job.pk}"):
            result = kind.handler(lease)
    except JobCancelled:
        return
    except LeaseLost:
        logger.warning("job %s was taken over by another worker", job.pk)
    except DomainError as error:
        _finish(job, Job.State.FAILED, reason=error.message)
    except Exception as error:
        logger.exception("job %s (%s) failed", job.pk, job.kind)
        _retry_or_fail(job, f"{type(error).__name__}: {error}"[:2000])
    else:
        _finish(job, Job.State.DONE, result=result or {})


def claim(job_id: int) -> Job | None:
    """Take a queued job by compare-and-set; None if somebody else has it."""
    owner = secrets.token_hex(16)
    now = clock.now()
    taken = Job.objects.filter(pk=job_id, state=Job.State.QUEUED).update(
        state=Job.State.RUNNING,
        lease_owner=owner,
        lease_until=now + LEASE,
        started_at=now,
        attempts=F("attempts") + 1,
        reason="",
    )
    return Job.objects.get(pk=job_id) if taken else None


def _finish(job: Job, state: str, *, reason: str = "", result: dict | None = None) -> bool:
    values: dict[str, Any] = {
        "state": state,
        "reason": reason,
        "finished_at": clock.now(),
        "lease_until": None,
    }
    if state == Job.State.DONE:
        values |= {"progress": 1000, "result": result or {}}
    return bool(_held(job).update(**values))


def _retry_or_fail(job: Job, reason: str) -> None:
    if job.attempts >= job.max_attempts:
        _finish(job, Job.State.FAILED, reason=reason)
        return
    # Sent again by the beat task after RESEND_AFTER, which doubles as the pause between tries.
    _held(job).update(state=Job.State.QUEUED, reason=reason, lease_until=None, sent_at=clock.now())


def resend() -> int:
    """Free expired leases and send again what was lost on the way; returns how many were sent."""
    now = clock.now()
    expired = Job.objects.filter(state=Job.State.RUNNING, lease_until__lt=now)
    for job in [job for job in expired if not alive.is_shown(job.pk)]:
        # Compare-and-set: two schedulers free a lease only once, and one renewed meanwhile never.
        held = _held(job).filter(lease_until__lt=now)
        if job.attempts >= job.max_attempts:
            held.update(
                state=Job.State.FAILED, reason="执行进程多次中断", finished_at=now, lease_until=None
            )
        else:
            held.update(
                state=Job.State.QUEUED,
                reason="执行进程中断，已重新排队",
                lease_until=None,
                sent_at=None,
            )
    lost = Job.objects.filter(state=Job.State.QUEUED).filter(
        Q(sent_at=None) | Q(sent_at__lt=now - RESEND_AFTER)
    )
    sent = 0
    for job in list(lost):
        if Job.objects.filter(pk=job.pk, sent_at=job.sent_at).update(sent_at=now):
            send(job)
            sent += 1
    return sent


def release_interrupted() -> int:
    """Queue again what was running when all workers were stopped, and send it at once.

    Only for the moment before workers start on a machine that runs them all: an orderly stop
    neither costs the job one of its tries nor lets it wait for its lease. Returns how many.
    """
    return Job.objects.filter(state=Job.State.RUNNING).update(
        state=Job.State.QUEUED,
        attempts=Greatest(F("attempts") - 1, 0),
        lease_until=None,
        lease_owner="",
        sent_at=None,
    )


def retry(job: Job) -> None:
    """Queue a failed or cancelled job again, with a fresh count of tries.

    Raises:
        Conflict: the job is still open or already done.
    """
    changed = Job.objects.filter(
        pk=job.pk, state__in=(Job.State.FAILED, Job.State.CANCELLED)
    ).update(
        state=Job.State.QUEUED,
        attempts=0,
        progress=0,
        reason="",
        step="",
        finished_at=None,
        sent_at=clock.now(),
    )
    if not changed:
        raise Conflict(_("该任务正在进行或已经完成，不需要重试。"))
    transaction.on_commit(lambda: send(job))


def cancel(job: Job) -> None:
    """Cancel an open job; a running handler notices at its next progress.

    Raises:
        Conflict: the job has already ended.
    """
    changed = Job.objects.filter(pk=job.pk, state__in=(Job.State.QUEUED, Job.State.RUNNING)).update(
        state=Job.State.CANCELLED, finished_at=clock.now(), lease_until=None
    )
    if not changed:
        raise Conflict(_("该任务已经结束，不能取消。"))


def queue_position(job: Job) -> int:
    """How many queued jobs stand before this one in its queue."""
    return Job.objects.filter(queue=job.queue, state=Job.State.QUEUED, pk__lt=job.pk).count()
