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
            "study.year_closed": _("年度封账"),
            "study.late_booked": _("计入迟到学时"),
            "study.late_refused": _("不予计入迟到学时"),
            "study.recredit_started": _("开始重新核算学时"),
            "study.recredit_finished": _("完成重新核算学时"),
            "study.hours_rebuilt": _("核对学时台账"),
            "study.hours_imported": _("导入学时"),
            "study.dispute_submitted": _("提交学时申诉"),
            "study.dispute_verified": _("核实学时申诉"),
            "study.dispute_raised": _("学时申诉逾期转上级"),
            "study.dispute_corrected": _("裁定学时申诉：更正"),
            "study.dispute_upheld": _("裁定学时申诉：维持"),
            "study.dispute_withdrawn": _("撤回学时申诉"),
            "study.evidence_pruned": _("清理过期学习凭据"),
            "study.late_evidence_accepted": _("认定逾期上传"),
            "study.late_evidence_refused": _("不予认定逾期上传"),
            "study.anomaly_judged": _("核实学习记录"),
        }
    )
    names.name_fields(
        {
            "credit": _("学时（百分之一）"),
            "reports": _("上报数"),
            "sessions": _("会话数"),
            "years": _("年度"),
            "award": _("应计（百分之一）"),
            "lines": _("记录数"),
            "differences": _("不符"),
            "dispute": _("申诉编号"),
            "finding": _("核实结论"),
            "batches": _("批次"),
            "counted": _("计入秒数"),
            "anomaly": _("待核实编号"),
        }
    )
    subjects = ("hourentry", "hourrule", "completion", "yearclose", "latearrival", "recredit")
    names.name_subjects({f"study.{each}": None for each in subjects})
