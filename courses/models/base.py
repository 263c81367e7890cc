"""What page types share: whom a page is for, and pages that can be studied."""

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import models
from django.http import Http404, HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.fields import StreamField
from wagtail.models import PageViewRestriction

from courses import permissions
from courses.blocks import BodyBlock
from courses.rules import text
from school.core.models import SchoolPage


class EditKind(models.TextChoices):
    """What a published edit means for those who have studied already."""

    MINOR = "minor", _("小改动：学过的仍然算学过")
    AGAIN = "again", _("内容有实质变化：请大家重新学习")


class AudiencePage(SchoolPage):
    """A page with an audience. Foreign members get 404, guests are asked to sign in."""

    audience = models.ForeignKey(
        "members.Audience",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("受众"),
        help_text=_("留空：全体登录人员可见。"),
    )

    # Whom a page is for says its audience; Wagtail's own privacy is not offered and not asked.
    private_page_options: list[str] = []

    class Meta:
        abstract = True

    def get_view_restrictions(self):
        return PageViewRestriction.objects.none()

    def serve(self, request: HttpRequest, *args, **kwargs):
        if not permissions.may_read(self, request.user):
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
            raise Http404
        return super().serve(request, *args, **kwargs)


class BodyMixin(models.Model):
    """A body of blocks whose characters form the text axis."""

    body = StreamField(BodyBlock(), verbose_name=_("正文"), blank=True)

    class Meta:
        abstract = True

    def placed_body(self) -> list[text.Placed]:
        """The body's blocks in order with their place on the text axis."""
        return text.place(self._blocks())

    def _blocks(self):
        for block in self.body:
            kind, value = block.block_type, block.value
            if value in (None, ""):
                continue
            if kind == "paragraph":
                for piece in text.paragraphs(value.source):
                    yield kind, piece, text.plain(piece)
            elif kind == "heading":
                yield kind, value, value
            elif kind == "quote":
                yield kind, value, f"{value['text']}\n{value['source'] or ''}"
            elif kind == "callout":
                yield kind, value, f"{value['title'] or ''}\n{value['text']}"
            elif kind == "picture":
                yield kind, value, value["caption"] or ""
            elif kind == "attachment":
                yield kind, value, value.title

    @property
    def plain_body(self) -> str:
        """The body as plain text, one block a line."""
        return "\n".join(block.text for block in self.placed_body() if block.text)


class StudyPage(AudiencePage):
    """A page that is a StudyItem once published (source type ``courses.page``)."""

    cover = models.ForeignKey(
        settings.WAGTAILIMAGES_IMAGE_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("封面"),
        help_text=_("16:9，宽度不小于 1280 像素。"),
    )
    instructor_name = models.CharField(_("讲师或作者"), max_length=40, blank=True)
    edit_kind = models.CharField(
        _("本次发布"),
        max_length=5,
        choices=EditKind.choices,
        default=EditKind.MINOR,
        help_text=_("只对本次发布有效，发布后恢复为小改动。"),
    )

    card_label = ""
    item_kind = ""

    publish_panels = [
        MultiFieldPanel(
            [FieldPanel("audience"), FieldPanel("edit_kind")], heading=_("受众与发布方式")
        )
    ]
    promote_panels = [
        MultiFieldPanel([FieldPanel("slug"), FieldPanel("search_description")], _("网址"))
    ]

    class Meta:
        abstract = True

    def get_context(self, request: HttpRequest, *args, **kwargs) -> dict:
        from courses.selectors import screens  # models load first; screens read models

        context = super().get_context(request, *args, **kwargs)
        context.update(screens.for_page(self, request))
        return context
