"""End an import: cancelled, failed, or swept because nobody came back for it."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from school.core import audit, clock, jobs
from school.core.errors import Conflict
from school.core.models import Job
from school.members.models import Member, RosterImport
from school.members.roster.planning import Outcome
from school.members.services.roster_files import ask_to_stop, remove_file, unask

State = RosterImport.State
OPEN_STATES = (State.READING, State.READY, State.IMPORTING)


def cancel_roster(*, roster: RosterImport, by: Member | None) -> RosterImport:
    """Give an import up. What an import of good rows has already written stays; of a whole one
    nothing does.

    Raises:
        Conflict: it has ended already.
    """
    if roster.state != State.IMPORTING:
        return _cancel(roster, by)
    # Before any lock is waited for: on SQLite who writes a whole holds the only one there is.
    ask_to_stop(roster.file)
    try:
        return _cancel(roster, by)
    finally:
        unask(roster.file)


@transaction.atomic
def _cancel(roster: RosterImport, by: Member | None) -> RosterImport:
    held = locked(roster)
    if held.state not in OPEN_STATES:
        raise Conflict(_("这份花名册已经办完，不能取消。"))
    if held.job_id and Job.objects.get(pk=held.job_id).is_open:
        jobs.cancel(held.job)
    _end(held, State.CANCELLED)
    _record("members.roster_cancelled", held, by)
    return held


def cancelled_with_job(*, roster: RosterImport) -> None:
    """The job of an import was cancelled in the list of jobs: the import ends with it."""
    if Job.objects.filter(pk=roster.job_id, state=Job.State.CANCELLED).exists():
        _end_open(roster)


@transaction.atomic
def _end_open(roster: RosterImport) -> None:
    held = locked(roster)
    if held.state in OPEN_STATES:
        _end(held, State.CANCELLED)
        _record("members.roster_cancelled", held, None)


def counted(counts: dict) -> dict[str, int]:
    """Rows by outcome, as the trail keeps them."""
    rows = {name: counts[name] for name in Outcome.values if counts.get(name)}
    return rows | ({"rows": counts["total"]} if "total" in counts else {})


def _record(action: str, held: RosterImport, by: Member | None, **more) -> None:
    """An entry with what was found and how many rows have been gone through by then."""
    audit.record(
        action,
        actor=by,
        subject=held.branch,
        label=held.name,
        fields={"import": held.pk, **counted(held.counts), "written": held.written, **more},
    )


@transaction.atomic
def fail(*, roster: RosterImport, message: str) -> None:
    """An import cannot go on; the page says why."""
    held = locked(roster)
    if held.state in OPEN_STATES:
        held.findings = [{"kind": "failed", "errors": [message]}, *held.findings]
        _end(held, State.FAILED)
        _record("members.roster_failed", held, held.created_by, why=message)


def _end(roster: RosterImport, state: str) -> None:
    roster.state, roster.finished_at = state, clock.now()
    roster.save(update_fields=["state", "finished_at", "findings"])
    transaction.on_commit(lambda: remove_file(roster.file))


def locked(roster: RosterImport) -> RosterImport:
    """The import as it is now, held until the transaction ends."""
    rows = RosterImport.objects.select_for_update(of=("self",))
    return rows.select_related("branch", "created_by", "job").get(pk=roster.pk)


def sweep_imports() -> int:
    """End imports nobody came back for, those whose job gave up, and remove old files."""
    now = clock.now()
    old = now - timedelta(days=settings.ROSTER_KEEP_DAYS)
    swept = 0
    for roster in RosterImport.objects.filter(state__in=OPEN_STATES).select_related("job"):
        if roster.job and roster.job.state == Job.State.CANCELLED:
            cancelled_with_job(roster=roster)
        elif roster.job and roster.job.state == Job.State.FAILED:
            fail(roster=roster, message=_("读取或写入多次中断，请重新上传。"))
        elif roster.created_at < old:
            fail(roster=roster, message=_("超过保留期限没有确认，请重新上传。"))
        else:
            continue
        swept += 1
    for roster in RosterImport.objects.filter(created_at__lt=old).exclude(marked_file=""):
        remove_file(roster.marked_file)
        RosterImport.objects.filter(pk=roster.pk).update(marked_file="")
        swept += 1
    return swept


def discard(*, roster: RosterImport) -> None:
    """Remove what an import left on disk, and end it if it waits."""
    if roster.state in OPEN_STATES:
        cancel_roster(roster=roster, by=None)
    remove_file(roster.marked_file)
    RosterImport.objects.filter(pk=roster.pk).update(marked_file="")
