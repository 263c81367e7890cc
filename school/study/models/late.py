"""逾期上传: evidence that came after the days in which it is judged at once; people decide."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from school.members.models import Branch
from school.study.models.evidence import StudySession
from school.study.rules.judge import Segment
from school.study.rules.packing import unpack


class LateStudy(models.Model):
    """One visit whose evidence, or a part of it, came too late; decided on as a whole.

    ``holder`` is the lowest party organisation above the member in which he does not act himself;
    None where he belongs to none: then the office of the whole school decides.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("逾期上传，待核实")
        ACCEPTED = "accepted", _("已核实，予以认定")
        REFUSED = "refused", _("不予认定")

    session = models.ForeignKey(
        StudySession, models.PROTECT, related_name="late_studies", verbose_name=_("会话")
    )
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("党员")
    )
    holder = models.ForeignKey(
        Branch,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("由谁核实"),
    )
    studied_on = models.DateField(_("学习日期"))
    claimed_ms = models.PositiveBigIntegerField(
        _("上报时长（毫秒）"), default=0, help_text=_("设备上报的学习时长，还没有判定。")
    )
    batches = models.PositiveIntegerField(_("批次"), default=0)
    came_at = models.DateTimeField(_("最先收到"))
    last_at = models.DateTimeField(_("最后收到"))
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.WAITING)
    counted_ms = models.PositiveIntegerField(_("计入时长（毫秒）"), default=0)
    reason = models.CharField(_("理由"), max_length=200, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("核实人"),
    )
    decided_at = models.DateTimeField(_("核实时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("逾期上传")
        verbose_name_plural = _("逾期上传")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["session"], condition=Q(state="waiting"), name="late_study_waits_once"
            )
        ]
        indexes = [
            models.Index(fields=["holder", "state"], name="late_study_holder"),
            models.Index(fields=["member", "studied_on"], name="late_study_member"),
            models.Index(fields=["state", "studied_on"], name="late_study_state"),
        ]

    def __str__(self) -> str:
        return f"{self.session_id} {self.state}"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to decide."""
        return self.state == self.State.WAITING

    @property
    def item_id(self) -> int:
        """What was studied."""
        return self.session.revision.item_id

    @property
    def title(self) -> str:
        """What was studied, for lists."""
        return self.session.revision.item.title

    @property
    def seconds(self) -> int:
        """What the device says was studied."""
        return self.claimed_ms // 1000

    @property
    def counted(self) -> int:
        """Seconds that were counted when it was accepted."""
        return self.counted_ms // 1000


class LateReport(models.Model):
    """One batch that came too late, kept as it was sent; a number of a session is kept once."""

    study = models.ForeignKey(
        LateStudy, models.CASCADE, related_name="reports", verbose_name=_("逾期上传")
    )
    session = models.ForeignKey(
        StudySession, models.CASCADE, related_name="late_reports", verbose_name=_("会话")
    )
    seq = models.PositiveIntegerField(_("序号"))
    received_at = models.DateTimeField(_("收到时间"))
    packed = models.BinaryField(_("片段与应答"))

    class Meta:
        verbose_name = _("逾期上报")
        verbose_name_plural = _("逾期上报")
        constraints = [models.UniqueConstraint(fields=["session", "seq"], name="late_report_once")]

    def __str__(self) -> str:
        return f"{self.session_id} #{self.seq}"

    def evidence(self) -> tuple[list[Segment], list[tuple[int, int]]]:
        """The stretches as they were reported, and the answers to check-ins they rely on."""
        return unpack(self.packed)
