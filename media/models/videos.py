"""A video, its revisions (one uploaded file each) and their renditions."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.models import CollectionMember


class Video(CollectionMember, models.Model):
    """A title in the school's library. What is played is its current revision."""

    title = models.CharField(_("标题"), max_length=200)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("上传人"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    current = models.ForeignKey(
        "media.VideoRevision",
        verbose_name=_("当前版本"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    no_secrets = models.BooleanField(_("不含涉密内容"), default=False)
    rights_cleared = models.BooleanField(_("已获授权"), default=False)
    declared_at = models.DateTimeField(_("声明时间"), null=True, blank=True)
    created_at = models.DateTimeField(_("上传时间"))

    uploaded_by.wagtail_reference_index_ignore = True
    current.wagtail_reference_index_ignore = True

    class Meta:
        verbose_name = _("视频")
        verbose_name_plural = _("视频")
        ordering = ["-id"]
        permissions = [("choose_video", "Can choose video")]

    def __str__(self) -> str:
        return self.title

    @property
    def duration_ms(self) -> int:
        """Length of what is played, 0 while nothing can be."""
        return self.current.duration_ms if self.current else 0

    @property
    def is_ready(self) -> bool:
        """Whether there is something to play."""
        return self.current_id is not None


class VideoRevision(models.Model):
    """One uploaded file of a video and the package made from it.

    Study evidence refers to a revision: replacing the file makes a new one.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("待转码")
        READY = "ready", _("可播放")
        FAILED = "failed", _("失败")

    video = models.ForeignKey(
        Video, verbose_name=_("视频"), on_delete=models.CASCADE, related_name="revisions"
    )
    number = models.PositiveIntegerField(_("版本号"))
    original = models.CharField(_("原文件位置"), max_length=100, blank=True)
    original_name = models.CharField(_("原文件名"), max_length=255)
    sha256 = models.CharField(_("文件指纹"), max_length=64, blank=True)
    bytes = models.PositiveBigIntegerField(_("字节数"))
    probe = models.JSONField(_("文件信息"), default=dict)
    duration_ms = models.PositiveIntegerField(_("时长（毫秒）"))
    width = models.PositiveIntegerField(_("宽"))
    height = models.PositiveIntegerField(_("高"))
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.WAITING)
    reason = models.TextField(_("原因"), blank=True)
    settings_hash = models.CharField(_("转码设置"), max_length=16, blank=True)
    created_at = models.DateTimeField(_("上传时间"))
    ready_at = models.DateTimeField(_("完成时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("视频版本")
        verbose_name_plural = _("视频版本")
        ordering = ["video", "-number"]
        constraints = [
            models.UniqueConstraint(fields=("video", "number"), name="video_revision_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.video} v{self.number}"

    @property
    def package(self) -> str:
        """Name of the published directory and of the signed path: revision and settings hash."""
        return f"{self.pk}-{self.settings_hash}"


class Rendition(models.Model):
    """One file of a package: a picture rung, the shared sound or the progressive fallback."""

    class Kind(models.TextChoices):
        VIDEO = "video", _("画面")
        AUDIO = "audio", _("声音")
        FALLBACK = "fallback", _("单文件")

    revision = models.ForeignKey(
        VideoRevision, verbose_name=_("版本"), on_delete=models.CASCADE, related_name="renditions"
    )
    kind = models.CharField(_("类型"), max_length=10, choices=Kind.choices)
    height = models.PositiveIntegerField(_("高"), default=0)
    codec = models.CharField(_("编码"), max_length=60, blank=True)
    bandwidth_peak = models.PositiveIntegerField(_("峰值码率（bit/s）"), default=0)
    bandwidth_average = models.PositiveIntegerField(_("平均码率（bit/s）"), default=0)
    file_name = models.CharField(_("文件名"), max_length=60)
    bytes = models.PositiveBigIntegerField(_("字节数"), default=0)

    class Meta:
        verbose_name = _("转码结果")
        verbose_name_plural = _("转码结果")
        ordering = ["revision", "kind", "-height"]
        constraints = [
            models.UniqueConstraint(fields=("revision", "file_name"), name="rendition_file_once")
        ]

    def __str__(self) -> str:
        return self.file_name
