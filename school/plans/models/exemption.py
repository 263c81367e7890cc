"""Who is let off from what, and how that is asked for."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from school.members.models import Branch
from school.members.models.dated import Dated, ends_after_start
from school.plans.models.plan import StudyPlan
from school.plans.models.target import AnnualTarget


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


class ExemptionRequest(models.Model):
    """A branch asks that somebody be let off; somebody else, above it, decides."""

    class State(models.TextChoices):
        OPEN = "open", _("待批准")
        APPROVED = "approved", _("已批准")
        DECLINED = "declined", _("未批准")
        WITHDRAWN = "withdrawn", _("已撤回")

    member = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="exemption_requests",
        verbose_name=_("党员"),
    )
    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="+", verbose_name=_("所在党组织")
    )
    plan = models.ForeignKey(
        StudyPlan,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("学习计划"),
    )
    target = models.ForeignKey(
        AnnualTarget,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("年度应修学时"),
    )
    reason = models.CharField(_("原因"), max_length=200)
    since = models.DateField(_("起始日期"), null=True, blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.OPEN)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("申请人")
    )
    asked_at = models.DateTimeField(_("申请时间"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("批准人"),
    )
    decided_at = models.DateTimeField(_("处理时间"), null=True, blank=True)
    answer = models.CharField(_("处理意见"), max_length=200, blank=True)
    exemption = models.OneToOneField(
        Exemption,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="request",
        verbose_name=_("免学"),
    )

    class Meta:
        verbose_name = _("免学申请")
        verbose_name_plural = _("免学申请")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(plan=None) ^ Q(target=None), name="exemption_asked_for_one"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None)
                | (~Q(decided_by=F("asked_by")) & ~Q(decided_by=F("member"))),
                name="exemption_decided_by_another",
            ),
            models.UniqueConstraint(
                fields=["member", "plan"],
                condition=Q(state="open", target=None),
                name="exemption_one_open_plan",
            ),
            models.UniqueConstraint(
                fields=["member", "target"],
                condition=Q(state="open", plan=None),
                name="exemption_one_open_target",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.plan or self.target}"
