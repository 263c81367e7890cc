"""What gatherings hold about a person, for export and erasure."""

from django.utils.translation import gettext_lazy as _

from school.gatherings.models import Attendance
from school.members.models import Member
from school.members.personal_data import rows_part


def _forget_excuses(member: Member) -> int:
    """That somebody was on leave stays; why, which may be an illness, goes."""
    return Attendance.objects.filter(member=member).exclude(excuse="").update(excuse="")


def register() -> None:
    """Say what is held about a member."""
    rows_part("gatherings.attendance.member", _("集体学习到会情况"), erase=_forget_excuses)
    rows_part("gatherings.makeup.member", _("补学"))
    rows_part("gatherings.checkintries.member", _("签到码输错次数"))
