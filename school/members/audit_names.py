"""What the audit trail calls things done to people and branches."""

from django.utils.translation import gettext_lazy as _

from school.core.audit import names
from school.members.models import (
    Branch,
    Member,
    MemberRecord,
    MemberStanding,
    RoleGrant,
    SignInSession,
)

# Under these keys stand codes of branches.
BRANCH_KEYS = ("branch", "children", "from", "into", "new", "parent", "to")


def _member_id(typed: str) -> int | None:
    """A member by staff number."""
    rows = Member.objects.filter(staff_number=typed.upper())
    return rows.values_list("pk", flat=True).first()


def _branch_id(typed: str) -> int | None:
    """A branch by its code, else by its short name."""
    rows = Branch.objects.filter(code=typed) or Branch.objects.filter(short_name=typed)
    return rows.values_list("pk", flat=True).first()


def _branches_by_code(codes: set) -> dict[str, str]:
    """Branches as the list calls them: short name and code."""
    rows = Branch.objects.filter(code__in=[str(code) for code in codes])
    return {code: f"{name}（{code}）" for code, name in rows.values_list("code", "short_name")}


def register() -> None:
    """Say what this app's entries are called."""
    names.name_actions(
        {
            "members.attached": _("参加双重组织生活"),
            "members.attachment_ended": _("结束双重组织生活"),
            "members.branch_created": _("新建党组织"),
            "members.branch_dissolved": _("撤销党组织"),
            "members.branch_edited": _("修改党组织"),
            "members.branch_merged": _("合并党组织"),
            "members.branch_moved": _("调整隶属关系"),
            "members.branch_split": _("拆分党组织"),
            "members.code_issued": _("发放登录码"),
            "members.slips_issued": _("打印登录码单"),
            "members.correction_asked": _("申请更正信息"),
            "members.correction_done": _("确认更正信息"),
            "members.correction_declined": _("不予更正信息"),
            "members.enrolled": _("登记党员"),
            "members.record_edited": _("修改党员信息"),
            "members.record_corrected": _("按申请更正信息"),
            "members.password_set": _("设置密码"),
            "members.password_not_proved": _("核对密码未通过"),
            "members.post_held": _("任职"),
            "members.post_ended": _("免职"),
            "members.recovery_code_used": _("使用恢复码"),
            "members.recovery_codes_renewed": _("更换恢复码"),
            "members.role_granted": _("授予角色"),
            "members.role_began": _("角色生效"),
            "members.role_ended": _("终止角色"),
            "members.role_expired": _("角色到期"),
            "members.roster_uploaded": _("上传花名册"),
            "members.roster_imported": _("导入花名册"),
            "members.roster_failed": _("花名册未导入"),
            "members.roster_cancelled": _("取消导入花名册"),
            "members.roster_changed": _("花名册修改党员信息"),
            "members.roster_moved": _("花名册转入党员"),
            "members.roster_exported": _("导出花名册"),
            "members.roster_downloaded": _("下载花名册"),
            "members.roster_export_asked": _("申请导出花名册"),
            "members.roster_export_agreed": _("批准导出完整号码"),
            "members.roster_export_declined": _("不批准导出完整号码"),
            "members.roster_export_withdrawn": _("撤回导出申请"),
            "members.second_step_added": _("添加二次验证"),
            "members.second_step_removed": _("移除二次验证"),
            "members.second_step_refused": _("二次验证未通过"),
            "members.second_step_reset": _("重置二次验证"),
            "members.session_ended": _("结束一处登录"),
            "members.sessions_ended": _("结束全部登录"),
            "members.sign_in_refused": _("登录未成功"),
            "members.signed_in": _("登录"),
            "members.standing_changed": _("变更人员类别或状态"),
            "members.transferred": _("变更组织关系"),
            "members.transfer_sent": _("发出转接"),
            "members.transfer_received": _("接收转接"),
            "members.transfer_returned": _("退回转接"),
            "members.transfer_withdrawn": _("撤回转接"),
            "members.number_revealed": _("查看完整号码"),
            "members.data_exported": _("导出个人信息"),
            "members.erased": _("注销并删除个人信息"),
        }
    )
    names.name_fields(
        {
            "below": _("下级数量"),
            "children": _("下级党组织"),
            "codes": _("作废登录码"),
            "correction": _("更正申请"),
            "device": _("设备"),
            "field": _("项目"),
            "grants": _("授权数量"),
            "import": _("导入批次"),
            "into": _("并入"),
            "left": _("剩余恢复码"),
            "new": _("新党组织"),
            "parts": _("内容"),
            "post": _("职务"),
            "posts": _("任职数量"),
            "second_step": _("二次验证"),
            "transfer": _("转接编号"),
            "name": _("姓名"),
            "staff_number": _("工号"),
            "mobile": _("手机号"),
            "identity": _("身份证号"),
            "kind": _("类别"),
            "short_name": _("简称"),
        }
    )
    names.name_fields(
        {
            "on": _("范围"),
        },
        action="members.role_granted",
    )
    names.name_fields(
        {
            "on": _("范围"),
        },
        action="members.role_ended",
    )
    names.name_fields(
        {
            "on": _("范围"),
        },
        action="members.role_began",
    )
    names.name_fields(
        {
            "on": _("范围"),
        },
        action="members.role_expired",
    )
    names.name_fields(
        {
            "code": _("用登录码"),
        },
        action="members.signed_in",
    )
    names.name_fields(
        {
            "from_to": _("所在党组织"),
        },
        action="members.transferred",
    )
    names.name_fields(
        {
            "from_to": _("上级党组织"),
        },
        action="members.branch_moved",
    )
    names.name_fields(
        {
            "from_to": _("所在党组织"),
        },
        action="members.transfer_sent",
    )
    names.name_fields(
        {
            "from_to": _("所在党组织"),
        },
        action="members.transfer_received",
    )
    for action in ("roster_uploaded", "roster_imported", "roster_failed", "roster_cancelled"):
        names.name_fields(
            {
                "changed": _("更改"),
                "moved": _("转入"),
                "rejected": _("有错误"),
                "written": _("已处理的行"),
            },
            action=f"members.{action}",
        )
    names.name_subjects(
        {
            "members.member": _member_id,
            "members.branch": _branch_id,
            "members.rosterexport": None,
            "members.rosterimport": None,
        }
    )
    # The record's own fields stand in entries whose subject is the member.
    names.name_fields(
        {
            field.name: field.verbose_name
            for field in MemberRecord._meta.fields
            if field.editable and not field.is_relation
        }
    )
    names.name_values("role", dict(RoleGrant.Role.choices))
    names.name_values("kind", dict(MemberStanding.Kind.choices), action="members.standing_changed")
    names.name_values(
        "state", dict(MemberStanding.State.choices), action="members.standing_changed"
    )
    names.name_values(
        "reason", dict(MemberStanding.Reason.choices), action="members.standing_changed"
    )
    for action in ("members.session_ended", "members.sessions_ended"):
        names.name_values("why", dict(SignInSession.End.choices), action=action)
    names.name_lookup(BRANCH_KEYS, _branches_by_code)
    names.name_values("sex", dict(MemberRecord.Sex.choices))
