"""Write a confirmed roster, chunk by chunk, each in one transaction."""

import hashlib
from collections import Counter

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from school.core import audit, clock, jobs
from school.core.errors import Conflict, DomainError
from school.members.models import Member, RosterImport
from school.members.roster.planning import Outcome, Planner, RowPlan
from school.members.services.roster_files import remove_file, stored
from school.members.services.roster_rows import write_rows
from school.members.services.rosters.ending import fail, locked
from school.members.services.rosters.reading import Tell, planner_of, silent, table_of

State = RosterImport.State
WRITE = "members.write_roster"
TRIES = 3


@transaction.atomic
def confirm_roster(
    *, roster: RosterImport, whole_only: bool, move_members: bool, by: Member | None
) -> RosterImport:
    """Have a previewed roster written in the background.

    Args:
        whole_only: write nothing while a row is wrong.
        move_members: also take in the members who are at home in another branch of the scope.

    Raises:
        Conflict: it is not waiting for this, or rows are wrong and only the whole is wanted.
    """
    roster = locked(roster)
    if roster.state != State.READY:
        raise Conflict(_("这份花名册已经办理过了，请看最新的状态。"))
    if whole_only and roster.counts.get(Outcome.REJECTED):
        raise Conflict(_("还有错误的行。请改正后重新上传，或选择只导入没有错误的行。"))
    roster.state, roster.whole_only, roster.move_members = State.IMPORTING, whole_only, move_members
    roster.job = jobs.enqueue(WRITE, subject=roster, title=_("导入花名册"), by=by)
    roster.save(update_fields=["state", "whole_only", "move_members", "job"])
    return roster


@jobs.job_kind(WRITE, title=gettext_noop("导入花名册"))
def write_job(lease: jobs.Lease) -> dict:
    """Write a confirmed roster, or go on where an interrupted run stopped."""
    roster = RosterImport.objects.select_related("branch", "created_by").get(
        pk=lease.job.subject_id
    )
    if roster.state != State.IMPORTING:
        return {}
    try:
        return write_roster(roster=roster, tell=lease.progress)
    except DomainError as error:
        fail(roster=roster, message=error.message)
        raise


def write_roster(*, roster: RosterImport, tell: Tell = silent) -> dict:
    """Write the rows of a roster, a chunk in each transaction; returns the counts of what was done.

    With ``whole_only`` every row is judged against the school of this moment first, so a table
    with a wrong row writes nothing.

    Raises:
        Conflict: rows have become wrong since the preview.
        JobCancelled: it was cancelled; what is written stays, row by row complete.
    """
    planner = planner_of(roster, table_of(roster, tell))
    if roster.whole_only and not roster.written:
        _check_whole(planner, tell)
    return write(roster, planner, tell)


def write(roster: RosterImport, planner: Planner, tell: Tell) -> dict:
    """Write what is left of the rows; returns the counts of what was done."""
    tell(0.5, _("写入"))
    for chunk in planner.chunks(roster.written):
        _write_chunk(roster, planner, chunk)
        share = roster.written / len(planner.table)
        tell(0.5 + 0.5 * share, _("已写入 %(row)d 行") % {"row": roster.written})
    return _finish(roster)


def _check_whole(planner: Planner, tell: Tell) -> None:
    done = 0
    for chunk in planner.chunks():
        wrong = [p.row for p in planner.planned(chunk) if p.outcome == Outcome.REJECTED]
        if wrong:
            raise Conflict(
                _("第 %(row)d 行现在有错误，整表没有导入。请重新上传，查看错误。")
                % {"row": wrong[0]}
            )
        done += len(chunk)
        tell(0.3 + 0.2 * done / len(planner.table), _("核对第 %(row)d 行") % {"row": done})


def _write_chunk(roster: RosterImport, planner: Planner, chunk: list) -> None:
    """One chunk in one transaction; when somebody wrote the same people first, planned again."""
    for attempt in range(TRIES):
        try:
            with transaction.atomic():
                held = locked(roster)
                if held.state != State.IMPORTING:
                    raise jobs.JobCancelled
                plans = _wanted(planner.planned(chunk), roster.move_members)
                write_rows(
                    plans=plans, branches=planner.branches, source=roster, by=roster.created_by
                )
                done = Counter(held.counts.get("done", {}))
                done.update(str(plan.outcome) for plan in plans)
                held.counts["done"] = dict(done)
                held.written += len(chunk)
                held.save(update_fields=["counts", "written"])
            roster.counts, roster.written = held.counts, held.written
            return
        except IntegrityError:
            if attempt == TRIES - 1:
                raise


def _wanted(plans: list[RowPlan], move_members: bool) -> list[RowPlan]:
    return [plan for plan in plans if move_members or plan.outcome != Outcome.MOVED]


@transaction.atomic
def _finish(roster: RosterImport) -> dict:
    held = locked(roster)
    if held.state != State.IMPORTING:
        raise jobs.JobCancelled
    held.state, held.finished_at = State.DONE, clock.now()
    held.save(update_fields=["state", "finished_at"])
    done = held.counts.get("done", {})
    audit.record(
        "members.roster_imported",
        actor=held.created_by,
        subject=held.branch,
        label=held.name,
        fields={"import": held.pk, "sha256": _digest(held.file), **done},
    )
    transaction.on_commit(lambda: remove_file(held.file))
    roster.state = held.state
    return done


def _digest(name: str) -> str:
    path = stored(name)
    if not path.exists():
        return ""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
