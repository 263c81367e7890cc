"""Blocks of an article's body. Names are frozen: they stand in stored content and migrations."""

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.images.blocks import ImageChooserBlock

RICH_TEXT_FEATURES = ["bold", "italic", "ol", "ul", "link", "document-link"]


class PictureBlock(blocks.StructBlock):
    """A picture with its caption; the alternative text stands with the picture itself."""

    picture = ImageChooserBlock(label=_("图片"))
    caption = blocks.CharBlock(label=_("图注"), max_length=120, required=False)

    class Meta:
        icon = "image"
        label = _("图片")


class QuoteBlock(blocks.StructBlock):
    """A passage in somebody else's words, with where it is from."""

    text = blocks.TextBlock(label=_("引文"), max_length=600)
    source = blocks.CharBlock(label=_("出处"), max_length=80, required=False)

    class Meta:
        icon = "openquote"
        label = _("引文")


class CalloutBlock(blocks.StructBlock):
    """A short box: what to remember, what to beware of."""

    tone = blocks.ChoiceBlock(
        label=_("类型"),
        choices=[("info", _("要点")), ("warn", _("注意"))],
        default="info",
    )
    title = blocks.CharBlock(label=_("标题"), max_length=40, required=False)
    text = blocks.TextBlock(label=_("内容"), max_length=400)

    class Meta:
        icon = "info-circle"
        label = _("提示框")


class BodyBlock(blocks.StreamBlock):
    """The body of articles, news and the introduction of a lesson."""

    heading = blocks.CharBlock(label=_("小标题"), max_length=60, icon="title")
    paragraph = blocks.RichTextBlock(label=_("段落"), features=RICH_TEXT_FEATURES)
    quote = QuoteBlock()
    picture = PictureBlock()
    attachment = DocumentChooserBlock(label=_("附件"))
    callout = CalloutBlock()
