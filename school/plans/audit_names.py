"""What the audit trail calls things done to plans."""

from django.utils.translation import gettext_lazy as _

from school.core.audit import names
from school.plans.models import StudyPlan
from school.study.models import StudyItem


def _plans(ids: set) -> dict[int, str]:
    rows = StudyPlan.objects.filter(pk__in=[one for one in ids if isinstance(one, int)])
    return dict(rows.values_list("pk", "title"))


def _items(ids: set) -> dict[int, str]:
    rows = StudyItem.objects.filter(pk__in=[one for one in ids if isinstance(one, int)])
    return dict(rows.values_list("pk", "title"))


def register() -> None:
    """Say what this app's entries are called."""
    names.name_actions(
        {
            "plans.created": _("新建计划"),
            "plans.changed": _("修改计划"),
            "plans.published": _("发布计划"),
            "plans.ended": _("结束计划"),
            "plans.item_withdrawn": _("撤下计划内容"),
            "plans.targets_set": _("设定学时目标"),
            "plans.target_changed": _("按规则更新学时目标"),
            "plans.target_set_drafted": _("编写年度学时要求"),
            "plans.target_set_discarded": _("删除年度学时要求草稿"),
            "plans.target_set_published": _("发布年度学时要求"),
            "plans.target_set_withdrawn": _("撤销年度学时要求"),
            "plans.exemption_asked": _("申请免学"),
            "plans.exemption_declined": _("不批准免学"),
            "plans.exemption_withdrawn": _("撤回免学申请"),
            "plans.exempted": _("批准免学"),
            "plans.exemption_ended": _("终止免学"),
        }
    )
    names.name_fields(
        {
            "credit": _("学时（百分之一）"),
            "item": _("学习内容"),
            "replaced_by": _("替换为"),
            "target": _("学时目标"),
            "sources": _("计入来源"),
        }
    )
    names.name_subjects(
        {
            "plans.studyplan": None,
            "plans.exemption": None,
            "plans.exemptionrequest": None,
            "plans.targetset": None,
        }
    )
    names.name_lookup(("plan",), _plans)
    names.name_lookup(("item", "replaced_by"), _items)
