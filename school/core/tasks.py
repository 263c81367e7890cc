"""Celery tasks of the core: fetch by id, one service call."""

from celery import shared_task

from school.core import audit, jobs


@shared_task
def run_job(job_id: int) -> None:
    jobs.run(job_id)


@shared_task
def resend_jobs() -> int:
    return jobs.resend()


@shared_task
def seal_audit() -> int:
    return audit.seal()
