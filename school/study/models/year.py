"""The year of the ledger: closed once, and what arrives after that."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from school.study.models.ledger import HourEntry


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


class LateArrival(models.Model):
    """Credit that arrived after its year was closed: booked into an open year or refused.

    ``entry`` is the line of 0 that stands in the ledger for it, with member, matter and day.
    ``award``: hundredths of 学时 it would have paid before any cap.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("待处理")
        BOOKED = "booked", _("已计入")
        REFUSED = "refused", _("不予计入")

    entry = models.OneToOneField(
        HourEntry, models.PROTECT, related_name="late_arrival", verbose_name=_("学时记录")
    )
    year = models.PositiveSmallIntegerField(_("封账年度"))
    award = models.PositiveIntegerField(_("应计（百分之一）"))
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.WAITING)
    arrived_at = models.DateTimeField(_("到达时间"))
    booked = models.OneToOneField(
        HourEntry,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="booked_late",
        verbose_name=_("计入的记录"),
    )
    reason = models.CharField(_("原因"), max_length=200, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("处理人"),
    )
    decided_at = models.DateTimeField(_("处理时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("迟到学时")
        verbose_name_plural = _("迟到学时")
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "-id"], name="late_arrival_state")]

    def __str__(self) -> str:
        return f"{self.entry} {self.state}"
