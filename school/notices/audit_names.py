"""What the audit trail calls things done with messages."""

from django.utils.translation import gettext_lazy as _

from school.core.audit import names


def register() -> None:
    """Say what this app's entries are called."""
    names.name_actions(
        {
            "notices.reminded": _("提醒学习"),
        }
    )
    names.name_fields(
        {
            "delivered": _("送达人数"),
        }
    )
    names.name_subjects({"notices.message": None})
