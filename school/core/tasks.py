"""Celery tasks of the core: fetch by id, one service call."""

import logging

from celery import shared_task

from school.core import audit, jobs

logger = logging.getLogger(__name__)


@shared_task
def run_job(job_id: int) -> None:
    jobs.run(job_id)


@shared_task
def resend_jobs() -> int:
    return jobs.resend()


@shared_task
def seal_audit() -> int:
    return audit.seal_all()


@shared_task
def prune_audit() -> int:
    return len(audit.prune())


@shared_task
def verify_audit() -> int:
    """Look at the whole chain every night; what is wrong goes to the log as errors."""
    found = audit.verify()
    for problem in found.problems:
        logger.error("audit trail: %s", problem)
    return len(found.problems)
