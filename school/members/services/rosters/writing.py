"""Write a confirmed roster: the whole in one transaction, or good rows chunk by chunk."""

import contextlib
import hashlib
from collections import Counter

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from school.core import audit, clock, jobs
from school.core.errors import Conflict, DomainError
from school.core.models import Job
from school.members.models import Member, RosterImport
from school.members.roster.planning import Outcome, Planner, RowPlan
from school.members.services.roster_files import (
    asked_to_stop,
    remove_file,
    stored,
    tell_beside,
)
from school.members.services.roster_rows import lock_members, write_rows
from school.members.services.rosters.ending import cancelled_with_job, fail, locked
from school.members.services.rosters.reading import Tell, planner_of, silent, table_of
from school.members.services.rosters.refused import tell_refused
from school.members.services.tree_lock import lock_tree

State = RosterImport.State
WRITE = "members.write_roster"
TRIES = 3
LOCKED_AT_ONCE = 1_000


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

    def tell_inside(share: float, step: str) -> None:
        tell_beside(roster.file, share, step)

    try:
        return write_roster(roster=roster, tell=lease.progress, tell_inside=tell_inside)
    except DomainError as error:
        fail(roster=roster, message=error.message)
        raise
    except jobs.JobCancelled:
        cancelled_with_job(roster=roster)
        raise


def write_roster(*, roster: RosterImport, tell: Tell = silent, tell_inside: Tell = silent) -> dict:
    """Write the rows of a roster; returns the counts of what was done.

    With ``whole_only`` every row is judged against the school of this moment first, and once more
    where it is written, all in one transaction: a wrong row or a cancellation leaves nothing.
    Otherwise each chunk is a transaction, and what is written stays, row by row complete.

    Args:
        tell_inside: called instead of ``tell`` inside the one transaction, where a row written
            would be seen by nobody and hold up whoever wants to change it.

    Raises:
        Conflict: rows have become wrong since the preview, and only the whole is wanted.
        JobCancelled: it was cancelled.
    """
    planner = planner_of(roster, table_of(roster, tell))
    if roster.whole_only:
        _check_whole(planner, tell)
    return write(roster, planner, tell, tell_inside)


def write(roster: RosterImport, planner: Planner, tell: Tell, tell_inside: Tell) -> dict:
    """Write what is left of the rows; returns the counts of what was done."""
    tell(0.5, _("写入"))
    if roster.whole_only:
        return _write_whole(roster, planner, tell_inside)
    for chunk in planner.chunks(roster.written):
        _write_chunk(roster, planner, chunk)
        _tell_written(tell, roster.written, planner)
    if roster.counts.get("done", {}).get(Outcome.REJECTED):
        tell_refused(roster, planner.table, tell)
    with transaction.atomic():
        return _finish(roster, _held(roster))


def _tell_written(tell: Tell, rows: int, planner: Planner) -> None:
    tell(0.5 + 0.5 * rows / len(planner.table), _("已写入 %(row)d 行") % {"row": rows})


def _check_whole(planner: Planner, tell: Tell) -> None:
    """Look at every row before anybody is made to wait for the writing."""
    done = 0
    for chunk in planner.chunks():
        _refuse_wrong(planner.planned(chunk))
        done += len(chunk)
        tell(0.3 + 0.2 * done / len(planner.table), _("核对第 %(row)d 行") % {"row": done})


def _refuse_wrong(plans: list[RowPlan]) -> None:
    for plan in plans:
        if plan.outcome == Outcome.REJECTED:
            raise Conflict(
                _("第 %(row)d 行现在有错误，整表没有导入。请重新上传，查看错误。")
                % {"row": plan.row}
            )


def _held(roster: RosterImport) -> RosterImport:
    """The import, locked; raises JobCancelled when it has ended meanwhile."""
    held = locked(roster)
    if held.state != State.IMPORTING:
        raise jobs.JobCancelled
    return held


# -- the whole -----------------------------------------------------------------------------------


