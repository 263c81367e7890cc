"""Studying together: the gathering, its sessions, what was shown."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from school.core import clock
from school.members.models import Branch
from school.study.models import HourEntry, ItemRevision, StudyItem


class Gathering(models.Model):
    """A group study, lecture or training day of one branch.

    ``starts_at`` and ``ends_at`` are those of the first and the last session.
    """

    class Kind(models.TextChoices):
        GROUP = HourEntry.Source.GROUP.value, _("集体学习")
        LECTURE = HourEntry.Source.LECTURE.value, _("党课")
        TRAINING = HourEntry.Source.TRAINING.value, _("集中培训")

    class State(models.TextChoices):
        RUNNING = "running", _("进行中")
        OPEN = "open", _("待登记")
        WAITING = "waiting", _("待审核")
        CLOSED = "closed", _("已登记")
        CANCELLED = "cancelled", _("已作废")

    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="gatherings", verbose_name=_("党组织")
    )
    invited = models.ManyToManyField(
        Branch, related_name="+", blank=True, verbose_name=_("邀请的下级党组织")
    )
    kind = models.CharField(_("类型"), max_length=10, choices=Kind.choices, default=Kind.GROUP)
    title = models.CharField(_("主题"), max_length=80)
    place = models.CharField(_("地点"), max_length=60, blank=True)
    starts_at = models.DateTimeField(_("开始时间"))
    ends_at = models.DateTimeField(_("结束时间"))
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.OPEN)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("登记人")
    )
    created_at = models.DateTimeField(_("登记时间"))
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("到会登记人"),
    )
    entered_at = models.DateTimeField(_("到会登记时间"), null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("审核人"),
    )
    send_back_reason = models.CharField(_("退回原因"), max_length=200, blank=True)
    closed_at = models.DateTimeField(_("完成登记时间"), null=True, blank=True)
    cancel_reason = models.CharField(_("作废原因"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("集体学习")
        verbose_name_plural = _("集体学习")
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="gathering_ends_after_start"
            )
        ]
        indexes = [models.Index(fields=["state", "ends_at"], name="gathering_state_end")]

    def __str__(self) -> str:
        return self.title

    @property
    def stage(self) -> str:
        """The state in words; one that runs has 报名 before its start and waits after its end."""
        if self.state != self.State.RUNNING:
            return self.get_state_display()
        now = clock.now()
        if now < self.starts_at:
            return _("报名中")
        return self.get_state_display() if now < self.ends_at else _("待登记")

    @property
    def tone(self) -> str:
        """How the state is coloured."""
        tones = {"running": "info", "open": "warn", "waiting": "warn", "closed": "done"}
        return tones.get(self.state, "plain")


class GatheringSession(models.Model):
    """One sitting of a gathering; a training day has several, everything else one."""

    gathering = models.ForeignKey(
        Gathering, models.CASCADE, related_name="sessions", verbose_name=_("集体学习")
    )
    starts_at = models.DateTimeField(_("开始时间"))
    ends_at = models.DateTimeField(_("结束时间"))

    class Meta:
        verbose_name = _("场次")
        verbose_name_plural = _("场次")
        ordering = ["starts_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="session_ends_after_start"
            )
        ]

    def __str__(self) -> str:
        local = self.starts_at.astimezone(clock.LOCAL)
        return f"{local:%H:%M}–{self.ends_at.astimezone(clock.LOCAL):%H:%M}"


class GatheringItem(models.Model):
    """What was shown, in the revision of that moment."""

    gathering = models.ForeignKey(
        Gathering, models.CASCADE, related_name="items", verbose_name=_("集体学习")
    )
    item = models.ForeignKey(StudyItem, models.PROTECT, verbose_name=_("学习内容"))
    revision = models.ForeignKey(ItemRevision, models.PROTECT, verbose_name=_("内容版本"))

    class Meta:
        verbose_name = _("学习内容")
        verbose_name_plural = _("学习内容")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["gathering", "item"], name="gathering_item_once")
        ]

    def __str__(self) -> str:
        return f"{self.gathering} / {self.item}"
