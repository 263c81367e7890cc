"""Counters: dated deltas at the home branch, month checkpoints of every node (decision 9)."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from school.members.models import Branch
from school.plans.models.plan import PlanItem, StudyPlan


class Measures(models.Model):
    """The counted numbers, named as in ``rules.Counts``."""

    due = models.IntegerField(_("应学"), default=0)
    exempt = models.IntegerField(_("免学"), default=0)
    started = models.IntegerField(_("已参学"), default=0)
    on_time = models.IntegerField(_("按期完成"), default=0)
    late = models.IntegerField(_("逾期完成"), default=0)
    waiting = models.IntegerField(_("等待处理"), default=0)
    hours_due = models.IntegerField(_("有学时要求"), default=0)
    hours_met = models.IntegerField(_("学时达标"), default=0)

    class Meta:
        abstract = True


class CountDelta(Measures):
    """One change of one member's state in a plan at the home branch of that day.

    ``plan_item`` None: the plan as a whole. Written only by ``services.counting``; ``folded`` says
    that the checkpoints already hold it.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name=_("党组织"))
    plan = models.ForeignKey(
        StudyPlan, models.CASCADE, related_name="+", verbose_name=_("学习计划")
    )
    plan_item = models.ForeignKey(
        PlanItem, models.CASCADE, null=True, related_name="+", verbose_name=_("计划内容")
    )
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("党员")
    )
    day = models.DateField(_("生效日期"))
    recorded_at = models.DateTimeField(_("记录时间"))
    folded = models.BooleanField(_("已汇总"), default=False)

    class Meta:
        verbose_name = _("统计变动")
        verbose_name_plural = _("统计变动")
        indexes = [
            models.Index(fields=["plan", "branch", "day"], name="delta_plan_branch"),
            models.Index(fields=["member", "plan"], name="delta_member"),
            models.Index(
                fields=["plan", "day"], condition=models.Q(folded=False), name="delta_unfolded"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.branch_id} {self.member_id} {self.day}"


class CountCheckpoint(Measures):
    """Sums of a node and everything below it up to the end of a month; only months with changes.

    ``month`` is its first day. Below means as the tree stood on the month's last day (today's
    tree for the running month).
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name=_("党组织"))
    plan = models.ForeignKey(
        StudyPlan, models.CASCADE, related_name="+", verbose_name=_("学习计划")
    )
    plan_item = models.ForeignKey(
        PlanItem, models.CASCADE, null=True, related_name="+", verbose_name=_("计划内容")
    )
    month = models.DateField(_("月份"))

    class Meta:
        verbose_name = _("统计汇总")
        verbose_name_plural = _("统计汇总")
        # Two, because not every database can say that nulls are equal.
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "branch", "month"],
                condition=models.Q(plan_item=None),
                name="checkpoint_plan_once",
            ),
            models.UniqueConstraint(
                fields=["plan", "branch", "plan_item", "month"],
                condition=models.Q(plan_item__isnull=False),
                name="checkpoint_item_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.branch_id} {self.month:%Y-%m}"
