"""A resumable upload in progress (tus 1.0)."""

import secrets

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from media.models.videos import Video


def new_token() -> str:
    """An unguessable name for an upload: 32 hex digits."""
    return secrets.token_hex(16)


class Upload(models.Model):
    """Bytes on their way. How many have arrived is what the file on disk says."""

    class State(models.TextChoices):
        OPEN = "open", _("上传中")
        DONE = "done", _("已完成")

    token = models.CharField(_("标识"), max_length=32, unique=True, default=new_token)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("上传人"),
        on_delete=models.CASCADE,
        related_name="+",
    )
    collection = models.ForeignKey(
        "wagtailcore.Collection", verbose_name=_("集合"), on_delete=models.CASCADE, related_name="+"
    )
    title = models.CharField(_("标题"), max_length=200)
    filename = models.CharField(_("文件名"), max_length=255)
    length = models.PositiveBigIntegerField(_("总字节数"))
    offset = models.PositiveBigIntegerField(_("已收字节数"), default=0)
    declared_at = models.DateTimeField(_("声明时间"))
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.OPEN)
    replaces = models.ForeignKey(
        Video,
        verbose_name=_("替换的视频"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
    )
    video = models.ForeignKey(
        Video,
        verbose_name=_("视频"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    created_at = models.DateTimeField(_("开始时间"))
    expires_at = models.DateTimeField(_("过期时间"), db_index=True)

    class Meta:
        verbose_name = _("上传")
        verbose_name_plural = _("上传")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.filename
