"""Roster imports from the upload to the last row: read, previewed, confirmed, written, swept."""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from school.core import audit, clock, jobs
from school.core.errors import Conflict, DomainError, NotAllowed, TooMany
from school.core.models import Job
from school.members.models import Branch, Member, RosterImport
from school.members.permissions import scope_for
from school.members.roster.planning import Outcome, Planner, RowPlan
from school.members.roster.reading import Table, read_table
from school.members.roster.sheets import write_marked
from school.members.roster.survey import Survey
from school.members.services.roster_files import (
    gone_unless_done,
    new_file,
    remove_file,
    store,
    stored,
)
from school.members.services.roster_rows import write_rows

State = RosterImport.State
OPEN_STATES = (State.READING, State.READY, State.IMPORTING)
READ, WRITE = "members.read_roster", "members.write_roster"

# Above this many rows the marked sheet holds only those with notes.
MARKED_WHOLE_ROWS = 20_000
OPEN_IMPORTS = 5
TRIES = 3

# Called with the share done (0 to 1) and what is being done.
Tell = Callable[[float, str], None]


def _silent(share: float, step: str) -> None:
    """Nobody listens."""


# -- upload --------------------------------------------------------------------------------------


@transaction.atomic
def upload_roster(
    *,
    branch: Branch,
    name: str,
    chunks: Iterable[bytes],
    by: Member | None,
    create_branches: bool = False,
) -> RosterImport:
    """Keep an uploaded roster and have it read in the background.

    Args:
        chunks: the content; cut off when it grows over the limit.

    Raises:
        DomainError: too large.
        NotAllowed: branches are to be made by somebody who may not.
        TooMany: too many imports of this person are open.
    """
    if create_branches and by is not None and not scope_for(by).may_manage(branch):
        raise NotAllowed(_("新建党组织要由党委管理员办理，请取消勾选后再上传。"))
    if by is not None:
        waiting = RosterImport.objects.filter(created_by=by, state__in=OPEN_STATES).count()
        if waiting >= OPEN_IMPORTS:
            raise TooMany(
                _("还有 %(count)d 份花名册没有办完，请先确认或取消。") % {"count": waiting}
            )
    roster = _keep(branch, name, chunks, by, create_branches)
    with gone_unless_done(roster.file):
        roster.job = jobs.enqueue(READ, subject=roster, title=_("读取花名册"), by=by)
        roster.save(update_fields=["job"])
    return roster


def _keep(
    branch: Branch, name: str, chunks: Iterable[bytes], by: Member | None, create_branches: bool
) -> RosterImport:
    file = store(chunks)
    with gone_unless_done(file):
        return RosterImport.objects.create(
            branch=branch,
            name=os.path.basename(name)[-120:] or _("花名册"),
            file=file,
            create_branches=create_branches,
            created_by=by,
            created_at=clock.now(),
        )


# -- reading -------------------------------------------------------------------------------------


@jobs.job_kind(READ, title=gettext_noop("读取花名册"))
def read_job(lease: jobs.Lease) -> dict:
    """Read an uploaded roster and work out what it would change."""
    roster = RosterImport.objects.select_related("branch", "created_by").get(
        pk=lease.job.subject_id
    )
    if roster.state != State.READING:
        return {}
    try:
        return dict(read_roster(roster=roster, tell=lease.progress))
    except DomainError as error:
        fail(roster=roster, message=error.message)
        raise


def read_roster(*, roster: RosterImport, tell: Tell = _silent) -> Counter:
    """Read, plan and keep the preview; nothing of the school is changed. Returns the counts.

    Raises:
        Unreadable: the file as a whole cannot be read.
    """
    return _preview(roster, planner_of(roster, _table(roster, tell)), tell)


def _preview(
    roster: RosterImport, planner: Planner, tell: Tell, *, marking: bool = True
) -> Counter:
    table = planner.table
    survey = Survey()
    done = 0
    for chunk in planner.chunks():
        for plan in planner.planned(chunk):
            survey.add(plan)
        done += len(chunk)
        tell(0.3 + 0.6 * done / len(table), _("核对第 %(row)d 行") % {"row": done})
    if not survey.counts["total"]:
        raise DomainError(_("表头下面没有党员。请填好后再上传。"))
    survey.counts["branches"] = len(planner.branches.wanted_new())
    marked = _mark(table, survey, tell) if marking and survey.notes else ""
    counts = {
        name: survey.counts[name] for name in (*Outcome.values, "total", "warned", "branches")
    }
    kept = RosterImport.objects.filter(pk=roster.pk, state=State.READING).update(
        state=State.READY,
        marked_file=marked,
        counts=counts | {"notes": _file_notes(table)},
        findings=survey.findings,
    )
    if not kept:
        # Cancelled meanwhile: nothing may stay behind.
        remove_file(marked)
        raise jobs.JobCancelled
    return Counter(counts)


