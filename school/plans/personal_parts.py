"""What plans hold about a person, for export and erasure."""

from django.utils.translation import gettext_lazy as _

from school.members.models import Member
from school.members.personal_data import rows_part
from school.plans.models import Exemption, ExemptionRequest

GONE = "已删除"


def _forget_reasons(member: Member) -> int:
    """That somebody was let off counts; why, which may be an illness, goes."""
    return Exemption.objects.filter(member=member).update(reason=GONE)


def _forget_asked_reasons(member: Member) -> int:
    rows = ExemptionRequest.objects.filter(member=member)
    rows.exclude(answer="").update(answer=GONE)
    return rows.update(reason=GONE)


def register() -> None:
    """Say what is held about a member."""
    rows_part("plans.annualtarget.member", _("年度应修学时"))
    rows_part("plans.exemption.member", _("免学"), erase=_forget_reasons)
    rows_part("plans.exemptionrequest.member", _("免学申请"), erase=_forget_asked_reasons)
    rows_part("plans.countdelta.member", _("计数变动"))
