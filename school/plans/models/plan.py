"""A study plan: which items, for whom, from when to when."""

from datetime import date

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from school.members.models import Audience, Branch
from school.study.models import PolicyFields, StudyItem


class StudyPlan(PolicyFields):
    """Items + audience + window. Who joins the audience is included, who leaves drops out."""

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        PUBLISHED = "published", _("进行中")
        ENDED = "ended", _("已结束")

    title = models.CharField(_("名称"), max_length=80)
    owner = models.ForeignKey(
        Branch, models.PROTECT, related_name="study_plans", verbose_name=_("制定党组织")
    )
    audience = models.ForeignKey(
        Audience,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("学习对象"),
        help_text=_("留空为全体党员。"),
    )
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("截止日期"))
    make_up_until = models.DateField(
        _("补学至"),
        null=True,
        blank=True,
        help_text=_("截止后到这一天完成的记为逾期完成；留空则一直可以补学，直到计划结束。"),
    )
    hour_target = models.PositiveIntegerField(_("学时要求（百分之一）"), null=True, blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.DRAFT)
    version = models.PositiveIntegerField(_("版本"), default=1)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("制定人"),
    )
    created_at = models.DateTimeField(_("制定时间"))
    published_at = models.DateTimeField(_("发布时间"), null=True, blank=True)
    ended_on = models.DateField(_("结束日期"), null=True, blank=True)
    recount_wanted = models.BooleanField(_("待重新统计"), default=False, editable=False)

    class Meta:
        verbose_name = _("学习计划")
        verbose_name_plural = _("学习计划")
        ordering = ["ends_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="plan_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(make_up_until=None) | Q(make_up_until__gte=F("ends_on")),
                name="plan_make_up_after_end",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValidationError({"ends_on": _("截止日期不能早于开始日期。")})
        if self.make_up_until and self.ends_on and self.make_up_until < self.ends_on:
            raise ValidationError({"make_up_until": _("补学期限不能早于截止日期。")})

    @property
    def closes_on(self) -> date | None:
        """Last day on which anything in the plan's figures may change; None: open."""
        days = [day for day in (self.make_up_until, self.ended_on) if day]
        return min(days) if days else None


class PlanItem(models.Model):
    """One item of a plan, in order. Withdrawn or replaced items stay as history."""

    plan = models.ForeignKey(
        StudyPlan, models.CASCADE, related_name="items", verbose_name=_("学习计划")
    )
    item = models.ForeignKey(
        StudyItem, models.PROTECT, related_name="plan_items", verbose_name=_("学习内容")
    )
    required = models.BooleanField(_("必修"), default=True)
    order = models.PositiveSmallIntegerField(_("顺序"), default=0)
    added_on = models.DateField(_("加入日期"), null=True, blank=True)
    withdrawn_on = models.DateField(_("撤下日期"), null=True, blank=True)
    replaced_by = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="replaces",
        verbose_name=_("替换为"),
    )
    # Set once the counters know that the content itself was taken off the site.
    gone_counted = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("计划内容")
        verbose_name_plural = _("计划内容")
        ordering = ["plan_id", "order", "id"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "item"], name="plan_item_once"),
        ]

    def __str__(self) -> str:
        return str(self.item)
