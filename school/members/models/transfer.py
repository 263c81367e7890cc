"""A member on the way from one branch to another."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from school.members.models.branch import Branch
from school.members.models.member import Member


class Transfer(models.Model):
    """A transfer (组织关系转接): sent by one branch, received by the other.

    While it is in transit the member belongs to, and counts at, the sender. ``effective_on`` is
    the day on which the home changes; it is set when the receiver takes the member in.
    """

    class State(models.TextChoices):
        SENT = "sent", _("转接中")
        RECEIVED = "received", _("已接收")
        RETURNED = "returned", _("已退回")
        WITHDRAWN = "withdrawn", _("已撤回")

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="transfers", verbose_name=_("党员")
    )
    sender = models.ForeignKey(
        Branch, models.PROTECT, related_name="transfers_out", verbose_name=_("转出党组织")
    )
    receiver = models.ForeignKey(
        Branch, models.PROTECT, related_name="transfers_in", verbose_name=_("转入党组织")
    )
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.SENT)
    reason = models.CharField(_("原因"), max_length=200, blank=True)
    letter_number = models.CharField(_("介绍信编号"), max_length=40, blank=True)
    sent_at = models.DateTimeField(_("转出时间"))
    sent_by = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", verbose_name=_("转出经办人")
    )
    settled_at = models.DateTimeField(_("办结时间"), null=True, blank=True)
    settled_by = models.ForeignKey(
        Member, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("办结人")
    )
    effective_on = models.DateField(_("生效日期"), null=True, blank=True)
    answer = models.CharField(_("办理意见"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("组织关系转接")
        verbose_name_plural = _("组织关系转接")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["member"], condition=Q(state="sent"), name="transfer_one_open"
            ),
            models.CheckConstraint(
                condition=~Q(state="received") | Q(effective_on__isnull=False),
                name="transfer_received_on_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.sender} → {self.receiver}"