def _write_whole(roster: RosterImport, planner: Planner, tell: Tell) -> dict:
    """All rows in one transaction. The import's own row is held only at its end: whoever cancels
    shall not wait for what he wants to stop."""
    done, rows = Counter(), 0
    with planner.branches.forgetting(), transaction.atomic():
        _lock_in_order(roster, planner)
        for chunk in planner.chunks():
            _stop_if_unwanted(roster)
            done.update(str(plan.outcome) for plan in _written(roster, planner, chunk))
            rows += len(chunk)
            _tell_written(tell, rows, planner)
        held = _held(roster)
        _stop_if_unwanted(roster)
        _note_done(held, done, rows)
        return _finish(roster, held)


def _lock_in_order(roster: RosterImport, planner: Planner) -> None:
    """The tree, then members by key, as everybody locks them; the file has its own order."""
    if roster.create_branches:
        lock_tree()
    ids = sorted(planner.to_change)
    for at in range(0, len(ids), LOCKED_AT_ONCE):
        lock_members(ids[at : at + LOCKED_AT_ONCE])


def _stop_if_unwanted(roster: RosterImport) -> None:
    """Raises JobCancelled when the import or its job was cancelled.

    PostgreSQL shows what others have committed meanwhile. On SQLite nobody could: the note beside
    the file says so.
    """
    ended = Job.objects.filter(pk=roster.job_id, state=Job.State.CANCELLED)
    wanted = RosterImport.objects.filter(pk=roster.pk, state=State.IMPORTING)
    if asked_to_stop(roster.file) or ended.exists() or not wanted.exists():
        raise jobs.JobCancelled


# -- good rows -----------------------------------------------------------------------------------


@transaction.atomic
def _write_chunk(roster: RosterImport, planner: Planner, chunk: list) -> None:
    """One chunk in one transaction; what as a chunk is refused is written row by row."""
    held = _held(roster)
    with planner.branches.forgetting():
        try:
            plans = _written(roster, planner, chunk)
        except DomainError:
            plans = [plan for row in chunk for plan in _written_alone(roster, planner, row)]
        done = Counter(held.counts.get("done", {}))
        done.update(str(plan.outcome) for plan in plans)
        _note_done(held, done, held.written + len(chunk))
    roster.counts, roster.written = held.counts, held.written


def _written_alone(roster: RosterImport, planner: Planner, row: tuple) -> list[RowPlan]:
    """The plan of one row, rejected when it cannot be written; the reason is told at the end."""
    try:
        return _written(roster, planner, [row])
    except DomainError:
        plans = planner.planned([row])
        for plan in plans:
            plan.outcome = Outcome.REJECTED
        return plans


# -- both ----------------------------------------------------------------------------------------


def _written(roster: RosterImport, planner: Planner, chunk: list) -> list[RowPlan]:
    """Plan some rows and write them; when somebody wrote the same people first, planned again.

    Raises:
        DomainError: one cannot be written, or, where only the whole is wanted, is wrong.
    """
    for _try in range(TRIES - 1):
        with contextlib.suppress(IntegrityError):
            return _written_once(roster, planner, chunk)
    return _written_once(roster, planner, chunk)


def _written_once(roster: RosterImport, planner: Planner, chunk: list) -> list[RowPlan]:
    with planner.branches.forgetting(), transaction.atomic():
        plans = _wanted(planner.planned(chunk), roster.move_members)
        if roster.whole_only:
            _refuse_wrong(plans)
        write_rows(plans=plans, branches=planner.branches, source=roster, by=roster.created_by)
        return plans


def _wanted(plans: list[RowPlan], move_members: bool) -> list[RowPlan]:
    return [plan for plan in plans if move_members or plan.outcome != Outcome.MOVED]


def _note_done(held: RosterImport, done: Counter, rows: int) -> None:
    held.counts["done"], held.written = dict(done), rows
    held.save(update_fields=["counts", "written"])


def _finish(roster: RosterImport, held: RosterImport) -> dict:
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
    roster.state, roster.counts, roster.written = held.state, held.counts, held.written
    return done


def _digest(name: str) -> str:
    path = stored(name)
    if not path.exists():
        return ""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
