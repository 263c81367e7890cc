"""What gatherings hold about a person, for export."""

from django.utils.translation import gettext_lazy as _

from school.members.personal_data import rows_part


def register() -> None:
    """Say what is held about a member."""
    rows_part("gatherings.attendance.member", _("集体学习到会情况"))
