"""What was earned: completions and the credit ledger, both append-only."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from school.core.models import AppendOnly
from school.study.models.hour_rule import HourRule
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


class HourEntry(AppendOnly):
    """One line of the ledger: ``seconds`` of study and ``credit`` in hundredths of 学时."""

    class Source(models.TextChoices):
        ONLINE = "online", _("网上自学")
        QUIZ = "quiz", _("测验")
        GROUP = "group", _("集体学习")
        LECTURE = "lecture", _("党课")
        TRAINING = "training", _("集中培训")
        MANUAL = "manual", _("补录")

    # Entered by hand counts as offline: nothing online has measured it.
    OFFLINE = (Source.GROUP, Source.LECTURE, Source.TRAINING, Source.MANUAL)
    # Self-paced study online: what the caps hold and cut.
    SELF_PACED = (Source.ONLINE, Source.QUIZ)

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
    award = models.IntegerField(
        _("应计（百分之一）"), null=True, blank=True, help_text=_("上限与重复计入之前的学时。")
    )
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
    round = models.PositiveSmallIntegerField(
        _("次"), default=0, db_default=0, help_text=_("同一依据重新核算后再次入账，次数加一。")
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
        constraints = [
            models.UniqueConstraint(fields=["member", "origin", "round"], name="hour_entry_once")
        ]
        indexes = [models.Index(fields=["member", "counts_for_year"], name="hour_member_year")]

    def __str__(self) -> str:
        return f"{self.member_id} {self.studied_on} {self.credit}"
