"""上报: a branch tells its parent how a period stands; each filing freezes its rows."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from school.core.models import AppendOnly
from school.members.models import Branch
from school.plans.models import StudyPlan


class Filing(models.Model):
    """One branch and one period. 待上报 → 已上报 → 退回 → 已上报 → 已确认."""

    class Period(models.TextChoices):
        MONTH = "month", _("月")
        QUARTER = "quarter", _("季度")
        YEAR = "year", _("年度")

    class State(models.TextChoices):
        OPEN = "open", _("待上报")
        FILED = "filed", _("已上报")
        RETURNED = "returned", _("退回")
        CONFIRMED = "confirmed", _("已确认")

    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="filings", verbose_name=_("党组织")
    )
    period = models.CharField(_("周期"), max_length=8, choices=Period.choices)
    starts_on = models.DateField(_("周期首日"))
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.OPEN)
    reason = models.CharField(_("退回原因"), max_length=200, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("上级处理人"),
    )
    decided_at = models.DateTimeField(_("上级处理时间"), null=True)

    class Meta:
        verbose_name = _("上报")
        verbose_name_plural = _("上报")
        ordering = ["-starts_on", "branch_id"]
        constraints = [
            models.UniqueConstraint(fields=["branch", "period", "starts_on"], name="filing_once")
        ]

    def __str__(self) -> str:
        return f"{self.branch} {self.starts_on:%Y-%m} {self.get_state_display()}"


class FilingSnapshot(AppendOnly):
    """What was told, frozen: moment, last day, versions of plans and of the hour rule."""

    filing = models.ForeignKey(
        Filing, models.PROTECT, related_name="snapshots", verbose_name=_("上报")
    )
    attempt = models.PositiveSmallIntegerField(_("次数"))
    as_of = models.DateField(_("截至日期"))
    taken_at = models.DateTimeField(_("上报时间"))
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("上报人")
    )
    rule_version = models.PositiveIntegerField(_("学时规则版本"), null=True)
    plan_versions = models.JSONField(_("计划版本"), default=dict)
    note = models.CharField(_("说明"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("上报快照")
        verbose_name_plural = _("上报快照")
        ordering = ["filing_id", "attempt"]
        constraints = [models.UniqueConstraint(fields=["filing", "attempt"], name="snapshot_once")]

    def __str__(self) -> str:
        return f"{self.filing_id} #{self.attempt}"


class FilingRow(AppendOnly):
    """One row of a snapshot: the total of a plan, one child branch in it, or one member in it.

    Names are kept as they were; ``figures`` as in ``plans.rules.Figures``.
    """

    class Kind(models.TextChoices):
        TOTAL = "total", _("合计")
        BRANCH = "branch", _("下级")
        MEMBER = "member", _("党员")

    snapshot = models.ForeignKey(
        FilingSnapshot, models.PROTECT, related_name="rows", verbose_name=_("上报快照")
    )
    kind = models.CharField(_("行类别"), max_length=8, choices=Kind.choices)
    plan = models.ForeignKey(
        StudyPlan, models.PROTECT, related_name="+", verbose_name=_("学习计划")
    )
    label = models.CharField(_("名称"), max_length=80)
    branch_id = models.BigIntegerField(_("党组织编号"), null=True)
    member_id = models.BigIntegerField(_("党员编号"), null=True)
    figures = models.JSONField(_("数字"), default=dict)

    class Meta:
        verbose_name = _("上报行")
        verbose_name_plural = _("上报行")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.label} {self.figures}"
