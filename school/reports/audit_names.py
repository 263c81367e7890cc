"""What the audit trail calls filings and exports."""

from django.utils.translation import gettext_lazy as _

from school.core.audit import names


def register() -> None:
    """Say what this app's entries are called."""
    names.name_actions(
        {
            "reports.filed": _("上报"),
            "reports.returned": _("退回上报"),
            "reports.confirmed": _("确认上报"),
            "reports.exported": _("导出统计表"),
        }
    )
    names.name_fields(
        {
            "on": _("截至日期"),
        },
        action="reports.exported",
    )
    names.name_subjects({"reports.filing": None})
    names.name_values(
        "filter",
        {
            "all": _("全部"),
            "done": _("已完成"),
            "open": _("未完成"),
            "overdue": _("逾期"),
            "exempt": _("免学"),
        },
        action="reports.exported",
    )
