"""End an import: cancelled, failed, or swept because nobody came back for it."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from school.core import audit, clock, jobs
from school.core.errors import Conflict
from school.core.models import Job
from school.members.models import Member, RosterImport
from school.members.services.roster_files import remove_file

State = RosterImport.State
OPEN_STATES = (State.READING, State.READY, State.IMPORTING)


@transaction.atomic
def cancel_roster(*, roster: RosterImport, by: Member | None) -> RosterImport:
    """Give an import up. What an import under way has already written stays.

    Raises:
        Conflict: it has ended already.
    """
    held = locked(roster)
    if held.state not in OPEN_STATES:
        raise Conflict(_("这份花名册已经办完，不能取消。"))
    if held.job_id and Job.objects.get(pk=held.job_id).is_open:
        jobs.cancel(held.job)
    _end(held, State.CANCELLED)
    audit.record(
        "members.roster_cancelled",
        actor=by,
        subject=held.branch,
        label=held.name,
        fields={"import": held.pk, **held.counts.get("done", {})},
    )
    return held


@transaction.atomic
def fail(*, roster: RosterImport, message: str) -> None:
    """An import cannot go on; the page says why."""
    held = locked(roster)
    if held.state in OPEN_STATES:
        held.findings = [{"kind": "failed", "errors": [message]}, *held.findings]
        _end(held, State.FAILED)


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
        if roster.job and roster.job.state == Job.State.FAILED:
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
