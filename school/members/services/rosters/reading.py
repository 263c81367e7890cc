"""Read an uploaded roster, work out what it would change, keep the preview and the marked sheet."""

from collections import Counter
from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from school.core import audit, jobs
from school.core.errors import DomainError, NotAllowed
from school.members.models import Branch, RosterImport
from school.members.permissions import scope_for
from school.members.roster.planning import Outcome, Planner
from school.members.roster.reading import Table, read_table
from school.members.roster.sheets import write_marked
from school.members.roster.survey import Survey
from school.members.services.roster_files import new_file, remove_file, stored
from school.members.services.rosters.ending import cancelled_with_job, counted, fail

State = RosterImport.State
READ = "members.read_roster"

# Above this many rows the marked sheet holds only those with notes.
MARKED_WHOLE_ROWS = 20_000

# Called with the share done (0 to 1) and what is being done.
Tell = Callable[[float, str], None]


def silent(share: float, step: str) -> None:
    """Nobody listens."""


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
    except jobs.JobCancelled:
        cancelled_with_job(roster=roster)
        raise


def read_roster(*, roster: RosterImport, tell: Tell = silent) -> Counter:
    """Read, plan and keep the preview; nothing of the school is changed. Returns the counts.

    Raises:
        Unreadable: the file as a whole cannot be read.
    """
    return preview(roster, planner_of(roster, table_of(roster, tell)), tell)


def preview(roster: RosterImport, planner: Planner, tell: Tell, *, marking: bool = True) -> Counter:
    """Judge every row, keep counts, first findings and the marked sheet; returns the counts.

    Raises:
        DomainError: no row below the head.
        JobCancelled: it was cancelled meanwhile.
    """
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
    marked = mark(table, survey, tell) if marking and survey.notes else ""
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
    audit.record(
        "members.roster_uploaded",
        actor=roster.created_by,
        subject=roster.branch,
        label=roster.name,
        fields={"import": roster.pk, **counted(counts)},
    )
    return Counter(counts)


def _file_notes(table: Table) -> list[str]:
    """What of the file is not read, for the page."""
    notes = list(table.notes)
    if table.head.unknown:
        notes.append(
            _("没有这些栏目，不会导入：%(names)s。") % {"names": "、".join(table.head.unknown[:10])}
        )
    return notes


def mark(table: Table, survey: Survey, tell: Tell) -> str:
    """Write the marked sheet; returns the name of its file."""
    tell(0.92, _("写标注后的表"))
    name = new_file()
    write_marked(stored(name), table, survey.notes, whole=len(table) <= MARKED_WHOLE_ROWS)
    return name


def table_of(roster: RosterImport, tell: Tell) -> Table:
    """The uploaded file as a table; raises Unreadable."""
    tell(0.02, _("打开文件"))

    def tick(rows: int) -> None:
        # How many rows will come is not known; the share creeps up to 0.3.
        tell(0.02 + 0.28 * rows / (rows + 20_000), _("读取第 %(row)d 行") % {"row": rows})

    return read_table(stored(roster.file), roster.name, tick)


def planner_of(roster: RosterImport, table: Table) -> Planner:
    """The planner of an import, with the reach its uploader has today.

    Raises:
        NotAllowed: the uploader may no longer act for the branch, or no longer make new ones.
    """
    by = roster.created_by
    branches = Branch.objects.all()
    if by is not None:
        scope = scope_for(by)
        if not scope.may_write(roster.branch):
            raise NotAllowed(_("已没有办理该党组织花名册的权限，请联系上级管理员。"))
        if roster.create_branches and not scope.may_manage(roster.branch):
            raise NotAllowed(_("已没有新建党组织的权限，请联系上级管理员，或重新上传而不新建。"))
        branches = scope.writable_branches
    return Planner(
        table,
        roster.branch,
        set(branches.values_list("pk", flat=True)),
        creating=roster.create_branches,
        by=by,
    )
