"""What the audit trail calls things done to gatherings."""

from django.utils.translation import gettext_lazy as _

from school.core.audit import names


def register() -> None:
    """Say what this app's entries are called."""
    names.name_actions(
        {
            "gatherings.opened": _("登记集体学习"),
            "gatherings.convened": _("召开集体学习"),
            "gatherings.ended": _("结束集体学习"),
            "gatherings.names_entered": _("登记到会情况"),
            "gatherings.guest_added": _("添加列席人员"),
            "gatherings.guest_removed": _("移除列席人员"),
            "gatherings.submitted": _("提交集体学习审核"),
            "gatherings.approved": _("审核通过集体学习"),
            "gatherings.own_confirmed": _("核定登记人本人的到会"),
            "gatherings.own_declined": _("不予核定登记人本人的到会"),
            "gatherings.attendance_corrected": _("更正一人的到会情况"),
            "gatherings.sent_back": _("退回集体学习"),
            "gatherings.closed": _("确认集体学习"),
            "gatherings.cancelled": _("取消集体学习"),
            "gatherings.sheet_read": _("导入签到表"),
            "gatherings.file_added": _("上传佐证材料"),
            "gatherings.file_removed": _("移除佐证材料"),
            "gatherings.file_seen": _("查看佐证材料"),
        }
    )
    names.name_subjects({"gatherings.gathering": None})
