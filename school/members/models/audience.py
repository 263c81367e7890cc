"""Whom a thing is for. One model for pages, plans, sittings, notices and search documents."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from school.members.models.branch import Branch
from school.members.models.member import MemberStanding
from school.members.models.membership import Post


class Audience(models.Model):
    """Public (guests too), all members, or whom the rules include and do not exclude."""

    class Scope(models.TextChoices):
        PUBLIC = "public", _("公开")
        MEMBERS = "members", _("全体登录人员")
        RULES = "rules", _("按规则")

    name = models.CharField(_("名称"), max_length=60, unique=True)
    scope = models.CharField(_("范围"), max_length=10, choices=Scope.choices, default=Scope.MEMBERS)

    class Meta:
        verbose_name = _("受众")
        verbose_name_plural = _("受众")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class AudienceRule(models.Model):
    """Branch subtree × post × member kind; an empty part means any. Exclusions win."""

    audience = models.ForeignKey(
        Audience, models.CASCADE, related_name="rules", verbose_name=_("受众")
    )
    branch = models.ForeignKey(
        Branch, models.PROTECT, null=True, blank=True, verbose_name=_("党组织及下级")
    )
    post = models.ForeignKey(Post, models.PROTECT, null=True, blank=True, verbose_name=_("职务"))
    kind = models.CharField(
        _("人员类别"), max_length=16, choices=MemberStanding.Kind.choices, blank=True
    )
    excludes = models.BooleanField(_("排除"), default=False)

    class Meta:
        verbose_name = _("受众规则")
        verbose_name_plural = _("受众规则")

    def __str__(self) -> str:
        parts = [str(p) for p in (self.branch, self.post, self.get_kind_display()) if p]
        return ("除 " if self.excludes else "") + (" · ".join(parts) or "全体")
