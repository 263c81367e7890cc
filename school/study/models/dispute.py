"""学时申诉: a member says an entry is missing or wrong; the branch looks, the office decides."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from school.members.models import Branch
from school.study.models.item import StudyItem
from school.study.models.ledger import Completion, HourEntry


class Dispute(models.Model):
    """One matter of one member: 已提交 → 支部核实 → 教务裁定 → 已更正 or 维持.

    ``holder`` is who has it now: the branch that verifies, or the one for whose members the office
    decides. ``due_on``: the last working day of the step; after it the matter goes up.
    """

    class Kind(models.TextChoices):
        MISSING = "missing", _("漏记或少记学时")
        WRONG = "wrong", _("记录有误")
        UNFINISHED = "unfinished", _("已学完但未显示学完")

    class State(models.TextChoices):
        SUBMITTED = "submitted", _("待支部核实")
        VERIFIED = "verified", _("待教务裁定")
        CORRECTED = "corrected", _("已更正")
        UPHELD = "upheld", _("维持原记录")
        WITHDRAWN = "withdrawn", _("本人撤回")

    class Finding(models.TextChoices):
        NONE = "", _("未核实")
        TRUE = "true", _("情况属实")
        UNTRUE = "untrue", _("情况不属实")
        UNCLEAR = "unclear", _("无法核实")

    OPEN = (State.SUBMITTED, State.VERIFIED)

    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="disputes", verbose_name=_("党员")
    )
    kind = models.CharField(_("申诉事项"), max_length=10, choices=Kind.choices)
    entry = models.ForeignKey(
        HourEntry,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="disputes",
        verbose_name=_("学时记录"),
    )
    item = models.ForeignKey(
        StudyItem, models.PROTECT, null=True, blank=True, verbose_name=_("学习内容")
    )
    studied_on = models.DateField(_("学习日期"))
    text = models.CharField(_("情况说明"), max_length=500)
    state = models.CharField(
        _("状态"), max_length=10, choices=State.choices, default=State.SUBMITTED
    )
    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="+", verbose_name=_("申诉时所在支部")
    )
    holder = models.ForeignKey(
        Branch, models.PROTECT, related_name="disputes_held", verbose_name=_("当前办理")
    )
    due_on = models.DateField(_("办理期限"))
    raised = models.PositiveSmallIntegerField(
        _("逾期上转次数"), default=0, help_text=_("当前步骤因逾期转往上级的次数。")
    )
    finding = models.CharField(
        _("核实结论"), max_length=8, choices=Finding.choices, default=Finding.NONE, blank=True
    )
    opened_at = models.DateTimeField(_("提交时间"))
    closed_at = models.DateTimeField(_("办结时间"), null=True, blank=True)
    booked = models.ForeignKey(
        HourEntry,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("更正的记录"),
    )
    completion = models.ForeignKey(
        Completion,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("认定的完成"),
    )

    class Meta:
        verbose_name = _("学时申诉")
        verbose_name_plural = _("学时申诉")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["entry"],
                condition=Q(state__in=["submitted", "verified"]),
                name="dispute_entry_once",
            )
        ]
        indexes = [
            models.Index(fields=["holder", "state"], name="dispute_holder"),
            models.Index(fields=["state", "due_on"], name="dispute_due"),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.get_kind_display()}"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to act."""
        return self.state in self.OPEN

    @property
    def year(self) -> int:
        """The year of the ledger it is about."""
        return self.entry.counts_for_year if self.entry else self.studied_on.year

    @property
    def title(self) -> str:
        """What it is about, for lists and ledger lines."""
        if self.entry:
            return self.entry.title
        return self.item.title if self.item else str(self.get_kind_display())


class DisputeStep(models.Model):
    """What happened to a dispute, when, by whom; append-only in practice, read by the member."""

    class Act(models.TextChoices):
        SUBMITTED = "submitted", _("提交申诉")
        VERIFIED = "verified", _("支部核实")
        RAISED = "raised", _("逾期未办，转上级")
        CORRECTED = "corrected", _("教务裁定：更正")
        UPHELD = "upheld", _("教务裁定：维持原记录")
        WITHDRAWN = "withdrawn", _("本人撤回")

    dispute = models.ForeignKey(
        Dispute, models.CASCADE, related_name="steps", verbose_name=_("学时申诉")
    )
    act = models.CharField(_("事项"), max_length=10, choices=Act.choices)
    at = models.DateTimeField(_("时间"))
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("办理人"),
    )
    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="+", verbose_name=_("办理党组织")
    )
    note = models.CharField(_("意见"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("申诉办理记录")
        verbose_name_plural = _("申诉办理记录")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.dispute_id} {self.act}"
