"""What was earned: completions and the credit ledger, both append-only."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from school.core.models import AppendOnly
from school.study.models.item import ItemRevision, StudyItem


class LedgerQuerySet(models.QuerySet):
    """Reads of append-only rows; what would change them in bulk is refused."""

    def update(self, **_values):
        raise TypeError(f"{self.model.__name__} is append-only")

    def delete(self):
        raise TypeError(f"{self.model.__name__} is append-only")

    def in_force(self):
        """Rows that are neither a correction nor corrected."""
        return self.filter(reverses=None, reversed_by=None)


class Completion(AppendOnly):
    """A member has met all requirements of a revision. The only thing plans and boards read.

    A correction is a further row that names what it ``reverses``; earning again after that takes
    the next ``ordinal``.
    """

    class Evidence(models.TextChoices):
        STUDY = "study", _("本人学习")
        GROUP = "group", _("集体学习")
        QUIZ = "quiz", _("测验通过")
        PARTS = "parts", _("各部分学完")
        MANUAL = "manual", _("人工认定")

    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="completions", verbose_name=_("党员")
    )
    item = models.ForeignKey(
        StudyItem, models.PROTECT, related_name="completions", verbose_name=_("学习内容")
    )
    revision = models.ForeignKey(
        ItemRevision, models.PROTECT, related_name="completions", verbose_name=_("内容版本")
    )
    cycle = models.PositiveIntegerField(_("轮次"), default=0)
    ordinal = models.PositiveSmallIntegerField(_("次序"), default=0)
    effective_on = models.DateField(_("完成日期"))
    recorded_at = models.DateTimeField(_("记录时间"))
    evidence = models.CharField(_("依据"), max_length=10, choices=Evidence.choices)
    origin = models.CharField(_("依据编号"), max_length=64, blank=True)
    reverses = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="reversed_by",
        verbose_name=_("冲销"),
    )
    reason = models.CharField(_("原因"), max_length=200, blank=True)

    objects = LedgerQuerySet.as_manager()

    class Meta:
        verbose_name = _("完成记录")
        verbose_name_plural = _("完成记录")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "revision", "cycle", "ordinal"],
                condition=Q(reverses=None),
                name="completion_once",
            )
        ]
        indexes = [models.Index(fields=["item", "member"], name="completion_item_member")]

    def __str__(self) -> str:
        return f"{self.member_id} {self.item_id} {self.effective_on}"


class HourRule(models.Model):
    """How study becomes 学时, from a day on. A new version never rewrites what was credited."""

    class Mode(models.TextChoices):
        ON_COMPLETION = "on_completion", _("学完计")

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
    yearly_caps = models.JSONField(_("按来源年度上限"), default=dict, blank=True)
    offline_minutes_per_hour = models.PositiveSmallIntegerField(_("线下每学时分钟数"), default=60)

    class Meta:
        verbose_name = _("学时规则")
        verbose_name_plural = _("学时规则")
        ordering = ["-effective_from"]

    def __str__(self) -> str:
        return f"第 {self.version} 版 {self.effective_from}"


class HourEntry(AppendOnly):
    """One line of the ledger: ``seconds`` of study and ``credit`` in hundredths of 学时."""

    class Source(models.TextChoices):
        ONLINE = "online", _("网上自学")
        QUIZ = "quiz", _("测验")
        GROUP = "group", _("集体学习")
        LECTURE = "lecture", _("党课")
        TRAINING = "training", _("集中培训")
        MANUAL = "manual", _("补录")

    OFFLINE = (Source.GROUP, Source.LECTURE, Source.TRAINING)

    member = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="hour_entries",
        verbose_name=_("党员"),
    )
    item = models.ForeignKey(
        StudyItem, models.PROTECT, null=True, blank=True, verbose_name=_("学习内容")
    )
    title = models.CharField(_("事由"), max_length=255)
    seconds = models.IntegerField(_("秒数"))
    credit = models.IntegerField(_("学时（百分之一）"))
    source = models.CharField(_("来源"), max_length=10, choices=Source.choices)
    studied_on = models.DateField(_("学习日期"))
    recorded_at = models.DateTimeField(_("记录时间"))
    counts_for_year = models.PositiveSmallIntegerField(_("计入年度"))
    rule = models.ForeignKey(
        HourRule, models.PROTECT, null=True, blank=True, verbose_name=_("学时规则")
    )
    origin = models.CharField(
        _("依据"), max_length=80, help_text=_("同一依据只入账一次，例如 completion:12。")
    )
    note = models.CharField(_("说明"), max_length=200, blank=True)
    reverses = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="reversed_by",
        verbose_name=_("冲销"),
    )

    objects = LedgerQuerySet.as_manager()

    class Meta:
        verbose_name = _("学时记录")
        verbose_name_plural = _("学时台账")
        ordering = ["-studied_on", "-id"]
        constraints = [models.UniqueConstraint(fields=["member", "origin"], name="hour_entry_once")]
        indexes = [models.Index(fields=["member", "counts_for_year"], name="hour_member_year")]

    def __str__(self) -> str:
        return f"{self.member_id} {self.studied_on} {self.credit}"


class YearClose(models.Model):
    """A closed year takes no further entries; what arrives later is listed for 教务."""

    year = models.PositiveSmallIntegerField(_("年度"), unique=True)
    closed_at = models.DateTimeField(_("封账时间"))
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name=_("封账人")
    )

    class Meta:
        verbose_name = _("年度封账")
        verbose_name_plural = _("年度封账")
        ordering = ["-year"]

    def __str__(self) -> str:
        return str(self.year)
