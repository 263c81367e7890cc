"""What the audit trail calls things done to hours and completions."""

from django.utils.translation import gettext_lazy as _

from school.core.audit import names


def register() -> None:
    """Say what this app's entries are called."""
    names.name_actions(
        {
            "study.entry_reversed": _("冲销学时"),
            "study.hour_rule_added": _("新增学时规则"),
            "study.completion_reversed": _("撤销完成记录"),
        }
    )
    names.name_fields(
        {
            "credit": _("学时（百分之一）"),
        }
    )
    names.name_subjects({"study.hourentry": None, "study.hourrule": None, "study.completion": None})
