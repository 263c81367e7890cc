"""What was reported and what the judge made of it. All times are integer milliseconds."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from school.study.models.item import ItemRevision
from school.study.rules.gates import parse_answers
from school.study.rules.judge import Segment, parse_segments
from school.study.rules.packing import unpack

MAX_STORED = 100_000  # what is stored was checked when it came


class StudySession(models.Model):
    """One visit of one member to one revision; its id is inside the signed token."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("党员")
    )
    revision = models.ForeignKey(
        ItemRevision, models.PROTECT, related_name="+", verbose_name=_("内容版本")
    )
    cycle = models.PositiveIntegerField(_("轮次"), default=0)
    opened_at = models.DateTimeField(_("打开时间"))
    expires_at = models.DateTimeField(_("有效期至"))
    last_seq = models.PositiveIntegerField(_("最后序号"), default=0)
    durable_seq = models.PositiveIntegerField(
        _("无缺序号"), default=0, help_text=_("到此序号为止的上报都已收到。")
    )
    last_report_at = models.DateTimeField(_("最后上报"), null=True, blank=True)
    minute_at = models.DateTimeField(_("计数起点"), null=True, blank=True)
    minute_reports = models.PositiveSmallIntegerField(
        _("一分钟内上报"), default=0, help_text=_("从计数起点起一分钟内收到的上报。")
    )
    superseded_at = models.DateTimeField(
        _("被接替时间"), null=True, blank=True, help_text=_("党员在另一页面或设备继续学习。")
    )
    settled_at = models.DateTimeField(
        _("入账时间"), null=True, blank=True, help_text=_("会话结束后按时长入账的时间。")
    )
    pruned_at = models.DateTimeField(
        _("凭据清理时间"),
        null=True,
        blank=True,
        help_text=_("年度封账并过保存期后，上报不再保存。"),
    )
    # Settled when it was opened, so that no report looks at plans.
    max_rate = models.PositiveSmallIntegerField(_("最高倍速（百分之一）"))
    check_low = models.PositiveIntegerField(
        _("在线确认最短间隔（毫秒）"), default=0, help_text=_("0 为没有在线确认。")
    )
    check_high = models.PositiveIntegerField(_("在线确认最长间隔（毫秒）"), default=0)
    carried_ms = models.PositiveIntegerField(
        _("带入的未确认时长（毫秒）"),
        default=0,
        db_default=0,
        help_text=_("打开前在其他会话中自上次在线确认以来的学习；首次确认提前这么多。"),
    )
    review_ms = models.PositiveIntegerField(_("重看最多计入（毫秒）"), default=0)
    barrier = models.PositiveIntegerField(
        _("待答问题位置"), null=True, blank=True, help_text=_("视频中第一个未答问题；其后不计。")
    )
    sign_in = models.ForeignKey(
        "members.SignInSession",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("登录会话"),
        help_text=_("打开时的登录；它被收回后的学习不计。"),
    )
    device = models.CharField(_("设备"), max_length=64, blank=True)
    address = models.CharField(_("地址段"), max_length=45, blank=True)
    browser = models.CharField(
        _("浏览器标记"),
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text=_("登录时留在浏览器里的随机标记的密钥摘要值；同一浏览器上的不同党员相同。"),
    )

    class Meta:
        verbose_name = _("学习会话")
        verbose_name_plural = _("学习会话")
        indexes = [
            models.Index(fields=["member", "-opened_at"], name="session_member"),
            models.Index(
                fields=["opened_at"],
                condition=models.Q(settled_at=None),
                name="session_unsettled",
            ),
            models.Index(
                fields=["opened_at"],
                condition=models.Q(pruned_at=None),
                name="session_unpruned",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Report(models.Model):
    """One accepted batch of a session: the evidence. Never pruned while its year is open."""

    session = models.ForeignKey(
        StudySession, models.CASCADE, related_name="reports", verbose_name=_("会话")
    )
    seq = models.PositiveIntegerField(_("序号"))
    received_at = models.DateTimeField(_("收到时间"))
    packed = models.BinaryField(_("片段与应答"), default=bytes, db_default=b"")
    # Of reports stored before they were packed; null since.
    segments = models.JSONField(_("片段"), null=True, blank=True)
    answers = models.JSONField(_("在线确认应答"), null=True, blank=True)
    studied_ms = models.PositiveIntegerField(_("计入时长"), default=0)
    covered_ms = models.PositiveIntegerField(_("新覆盖"), default=0)

    class Meta:
        verbose_name = _("学习上报")
        verbose_name_plural = _("学习上报")
        constraints = [models.UniqueConstraint(fields=["session", "seq"], name="report_once")]

    def __str__(self) -> str:
        return f"{self.session_id} #{self.seq}"

    def evidence(self) -> tuple[list[Segment], list[tuple[int, int]]]:
        """The stretches as they were reported, and the answers to check-ins they rely on."""
        if self.packed:
            return unpack(self.packed)
        return parse_segments(self.segments or [], MAX_STORED), parse_answers(self.answers)


class Coverage(models.Model):
    """What a member has seen of a revision in a cycle, and how long it really took."""

    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("党员")
    )
    revision = models.ForeignKey(
        ItemRevision, models.PROTECT, related_name="+", verbose_name=_("内容版本")
    )
    cycle = models.PositiveIntegerField(_("轮次"), default=0)
    spans = models.BinaryField(_("区间"), default=bytes)
    covered = models.PositiveIntegerField(_("已覆盖"), default=0)
    studied_ms = models.PositiveIntegerField(_("已学时长"), default=0)
    reviewed_ms = models.PositiveIntegerField(
        _("重看时长"), default=0, help_text=_("已学时长中由重看所得的部分。")
    )
    resume_at = models.PositiveIntegerField(_("续学位置"), default=0)
    met_on = models.DateField(
        _("视为看完日期"),
        null=True,
        blank=True,
        help_text=_("参加集体学习或经人工认定，视为看完。"),
    )
    met_origin = models.CharField(_("视为看完依据"), max_length=64, blank=True)
    updated_at = models.DateTimeField(_("更新时间"))

    class Meta:
        verbose_name = _("学习覆盖")
        verbose_name_plural = _("学习覆盖")
        constraints = [
            models.UniqueConstraint(fields=["member", "revision", "cycle"], name="coverage_once")
        ]

    def __str__(self) -> str:
        return f"{self.member_id} {self.revision_id}.{self.cycle} {self.covered}"


class WallDay(models.Model):
    """Real time a member has already spent on one local day, over everything.

    Spans are milliseconds since that day's local midnight, so a set stays small.
    """

    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("党员")
    )
    day = models.DateField(_("日期"))
    spans = models.BinaryField(_("区间"), default=bytes)

    class Meta:
        verbose_name = _("当日已用时间")
        verbose_name_plural = _("当日已用时间")
        constraints = [models.UniqueConstraint(fields=["member", "day"], name="wall_day_once")]

    def __str__(self) -> str:
        return f"{self.member_id} {self.day}"


class StudyDay(models.Model):
    """Milliseconds studied by a member on one revision in a cycle on one local day."""

    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("党员")
    )
    revision = models.ForeignKey(
        ItemRevision, models.PROTECT, related_name="+", verbose_name=_("内容版本")
    )
    cycle = models.PositiveIntegerField(_("轮次"), default=0)
    day = models.DateField(_("日期"))
    studied_ms = models.PositiveIntegerField(_("已学时长"), default=0)

    class Meta:
        verbose_name = _("每日学习")
        verbose_name_plural = _("每日学习")
        constraints = [
            models.UniqueConstraint(
                fields=["member", "revision", "cycle", "day"], name="study_day_once"
            )
        ]
        indexes = [models.Index(fields=["member", "day"], name="study_day_member")]

    def __str__(self) -> str:
        return f"{self.member_id} {self.revision_id} {self.day} {self.studied_ms}"
