"""The Job row decides: claimed once, finished once, re-sent when its worker died."""

from datetime import timedelta

import pytest

from school.core import clock, jobs
from school.core.errors import Conflict, DomainError
from school.core.models import Job

pytestmark = pytest.mark.django_db
State = Job.State


@pytest.fixture
def ran():
    """A job kind whose handler notes each run, removed afterwards."""
    seen = []

    @jobs.job_kind("test.note", max_attempts=2)
    def note(lease):
        seen.append(lease.payload)
        if lease.payload.get("cancelled"):
            jobs.cancel(lease.job)
        if error := lease.payload.get("error"):
            raise {"domain": DomainError("请换一个文件。"), "bug": ValueError("x")}[error]
        return {"runs": len(seen)}

    yield seen
    del jobs._kinds["test.note"]


def test_a_finished_job_is_not_run_again(ran):
    job = jobs.enqueue("test.note")
    jobs.run(job.pk)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.progress, len(ran)) == (State.DONE, 1000, 1)


def test_a_persons_mistake_fails_at_once_with_its_message(ran):
    job = jobs.enqueue("test.note", payload={"error": "domain"})
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.reason) == (State.FAILED, "请换一个文件。")


def test_a_fault_is_tried_again_and_then_given_up_with_its_reason(ran):
    job = jobs.enqueue("test.note", payload={"error": "bug"})
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == State.QUEUED
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == State.FAILED and "ValueError" in job.reason


@pytest.mark.parametrize("error", ["bug", "domain", None])
def test_a_cancelled_job_stays_cancelled_however_its_handler_ends(ran, error):
    job = jobs.enqueue("test.note", payload={"cancelled": True, "error": error})
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, jobs.resend(), len(ran)) == (State.CANCELLED, 0, 1)


def test_a_killed_workers_job_is_taken_over_after_its_lease(ran):
    job = jobs.enqueue("test.note")
    assert jobs.claim(job.pk)
    assert jobs.resend() == 0
    with clock.at(clock.now() + jobs.LEASE + timedelta(seconds=1)):
        assert jobs.resend() == 1
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, len(ran)) == (State.DONE, 1)


def test_the_old_owner_notices_and_cannot_finish(ran):
    job = jobs.enqueue("test.note")
    dead = jobs.claim(job.pk)
    Job.objects.filter(pk=job.pk).update(state=State.QUEUED)  # as the scheduler frees a lease
    alive = jobs.claim(job.pk)
    with pytest.raises(jobs.LeaseLost):
        jobs.Lease(dead).progress(0.5, force=True)
    assert not jobs._finish(dead, State.DONE)
    assert jobs._finish(alive, State.DONE)


def test_cancelling_reaches_the_running_handler(ran):
    job = jobs.enqueue("test.note")
    claimed = jobs.claim(job.pk)
    jobs.cancel(job)
    with pytest.raises(jobs.JobCancelled):
        jobs.Lease(claimed).progress(0.5, force=True)
    with pytest.raises(Conflict):
        jobs.cancel(job)
    jobs.retry(job)
    job.refresh_from_db()
    assert job.state == State.QUEUED
