"""What a member may do, and where. A grant on a branch reaches its subtree."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from school.members.models.branch import Branch
from school.members.models.dated import Dated, ends_after_start
from school.members.models.member import Member


class Section(models.Model):
    """A part of the page tree and the branch that answers for it.

    ``page_id`` and ``collection_id`` are plain numbers kept unique: the page tree and the files of
    its pages lie above this app.
    """

    page_id = models.PositiveBigIntegerField(_("页面编号"), unique=True)
    collection_id = models.PositiveBigIntegerField(
        _("素材集合编号"), null=True, unique=True, editable=False
    )
    title = models.CharField(_("栏目"), max_length=80)
    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="sections", verbose_name=_("主管党组织")
    )

    class Meta:
        verbose_name = _("栏目")
        verbose_name_plural = _("栏目")

    def __str__(self) -> str:
        return self.title


class RoleGrant(Dated):
    """(member, role, one of branch or section, dates, granted by)."""

    class Role(models.TextChoices):
        GROUP_LEADER = "group_leader", _("党小组长")
        SECRETARY = "secretary", _("支部书记")
        COMMITTEE_ADMIN = "committee_admin", _("党委管理员")
        SCHOOL_ADMIN = "school_admin", _("教务")
        INSTRUCTOR = "instructor", _("讲师")
        REVIEWER = "reviewer", _("审核人")
        AUDITOR = "auditor", _("审计员")
        SECURITY_ADMIN = "security_admin", _("安全管理员")
        SYSTEM_ADMIN = "system_admin", _("系统管理员")

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="grants", verbose_name=_("党员")
    )
    role = models.CharField(_("角色"), max_length=20, choices=Role.choices)
    branch = models.ForeignKey(
        Branch,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="grants",
        verbose_name=_("党组织"),
    )
    section = models.ForeignKey(
        Section,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="grants",
        verbose_name=_("栏目"),
    )
    granted_by = models.ForeignKey(
        Member,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="granted",
        verbose_name=_("授权人"),
    )

    reason = models.CharField(_("授权说明"), max_length=200, blank=True)
    ended_by = models.ForeignKey(
        Member, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("收回人")
    )
    end_reason = models.CharField(_("收回原因"), max_length=200, blank=True)
    # What Wagtail's groups say now; the scheduler brings it in step with the dates.
    in_force = models.BooleanField(_("已生效"), default=False, editable=False)

    class Meta:
        verbose_name = _("角色授权")
        verbose_name_plural = _("角色授权")
        ordering = ["member_id", "role"]
        constraints = [
            ends_after_start("grant_dates"),
            models.CheckConstraint(
                condition=Q(branch=None) ^ Q(section=None), name="grant_branch_or_section"
            ),
            models.UniqueConstraint(
                fields=["member", "role", "branch"],
                condition=Q(until=None, section=None),
                name="grant_once_on_branch",
            ),
            models.UniqueConstraint(
                fields=["member", "role", "section"],
                condition=Q(until=None, branch=None),
                name="grant_once_on_section",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.get_role_display()} {self.branch or self.section}"
