"""Messages to members, and a row for each delivery."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Message(models.Model):
    """What was said once, to however many."""

    class Kind(models.TextChoices):
        REMINDER = "reminder", _("提醒学习")
        SYSTEM = "system", _("系统消息")

    kind = models.CharField(_("类型"), max_length=10, choices=Kind.choices)
    title = models.CharField(_("标题"), max_length=80)
    body = models.CharField(_("正文"), max_length=500, blank=True)
    path = models.CharField(_("链接"), max_length=500, blank=True)
    topic = models.CharField(
        _("事项"), max_length=64, blank=True, help_text=_("限制次数时看作同一件事，如 plan:3。")
    )
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("发送人"),
    )
    sent_at = models.DateTimeField(_("发送时间"))

    class Meta:
        verbose_name = _("消息")
        verbose_name_plural = _("消息")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title


class Delivery(models.Model):
    """One message to one member through one channel."""

    class Channel(models.TextChoices):
        INBOX = "inbox", _("站内消息")

    message = models.ForeignKey(
        Message, models.CASCADE, related_name="deliveries", verbose_name=_("消息")
    )
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="deliveries",
        verbose_name=_("党员"),
    )
    channel = models.CharField(
        _("渠道"), max_length=10, choices=Channel.choices, default=Channel.INBOX
    )
    delivered_at = models.DateTimeField(_("送达时间"))
    read_at = models.DateTimeField(_("阅读时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("送达")
        verbose_name_plural = _("送达")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["message", "member", "channel"], name="delivery_once")
        ]
        indexes = [models.Index(fields=["member", "read_at"], name="delivery_unread")]

    def __str__(self) -> str:
        return f"{self.message} → {self.member_id}"
