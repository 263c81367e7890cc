"""What the audit trail calls things done to gatherings."""

from django.utils.translation import gettext_lazy as _

from school.core.audit import names


def register() -> None:
    """Say what this app's entries are called."""
    names.name_actions(
        {
            "gatherings.opened": _("登记集体学习"),
            "gatherings.closed": _("确认集体学习"),
            "gatherings.cancelled": _("取消集体学习"),
        }
    )
    names.name_subjects({"gatherings.gathering": None})
