"""What studying adds to the pages of others: a branch's home, a member's year."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext as _

from school.members.models import Branch, Member
from school.members.permissions import scope_for
from school.study.registry import OpenMatter, PendingRow
from school.study.selectors.disputes import (
    open_disputes_in,
    open_of_year,
    waiting_count,
    who_has_it,
)


def hours_links(member: Member, node: Branch) -> list[dict]:
    """Rows of a branch's link list; a badge says how many wait for this member."""
    if not scope_for(member).may_write(node):
        return []
    return [
        {
            "label": _("学时申诉"),
            "url": reverse("study:cases", args=[node.pk]),
            "icon": "clock",
            "badge": waiting_count(member, node) or None,
        }
    ]


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