def _file_notes(table: Table) -> list[str]:
    """What of the file is not read, for the page."""
    notes = list(table.notes)
    if table.head.unknown:
        notes.append(
            _("没有这些栏目，不会导入：%(names)s。") % {"names": "、".join(table.head.unknown[:10])}
        )
    return notes


def _mark(table: Table, survey: Survey, tell: Tell) -> str:
    tell(0.92, _("写标注后的表"))
    name = new_file()
    write_marked(stored(name), table, survey.notes, whole=len(table) <= MARKED_WHOLE_ROWS)
    return name


def _table(roster: RosterImport, tell: Tell) -> Table:
    tell(0.02, _("打开文件"))

    def tick(rows: int) -> None:
        # How many rows will come is not known; the share creeps up to 0.3.
        tell(0.02 + 0.28 * rows / (rows + 20_000), _("读取第 %(row)d 行") % {"row": rows})

    return read_table(stored(roster.file), roster.name, tick)


def planner_of(roster: RosterImport, table: Table) -> Planner:
    """The planner of an import, with the reach its uploader has today.

    Raises:
        NotAllowed: the uploader may no longer act for the branch.
    """
    by = roster.created_by
    branches = Branch.objects.all()
    if by is not None:
        scope = scope_for(by)
        if not scope.may_write(roster.branch):
            raise NotAllowed(_("已没有办理该党组织花名册的权限，请联系上级管理员。"))
        branches = scope.writable_branches
    return Planner(
        table,
        roster.branch,
        set(branches.values_list("pk", flat=True)),
        creating=roster.create_branches,
    )


# -- confirming and writing ----------------------------------------------------------------------


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
    roster = _locked(roster)
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


def write_roster(*, roster: RosterImport, tell: Tell = _silent) -> dict:
    """Write the rows of a roster, a chunk in each transaction; returns the counts of what was done.

    With ``whole_only`` every row is judged against the school of this moment first, so a table
    with a wrong row writes nothing.

    Raises:
        Conflict: rows have become wrong since the preview.
        JobCancelled: it was cancelled; what is written stays, row by row complete.
    """
    planner = planner_of(roster, _table(roster, tell))
    if roster.whole_only and not roster.written:
        _check_whole(planner, tell)
    return _write(roster, planner, tell)


def _write(roster: RosterImport, planner: Planner, tell: Tell) -> dict:
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
                held = _locked(roster)
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
    held = _locked(roster)
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


# -- at a terminal -------------------------------------------------------------------------------


def import_file(
    *,
    branch: Branch,
    path: Path,
    whole_only: bool = True,
    move_members: bool = False,
    create_branches: bool = False,
    dry_run: bool = False,
    marking: bool = False,
    tell: Tell = _silent,
) -> RosterImport:
    """Read a file and write it at once, as the pages do in two jobs; acts for the whole school.

    Args:
        marking: write the marked sheet too.

    Returns:
        The import: still READY when it was a dry run or rows are wrong and only the whole is
        wanted; its files go with ``discard``.

    Raises:
        DomainError: the file as a whole cannot be read, or rows have become wrong meanwhile.
    """
    with path.open("rb") as handle:
        chunks = iter(lambda: handle.read(1 << 20), b"")
        roster = _keep(branch, path.name, chunks, None, create_branches)
    try:
        planner = planner_of(roster, _table(roster, tell))
        _preview(roster, planner, lambda share, step: tell(share / 2, step), marking=marking)
        roster.refresh_from_db()
        if dry_run or (whole_only and roster.counts[Outcome.REJECTED]):
            return roster
        roster.state, roster.whole_only = State.IMPORTING, whole_only
        roster.move_members = move_members
        roster.save(update_fields=["state", "whole_only", "move_members"])
        # Judged a moment ago as a whole, so not once more; each chunk is planned anew anyway.
        _write(roster, planner, tell)
    except DomainError as error:
        fail(roster=roster, message=error.message)
        raise
    except BaseException:
        cancel_roster(roster=roster, by=None)
        raise
    return roster


def discard(*, roster: RosterImport) -> None:
    """Remove what an import left on disk, and end it if it waits."""
    if roster.state in OPEN_STATES:
        cancel_roster(roster=roster, by=None)
    remove_file(roster.marked_file)
    RosterImport.objects.filter(pk=roster.pk).update(marked_file="")


# -- ending --------------------------------------------------------------------------------------


@transaction.atomic
def cancel_roster(*, roster: RosterImport, by: Member | None) -> RosterImport:
    """Give an import up. What an import under way has already written stays.

    Raises:
        Conflict: it has ended already.
    """
    held = _locked(roster)
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
    held = _locked(roster)
    if held.state in OPEN_STATES:
        held.findings = [{"kind": "failed", "errors": [message]}, *held.findings]
        _end(held, State.FAILED)


def _end(roster: RosterImport, state: str) -> None:
    roster.state, roster.finished_at = state, clock.now()
    roster.save(update_fields=["state", "finished_at", "findings"])
    transaction.on_commit(lambda: remove_file(roster.file))


def _locked(roster: RosterImport) -> RosterImport:
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
