"""What studying adds to the pages of others: a branch's home, a member's year."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext as _

from school.members.models import Branch, Member
from school.members.permissions import scope_for
from school.study.models import LateStudy
from school.study.registry import OpenMatter, PendingRow
from school.study.selectors.anomalies import open_of_year as open_anomalies
from school.study.selectors.anomalies import to_judge_count
from school.study.selectors.disputes import (
    open_disputes_in,
    open_of_year,
    waiting_count,
    who_has_it,
)
from school.study.selectors.late import late_counts, late_of_year


def hours_links(member: Member, node: Branch) -> list[dict]:
    """Rows of a branch's link list; a badge says how many wait for this member."""
    if not scope_for(member).may_write(node):
        return []
    links = [
        {
            "label": _("学时申诉"),
            "url": reverse("study:cases", args=[node.pk]),
            "icon": "clock",
            "badge": waiting_count(member, node) or None,
        },
        {
            "label": _("待核实"),
            "url": reverse("study:anomalies", args=[node.pk]),
            "icon": "search",
            "badge": to_judge_count(member, node) or None,
        },
    ]
    late, mine = late_counts(member, node)
    if late:  # rare: the row stands there only where there is something behind it
        address = reverse("study:late_cases", args=[node.pk])
        row = {"label": _("逾期上传"), "url": address, "icon": "sync", "badge": mine or None}
        links.append(row)
    return links


def disputes_pending(member_id: int, year: int) -> Iterable[PendingRow]:
    """What of a member's year is being looked into."""
    for dispute in open_disputes_in(member_id, year):
        yield PendingRow(
            title=dispute.title,
            studied_on=dispute.studied_on,
            state=_("核实中"),
            note=who_has_it(dispute),
            path=reverse("study:dispute", args=[dispute.pk]),
        )


def disputes_open(year: int) -> OpenMatter:
    """Disputes of a year that nobody has decided yet, looked at before it is closed."""
    return OpenMatter(_("未办结的学时申诉"), open_of_year(year).count())


def anomalies_open(year: int) -> OpenMatter:
    """Study of a year that waits for somebody to look at it, before the year is closed."""
    return OpenMatter(_("待核实的学习记录"), open_anomalies(year).count())


def late_pending(member_id: int, year: int) -> Iterable[PendingRow]:
    """What of a member's year was reported too late: waits to be looked at, or was refused."""
    for study in late_of_year(member_id, year):
        yield PendingRow(
            title=study.title,
            studied_on=study.studied_on,
            state=study.get_state_display(),
            note=_late_note(study),
            seconds=study.seconds,
        )


def _late_note(study: LateStudy) -> str:
    if not study.is_open:
        return study.reason
    if study.holder is None:
        return _("由教务核实，核实后才计入")
    return _("由%(branch)s核实，核实后才计入") % {"branch": study.holder.short_name}


def late_open(year: int) -> OpenMatter:
    """Visits of a year that were reported too late and wait for a decision."""
    rows = LateStudy.objects.filter(studied_on__year=year, state=LateStudy.State.WAITING)
    return OpenMatter(_("待核实的逾期上传"), rows.count())
