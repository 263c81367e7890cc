"""The signed sheet of a gathering: a photo or a PDF, kept outside every served folder."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from school.gatherings.models.gathering import Gathering


class EvidenceFile(models.Model):
    """One file; pictures are written anew before they are kept."""

    class Kind(models.TextChoices):
        PICTURE = "picture", _("照片")
        PDF = "pdf", _("PDF")

    gathering = models.ForeignKey(
        Gathering, models.CASCADE, related_name="files", verbose_name=_("集体学习")
    )
    kind = models.CharField(_("类型"), max_length=8, choices=Kind.choices)
    name = models.CharField(_("文件名"), max_length=80)
    stored = models.CharField(_("存放名"), max_length=40, unique=True)
    size = models.PositiveIntegerField(_("字节数"))
    digest = models.CharField(_("摘要值"), max_length=64)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("上传人")
    )
    added_at = models.DateTimeField(_("上传时间"))

    class Meta:
        verbose_name = _("佐证材料")
        verbose_name_plural = _("佐证材料")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["gathering", "digest"], name="evidence_file_once")
        ]

    def __str__(self) -> str:
        return self.name
