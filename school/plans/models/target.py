"""Hours asked for in a year: sets with their rungs, and what follows from them for a member."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from school.members.models import Audience


class TargetSet(models.Model):
    """A requirement of hours for a year (年度学时要求): rungs, and the sources that count.

    Whether study alone online counts is answered by the host; nothing is presumed. A published set
    is changed by publishing a further draft of the same year and name, which takes its place.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        PUBLISHED = "published", _("执行中")
        REPLACED = "replaced", _("已被替代")
        WITHDRAWN = "withdrawn", _("已撤销")

    class Change(models.TextChoices):
        MONTHS = "months", _("按任职月数折算")
        HIGHER = "higher", _("按较高的一档")
        KEEP = "keep", _("按年初的一档，当年不变")

    class Joiners(models.TextChoices):
        MONTHS = "months", _("按在册月数折算")
        FULL = "full", _("按全年要求")
        NONE = "none", _("当年不要求")

    year = models.PositiveSmallIntegerField(_("年度"))
    name = models.CharField(_("名称"), max_length=60)
    basis = models.CharField(_("依据"), max_length=200, blank=True)
    solo_counts = models.BooleanField(_("网上自学是否计入"), null=True)
    sources = models.JSONField(_("其他计入来源"), default=list)
    change = models.CharField(
        _("年中职务变动"), max_length=8, choices=Change.choices, default=Change.MONTHS
    )
    joiners = models.CharField(
        _("年中加入"), max_length=8, choices=Joiners.choices, default=Joiners.MONTHS
    )
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.DRAFT)
    version = models.PositiveSmallIntegerField(_("版本"), default=1)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("制定人"),
    )
    created_at = models.DateTimeField(_("制定时间"))
    published_at = models.DateTimeField(_("发布时间"), null=True, blank=True)
    settled_at = models.DateTimeField(_("最近核对时间"), null=True, blank=True)
    settle_wanted = models.BooleanField(_("待重新核对"), default=False, editable=False)

    class Meta:
        verbose_name = _("年度学时要求")
        verbose_name_plural = _("年度学时要求")
        ordering = ["-year", "name", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["year", "name"],
                condition=Q(state="published"),
                name="target_set_one_published",
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(solo_counts__isnull=False),
                name="target_set_says_solo",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.name}"


class TargetRung(models.Model):
    """One rung of a set; the first whose audience holds a member decides."""

    set = models.ForeignKey(
        TargetSet, models.CASCADE, related_name="rungs", verbose_name=_("年度学时要求")
    )
    order = models.PositiveSmallIntegerField(_("顺序"))
    label = models.CharField(_("档次"), max_length=30)
    credit = models.PositiveIntegerField(_("全年应修学时（百分之一）"))
    audience = models.ForeignKey(
        Audience, models.PROTECT, related_name="+", verbose_name=_("适用对象")
    )
    training = models.BooleanField(_("至少参加一次集中培训"), default=False)
    new_post_months = models.PositiveSmallIntegerField(
        _("新任职后参加集中培训的期限（月）"), null=True, blank=True
    )

    class Meta:
        verbose_name = _("学时要求档次")
        verbose_name_plural = _("学时要求档次")
        ordering = ["set_id", "order"]
        constraints = [models.UniqueConstraint(fields=["set", "order"], name="target_rung_once")]

    def __str__(self) -> str:
        return self.label


class TargetQuerySet(models.QuerySet):
    """Reads of targets."""

    def in_force(self):
        """Targets that are still asked."""
        return self.filter(in_force=True)


class AnnualTarget(models.Model):
    """A member may hold several a year, each with the sources that count (empty: all).

    Written from a ``TargetSet`` by rule (``set`` empty: by hand). ``parts``: [[rung, months, credit
    of a whole year], …] in the order held; ``conditions``: [{kind, since, by, label}, …].
    """

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
    set = models.ForeignKey(
        TargetSet,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="targets",
        verbose_name=_("年度学时要求"),
    )
    rung = models.CharField(_("档次"), max_length=30, blank=True)
    parts = models.JSONField(_("折算"), default=list, blank=True)
    change = models.CharField(
        _("年中职务变动"), max_length=8, choices=TargetSet.Change.choices, blank=True
    )
    conditions = models.JSONField(_("参训条件"), default=list, blank=True)
    starts_on = models.DateField(_("起算日期"), null=True, blank=True)
    in_force = models.BooleanField(_("仍要求"), default=True)
    settled_at = models.DateTimeField(_("确定时间"), null=True, blank=True)

    objects = TargetQuerySet.as_manager()

    class Meta:
        verbose_name = _("年度应修学时")
        verbose_name_plural = _("年度应修学时")
        ordering = ["-year", "member_id", "name"]
        constraints = [
            models.UniqueConstraint(fields=["member", "year", "name"], name="target_once")
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.name}"
