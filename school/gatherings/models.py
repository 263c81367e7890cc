"""Studying together: the gathering, what was shown, who was there."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from school.members.models import Branch
from school.study.models import HourEntry, ItemRevision, StudyItem


class Gathering(models.Model):
    """A group study, lecture or training day of one branch."""

    class Kind(models.TextChoices):
        GROUP = HourEntry.Source.GROUP.value, _("集体学习")
        LECTURE = HourEntry.Source.LECTURE.value, _("党课")
        TRAINING = HourEntry.Source.TRAINING.value, _("集中培训")

    class State(models.TextChoices):
        OPEN = "open", _("登记中")
        CLOSED = "closed", _("已登记")
        CANCELLED = "cancelled", _("已作废")

    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="gatherings", verbose_name=_("党组织")
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

    def __str__(self) -> str:
        return self.title


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


class Attendance(models.Model):
    """One expected person of a gathering: 应到, and what became of it."""

    class State(models.TextChoices):
        EXPECTED = "expected", _("未登记")
        PRESENT = "present", _("到会")
        LEAVE = "leave", _("请假")
        ABSENT = "absent", _("缺席")

    gathering = models.ForeignKey(
        Gathering, models.CASCADE, related_name="attendances", verbose_name=_("集体学习")
    )
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("党员")
    )
    state = models.CharField(
        _("到会情况"), max_length=10, choices=State.choices, default=State.EXPECTED
    )
    attached = models.BooleanField(_("双重组织生活"), default=False)
    paid_seconds = models.PositiveIntegerField(_("计时秒数"), default=0)
    claimed = models.JSONField(
        _("占用时间"),
        default=list,
        blank=True,
        help_text=_("自开始起的毫秒区间；作废时按此归还。"),
    )

    class Meta:
        verbose_name = _("到会情况")
        verbose_name_plural = _("到会情况")
        ordering = ["attached", "member__staff_number"]
        constraints = [
            models.UniqueConstraint(fields=["gathering", "member"], name="attendance_once")
        ]

    def __str__(self) -> str:
        return f"{self.gathering} {self.member} {self.state}"
