"""待核实: study whose evidence looks implausible, for people to judge. Nothing else follows."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from school.members.models import Branch


class Anomaly(models.Model):
    """One pattern of one member on one local day, with its evidence, and what people made of it.

    ``evidence``: what the rule saw, in numbers (see ``rules.anomalies``). ``digest``: what of it
    carries weight; a judged row comes back, as a further ``round``, only when that has changed.
    ``party``: the same for all members of one pattern, empty where it is about one alone.
    """

    class Kind(models.TextChoices):
        RHYTHM = "rhythm", _("节奏过于一致")
        LONG_DAY = "long_day", _("一天学习时段过多")
        DEVICE = "device", _("同一设备多人轮流学习")
        LOCKSTEP = "lockstep", _("多人学习步调一致")
        DEFERRED = "deferred", _("事后集中上传")

    class State(models.TextChoices):
        OPEN = "open", _("待核实")
        PLAUSIBLE = "plausible", _("学习属实")
        CORRECTION = "correction", _("需要更正")

    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("党员")
    )
    branch = models.ForeignKey(
        Branch,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("当日所在支部"),
    )
    kind = models.CharField(_("情形"), max_length=10, choices=Kind.choices)
    day = models.DateField(_("学习日期"))
    round = models.PositiveSmallIntegerField(
        _("次"), default=0, help_text=_("核实后又有新的情况，另列一条，次数加一。")
    )
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.OPEN)
    evidence = models.JSONField(_("依据"), default=dict)
    digest = models.CharField(_("依据摘要值"), max_length=32)
    party = models.CharField(_("同组"), max_length=32, blank=True)
    found_at = models.DateTimeField(_("发现时间"))
    judged_at = models.DateTimeField(_("核实时间"), null=True, blank=True)
    judged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("核实人"),
    )
    note = models.CharField(_("核实说明"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("待核实的学习记录")
        verbose_name_plural = _("待核实的学习记录")
        ordering = ["-day", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["member", "kind", "day", "round"], name="anomaly_once"),
            models.UniqueConstraint(
                fields=["member", "kind", "day"],
                condition=models.Q(state="open"),
                name="anomaly_open_once",
            ),
        ]
        indexes = [
            models.Index(fields=["branch", "state"], name="anomaly_branch"),
            models.Index(fields=["state", "day"], name="anomaly_state"),
            models.Index(fields=["party"], name="anomaly_party"),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.day} {self.get_kind_display()}"

    @property
    def is_open(self) -> bool:
        """Whether nobody has looked at it yet."""
        return self.state == self.State.OPEN
