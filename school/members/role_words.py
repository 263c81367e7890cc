"""What each role opens, in the words of the screens that lend it."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from school.members.rules.roles import Role

OPENS: dict[str, tuple[Promise, ...]] = {
    Role.GROUP_LEADER: (_("查看本组织及所辖的学习情况和党员名单；不能代为办理。"),),
    Role.SECRETARY: (
        _("查看本组织及所辖的学习情况、党员名单，提醒学习，导出名单。"),
        _("登记集体学习，办理免学，发放登录码，按月上报。"),
    ),
    Role.COMMITTEE_ADMIN: (
        _("查看所辖各单位的学习情况，逐级查到个人；退回或确认上报。"),
        _("建立、调整所辖党组织，维护党员名册，办理组织关系转接。"),
        _("在所辖范围内任免党小组长、支部书记和讲师；为所辖单位出题。"),
    ),
    Role.SCHOOL_ADMIN: (
        _("制定学习计划、学时规则，办理免学和学时申诉。"),
        _("编辑、发布所辖栏目的全部内容，管理视频、图片、附件和题库。"),
    ),
    Role.INSTRUCTOR: (
        _("在所辖栏目写稿，上传视频、图片和附件，出题；修改自己的稿件和素材。"),
        _("不能自己发布，要由审核人通过。"),
    ),
    Role.REVIEWER: (
        _("审核所辖栏目的稿件：通过后发布，或写明原因退回；审核题库。"),
        _("自己提交的稿件由其他审核人审核。"),
    ),
    Role.AUDITOR: (
        _("查看审计记录、学时台账、角色授权和所辖单位的学习情况。"),
        _("只能查看，不能办理任何业务。"),
    ),
    Role.SECURITY_ADMIN: (
        _("在所辖范围内授予和收回全部角色；不能给自己授权。"),
        _("查看需要留意的登录码，结束他人的登录，重置两步验证。"),
        _("看不到学习情况，也不能办理业务。"),
    ),
    Role.SYSTEM_ADMIN: (
        _("维护党组织和账号，填写网站设置，处理后台任务。"),
        _("不能授予角色，不能看学习情况和审计记录。"),
    ),
}
