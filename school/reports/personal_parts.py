"""What filings hold about a person, for export and erasure."""

from django.utils.translation import gettext_lazy as _

from school.members.models import Member
from school.members.personal_data import Part, Row, plain, register_part
from school.reports.models import FilingRow

GONE = "已注销"


def _filed(member: Member) -> list[Row]:
    rows = FilingRow.objects.filter(member_id=member.pk)
    rows = rows.select_related("snapshot__filing__branch", "plan").order_by("pk")
    return [
        {
            str(_("党组织")): str(row.snapshot.filing.branch),
            str(_("截至日期")): plain(row.snapshot.as_of),
            str(_("学习计划")): row.plan.title,
            str(_("数字")): row.figures,
        }
        for row in rows
    ]


def _forget_name(member: Member) -> int:
    """Figures of a filed period stay as filed; the name in its row goes."""
    return FilingRow.objects.filter(member_id=member.pk).update(label=GONE)


def register() -> None:
    """Say what is held about a member."""
    register_part(Part("filings", _("上报中的本人数据"), (), _filed, _forget_name))
