"""Rows that were good in the preview and refused when they were to be written are told too."""

from django.db import transaction
from django.utils.translation import gettext as _

from school.members.models import RosterImport
from school.members.roster import columns
from school.members.roster.planning import Outcome, RowPlan
from school.members.roster.reading import Table
from school.members.roster.survey import Survey
from school.members.services.roster_files import remove_file
from school.members.services.rosters.ending import locked
from school.members.services.rosters.reading import Tell, mark, planner_of

WRITES = frozenset({Outcome.CREATED, Outcome.CHANGED})


def tell_refused(roster: RosterImport, table: Table, tell: Tell) -> None:
    """Judge the table once more after its good rows are in: what is wrong now was not imported.

    The marked sheet and what the page shows of wrong rows are written anew.
    """
    planner, survey = planner_of(roster, table), Survey()
    for chunk in planner.chunks():
        for plan in planner.planned(chunk):
            _explain(plan, roster)
            survey.add(plan)
    marked = mark(table, survey, tell)
    with transaction.atomic():
        held = locked(roster)
        old, held.marked_file = held.marked_file, marked
        wrong = [row for row in survey.findings if row["kind"] == Outcome.REJECTED]
        others = [row for row in held.findings if row["kind"] != Outcome.REJECTED]
        held.findings = [*wrong, *others]
        held.counts[Outcome.REJECTED] = survey.counts[Outcome.REJECTED]
        held.save(update_fields=["marked_file", "findings", "counts"])
        transaction.on_commit(lambda: remove_file(old))
    roster.findings, roster.counts, roster.marked_file = held.findings, held.counts, marked


def _explain(plan: RowPlan, roster: RosterImport) -> None:
    """A good row that still has something to write was refused for what no preview sees."""
    if plan.outcome in WRITES or (plan.outcome == Outcome.MOVED and roster.move_members):
        plan.refuse(columns.BRANCH, _("写入时与别处的办理冲突，没有导入，请再次上传。"))
        plan.outcome = Outcome.REJECTED
