"""Captions of a revision: clean WebVTT and its cues."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from media.models.videos import VideoRevision


class Caption(models.Model):
    """Captions in one language. ``cues`` is ``[[start_ms, end_ms, text], …]`` in order."""

    class Kind(models.TextChoices):
        CAPTIONS = "captions", _("字幕")
        SUBTITLES = "subtitles", _("翻译字幕")

    class Language(models.TextChoices):
        CHINESE = "zh-Hans", _("中文")
        ENGLISH = "en", _("英文")

    revision = models.ForeignKey(
        VideoRevision, verbose_name=_("视频版本"), on_delete=models.CASCADE, related_name="captions"
    )
    language = models.CharField(
        _("语言"), max_length=10, choices=Language.choices, default=Language.CHINESE
    )
    kind = models.CharField(_("类型"), max_length=10, choices=Kind.choices, default=Kind.CAPTIONS)
    vtt = models.TextField(_("WebVTT"))
    cues = models.JSONField(_("字幕条"), default=list)
    version = models.PositiveIntegerField(_("版本"), default=1)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("上传人"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    updated_at = models.DateTimeField(_("更新时间"))

    class Meta:
        verbose_name = _("字幕")
        verbose_name_plural = _("字幕")
        ordering = ["revision", "language"]
        constraints = [
            models.UniqueConstraint(fields=("revision", "language"), name="caption_language_once")
        ]

    def __str__(self) -> str:
        return f"{self.revision} {self.get_language_display()}"
