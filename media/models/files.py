"""The school's own picture and attachment models (chosen before the first migration)."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.documents.models import AbstractDocument
from wagtail.images.models import AbstractImage, AbstractRendition


class Picture(AbstractImage):
    """An uploaded picture. The original stays private; only renditions are delivered."""

    source = models.CharField(_("来源"), max_length=100, blank=True)

    admin_form_fields = (
        "title",
        "file",
        "collection",
        "description",
        "source",
        "tags",
        "focal_point_x",
        "focal_point_y",
        "focal_point_width",
        "focal_point_height",
    )

    class Meta(AbstractImage.Meta):
        verbose_name = _("图片")
        verbose_name_plural = _("图片")
        permissions = [("choose_picture", "Can choose picture")]


class PictureRendition(AbstractRendition):
    """A picture at one size, as it is delivered."""

    image = models.ForeignKey(
        Picture, verbose_name=_("图片"), on_delete=models.CASCADE, related_name="renditions"
    )

    class Meta:
        verbose_name = _("图片尺寸")
        verbose_name_plural = _("图片尺寸")
        constraints = [
            models.UniqueConstraint(
                fields=("image", "filter_spec", "focal_point_key"), name="picture_rendition_once"
            )
        ]


class Attachment(AbstractDocument):
    """A document for download; Wagtail's serve view asks for the collection's privacy."""

    admin_form_fields = ("title", "file", "collection", "tags")

    class Meta(AbstractDocument.Meta):
        verbose_name = _("附件")
        verbose_name_plural = _("附件")
        permissions = [("choose_attachment", "Can choose attachment")]
