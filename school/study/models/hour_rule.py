"""How study becomes 学时: versions of the rule, and decisions to credit past study anew."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class HourRule(models.Model):
    """How study becomes 学时, from a day on. A new version never rewrites what was credited."""

    class Mode(models.TextChoices):
        ON_COMPLETION = "on_completion", _("学完计")
        AS_STUDIED = "as_studied", _("按学习时长计")

    version = models.PositiveIntegerField(_("版本"), unique=True)
    effective_from = models.DateField(_("生效日期"), unique=True)
    mode = models.CharField(
        _("方式"), max_length=14, choices=Mode.choices, default=Mode.ON_COMPLETION
    )
    minutes_per_hour = models.PositiveSmallIntegerField(_("每学时分钟数"), default=45)
    step = models.PositiveSmallIntegerField(_("最小单位（百分之一学时）"), default=25)
    tiers = models.JSONField(
        _("按长度分档"),
        default=list,
        blank=True,
        help_text=_(
            "[[不超过分钟, 百分之一学时], …],分钟填 null 表示不限；空则按每学时分钟数折算。"
        ),
    )
    quiz_bonus = models.PositiveSmallIntegerField(_("测验通过加计（百分之一）"), default=0)
    pays_again = models.BooleanField(
        _("次年重学可再计"), default=True, help_text=_("同一内容每年最多计一次。")
    )
    daily_cap = models.PositiveIntegerField(
        _("网上自学每日上限（百分之一）"), null=True, blank=True
    )
    yearly_caps = models.JSONField(
        _("年度上限"),
        default=dict,
        blank=True,
        help_text=_("网上自学（online）、测验（quiz）、两者合计（self_paced），百分之一学时。"),
    )
    offline_minutes_per_hour = models.PositiveSmallIntegerField(_("线下每学时分钟数"), default=60)
    offline_kinds = models.JSONField(
        _("各类线下每学时分钟数"),
        default=dict,
        blank=True,
        help_text=_("未列出的类别按“线下每学时分钟数”。"),
    )
    preset = models.CharField(_("参照"), max_length=30, blank=True)
    basis = models.CharField(_("规则依据"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("学时规则")
        verbose_name_plural = _("学时规则")
        ordering = ["-effective_from"]

    def __str__(self) -> str:
        return f"第 {self.version} 版 {self.effective_from}"


class Recredit(models.Model):
    """A decision that study of some days counts by another version of the rule.

    From its start the days count by ``rule`` for whatever arrives; a job takes what was credited
    before back by further rows and books it anew.
    """

    rule = models.ForeignKey(
        HourRule, models.PROTECT, related_name="recredits", verbose_name=_("学时规则")
    )
    since = models.DateField(_("学习日期自"))
    until = models.DateField(_("学习日期至"))
    reason = models.CharField(_("原因"), max_length=200)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("发起人"),
    )
    started_at = models.DateTimeField(_("发起时间"))
    finished_at = models.DateTimeField(_("完成时间"), null=True, blank=True)
    outcome = models.JSONField(_("结果"), default=dict, blank=True)

    class Meta:
        verbose_name = _("重新核算")
        verbose_name_plural = _("重新核算")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until__gte=F("since")), name="recredit_ends_after_start"
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.since}–{self.until}"
