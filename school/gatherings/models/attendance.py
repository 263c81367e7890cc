"""Who was expected, who was there and how long, who makes it up."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from school.gatherings.models.gathering import Gathering, GatheringSession
from school.members.models import Branch
from school.study.models import StudyItem


class Attendance(models.Model):
    """One expected person of a gathering: 应到, and what became of it over all sessions."""

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
    branch = models.ForeignKey(
        Branch,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("当日所在党组织"),
    )
    state = models.CharField(
        _("到会情况"), max_length=10, choices=State.choices, default=State.EXPECTED
    )
    attached = models.BooleanField(_("双重组织生活"), default=False)
    guest = models.BooleanField(_("列席"), default=False)
    outside = models.BooleanField(
        _("范围外"),
        default=False,
        help_text=_("不在登记人管理范围内，只能本人签到，不能由登记人标为到会。"),
    )
    seen = models.BooleanField(
        _("视为看完"), default=False, help_text=_("在场时间够长，播放的内容视为看完。")
    )
    withheld = models.BooleanField(
        _("待上级核定"),
        default=False,
        db_default=False,
        help_text=_("登记人为本人登记的到会，由上级党组织核定后才计入。"),
    )
    excuse = models.CharField(_("请假事由"), max_length=100, blank=True)
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
        ordering = ["guest", "attached", "member__staff_number"]
        constraints = [
            models.UniqueConstraint(fields=["gathering", "member"], name="attendance_once")
        ]

    def __str__(self) -> str:
        return f"{self.gathering} {self.member} {self.state}"


class Presence(models.Model):
    """What became of one person in one session. No row: not entered yet."""

    State = Attendance.State

    class Method(models.TextChoices):
        CODE = "code", _("本人签到")
        NAME = "name", _("点名")
        SHEET = "sheet", _("导入")

    attendance = models.ForeignKey(
        Attendance, models.CASCADE, related_name="presences", verbose_name=_("到会情况")
    )
    session = models.ForeignKey(
        GatheringSession, models.CASCADE, related_name="presences", verbose_name=_("场次")
    )
    state = models.CharField(_("到会情况"), max_length=10, choices=Attendance.State.choices)
    late_minutes = models.PositiveSmallIntegerField(_("迟到分钟"), default=0)
    early_minutes = models.PositiveSmallIntegerField(_("早退分钟"), default=0)
    method = models.CharField(_("方式"), max_length=5, choices=Method.choices)
    checked_in_at = models.DateTimeField(_("签到时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("场次到会")
        verbose_name_plural = _("场次到会")
        ordering = ["session__starts_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["attendance", "session"], name="presence_once")
        ]

    def __str__(self) -> str:
        return f"{self.attendance_id} {self.session_id} {self.state}"


class MakeUp(models.Model):
    """An item that somebody missed and is asked to study alone, until a day of its own.

    Whether it is made up is never stored: the completion says so.
    """

    attendance = models.ForeignKey(
        Attendance, models.CASCADE, related_name="make_ups", verbose_name=_("到会情况")
    )
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("党员")
    )
    item = models.ForeignKey(
        StudyItem, models.PROTECT, related_name="+", verbose_name=_("学习内容")
    )
    due_on = models.DateField(_("补学截止"))

    class Meta:
        verbose_name = _("补学")
        verbose_name_plural = _("补学")
        ordering = ["due_on", "id"]
        constraints = [models.UniqueConstraint(fields=["attendance", "item"], name="make_up_once")]

    def __str__(self) -> str:
        return f"{self.member_id} {self.item_id} {self.due_on}"


class CheckInTries(models.Model):
    """Wrong codes of one member, counted before they are looked at. Never by address."""

    member = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("党员")
    )
    tries = models.PositiveSmallIntegerField(_("输错次数"), default=0)
    since = models.DateTimeField(_("计数起点"))

    class Meta:
        verbose_name = _("签到码输错")
        verbose_name_plural = _("签到码输错")

    def __str__(self) -> str:
        return f"{self.member_id} {self.tries}"
