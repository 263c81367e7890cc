"""A lease is kept while its handler runs in its process, and by nothing else."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from school.core import alive, clock, jobs
from school.core.models import Job

State = Job.State
KIND = "test.silent"
PATIENCE = 60


@pytest.fixture
def committed(django_db_setup, django_db_blocker, monkeypatch):
    """Jobs that other connections see, taken away by hand."""
    monkeypatch.setattr(jobs, "KEEP_EVERY", 0.01)
    # Tests run tasks where they are sent; here the second run is started by hand.
    monkeypatch.setattr(jobs, "send", lambda job: None)
    with django_db_blocker.unblock():
        try:
            yield
        finally:
            jobs._kinds.pop(KIND, None)
            Job.objects.filter(kind=KIND).delete()
            connection.close()


@pytest.fixture
def renewals(monkeypatch):
    """Called with nothing, waits until the lease has been looked after once more."""
    looked, renew = threading.Semaphore(0), jobs.Lease.renew

    def counted(lease, **values):
        try:
            return renew(lease, **values)
        finally:
            looked.release()

    monkeypatch.setattr(jobs.Lease, "renew", counted)

    def wait() -> None:
        while looked.acquire(blocking=False):
            pass
        # The one under way may have begun before; the next has not.
        for _ in range(2):
            assert looked.acquire(timeout=PATIENCE)

    return wait


def run_out(pk: int) -> None:
    """As if the lease had not been renewed for its whole length."""
    Job.objects.filter(pk=pk).update(lease_until=clock.now() - timedelta(seconds=1))


def silent(work):
    """Run a job whose handler tells nothing while it does ``work(lease)``."""
    runs = []

    @jobs.job_kind(KIND)
    def handler(lease):
        runs.append(lease)
        work(lease)

    job = Job.objects.create(kind=KIND, created_at=clock.now(), sent_at=clock.now())
    jobs.run(job.pk)
    job.refresh_from_db()
    return job, runs


def test_a_handler_that_is_silent_for_longer_than_its_lease_runs_once(committed, renewals):
    def work(lease):
        run_out(lease.job.pk)
        renewals()
        assert jobs.resend() == 0
        jobs.run(lease.job.pk)

    job, runs = silent(work)
    assert (job.state, job.attempts, len(runs)) == (State.DONE, 1, 1)


def test_nobody_keeps_the_lease_of_a_handler_that_has_ended(committed, renewals):
    job, runs = silent(lambda _lease: renewals())
    assert runs and not [t for t in threading.enumerate() if t.name == "lease"]
    assert (job.state, job.lease_until) == (State.DONE, None)


def test_a_handler_that_has_lost_its_lease_stops_at_its_next_word(committed, renewals):
    """Also a moment after the last one, when nothing would be written."""

    def work(lease):
        lease.progress(0.1)
        Job.objects.filter(pk=lease.job.pk).update(lease_owner="another")
        assert lease.doubtful.wait(PATIENCE)
        lease.progress(0.2)
        raise AssertionError("went on without its lease")

    job, _runs = silent(work)
    assert (job.state, job.lease_owner) == (State.RUNNING, "another")


def test_a_lost_lease_is_not_renewed_again(committed, renewals):
    def work(lease):
        Job.objects.filter(pk=lease.job.pk).update(lease_owner="another")
        assert lease.doubtful.wait(PATIENCE)
        run_out(lease.job.pk)
        assert jobs.resend() == 1

    job, _runs = silent(work)
    assert (job.state, job.lease_owner) == (State.QUEUED, "another")


def test_cancelling_reaches_a_silent_handler(committed, renewals):
    def work(lease):
        jobs.cancel(lease.job)
        assert lease.doubtful.wait(PATIENCE)
        lease.progress(0.2)

    job, _runs = silent(work)
    assert job.state == State.CANCELLED


def test_a_handler_that_hangs_for_an_hour_is_given_up(committed, monkeypatch):
    """Whether the database or a file shows that its process lives."""
    monkeypatch.setattr(jobs, "LONGEST_SILENCE", 0.0)

    def work(lease):
        for thread in [t for t in threading.enumerate() if t.name == "lease"]:
            thread.join(PATIENCE)
        run_out(lease.job.pk)
        assert jobs.resend() == 1

    job, _runs = silent(work)
    assert job.state == State.QUEUED


def test_a_handler_that_writes_one_long_transaction_on_sqlite_runs_once(committed):
    """There nobody else can write meanwhile, so its lease runs out although it lives."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL lets the lease be renewed beside any transaction")

    def work(lease):
        with transaction.atomic():
            run_out(lease.job.pk)
            assert jobs.resend() == 0

    job, runs = silent(work)
    assert (job.state, len(runs), alive.is_shown(job.pk)) == (State.DONE, 1, False)


WORKER = """
import sys
import django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from school.core import jobs
jobs.KEEP_EVERY = 0.01
renew = jobs.Lease.renew

def told(lease, **values):
    kept = renew(lease, **values)
    print("renewed", flush=True)
    return kept

jobs.Lease.renew = told

@jobs.job_kind("test.silent")
def handler(lease):
    sys.stdin.read()

jobs.run(int(sys.argv[2]))
"""


def test_the_lease_of_a_killed_worker_runs_out_and_another_finishes_once(committed):
    job = Job.objects.create(kind=KIND, created_at=clock.now(), sent_at=clock.now())
    name = str(connection.settings_dict["NAME"])
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, name, str(job.pk)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "school.settings.test"},
        text=True,
    )
    try:
        assert worker.stdout.readline() == "renewed\n"
        os.kill(worker.pid, signal.SIGKILL)
    finally:
        worker.kill()
        worker.communicate()
    job.refresh_from_db()
    assert job.state == State.RUNNING
    run_out(job.pk)
    assert jobs.resend() == 1
    runs = []
    jobs.job_kind(KIND)(lambda lease: runs.append(lease))
    jobs.run(job.pk)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts, len(runs)) == (State.DONE, 2, 1)
