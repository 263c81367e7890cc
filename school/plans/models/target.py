"""Hours asked for in a year, and who is let off from what."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from school.members.models.dated import Dated, ends_after_start
from school.plans.models.plan import StudyPlan


class AnnualTarget(models.Model):
    """A member may hold several a year, each with the sources that count (empty: all)."""

    member = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="annual_targets",
        verbose_name=_("党员"),
    )
    year = models.PositiveSmallIntegerField(_("年度"))
    name = models.CharField(_("名称"), max_length=60)
    credit = models.PositiveIntegerField(_("应修学时（百分之一）"))
    sources = models.JSONField(_("计入来源"), default=list, blank=True)
    basis = models.CharField(_("依据"), max_length=200, blank=True)
    post_snapshot = models.CharField(_("确定时的职务"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("年度应修学时")
        verbose_name_plural = _("年度应修学时")
        ordering = ["-year", "member_id", "name"]
        constraints = [
            models.UniqueConstraint(fields=["member", "year", "name"], name="target_once")
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.name}"


class Exemption(Dated):
    """Let off from a plan or from a year's target, for a reason, approved by somebody."""

    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="exemptions", verbose_name=_("党员")
    )
    plan = models.ForeignKey(
        StudyPlan,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="exemptions",
        verbose_name=_("学习计划"),
    )
    target = models.ForeignKey(
        AnnualTarget,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="exemptions",
        verbose_name=_("年度应修学时"),
    )
    reason = models.CharField(_("原因"), max_length=200)
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("批准人"),
    )
    recorded_at = models.DateTimeField(_("记录时间"))

    class Meta:
        verbose_name = _("免学")
        verbose_name_plural = _("免学")
        ordering = ["-since", "-id"]
        constraints = [
            ends_after_start("exemption_dates"),
            models.CheckConstraint(
                condition=Q(plan=None) ^ Q(target=None), name="exemption_plan_or_target"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.plan or self.target}"
