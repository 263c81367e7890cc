"""The home page, the sections under it, and topics that curate."""

from django.conf import settings
from django.db import models
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, InlinePanel, MultiFieldPanel, PageChooserPanel
from wagtail.models import Orderable, Page, PageViewRestriction
from wagtail.url_routing import RouteResult

from courses.models.base import AudiencePage, BodyMixin
from school.core.models import SchoolPage


class HomePage(SchoolPage):
    """The first page: what is to be done for members, a banner and public news for guests."""

    headline = models.CharField(
        _("横幅标题"), max_length=30, blank=True, help_text=_("未登录时显示在横幅上，一句话。")
    )
    headline_note = models.CharField(_("横幅说明"), max_length=60, blank=True)
    banner = models.ForeignKey(
        settings.WAGTAILIMAGES_IMAGE_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("横幅图片"),
    )
    emblem = models.ForeignKey(
        settings.WAGTAILIMAGES_IMAGE_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("主办单位标识"),
        help_text=_("由主办单位按规定提供和使用，可不填。"),
    )

    parent_page_types = ["wagtailcore.Page"]
    subpage_types = ["courses.NewsIndexPage", "courses.SectionPage"]
    max_count = 1
    private_page_options: list[str] = []
    content_panels = [
        *SchoolPage.content_panels,
        MultiFieldPanel(
            [
                FieldPanel("headline"),
                FieldPanel("headline_note"),
                FieldPanel("banner"),
                FieldPanel("emblem"),
            ],
            heading=_("横幅"),
        ),
    ]

    class Meta:
        verbose_name = _("首页")
        verbose_name_plural = _("首页")

    def get_view_restrictions(self):
        return PageViewRestriction.objects.none()

    def route(self, request, path_components: list[str]):
        """Find a page below by its whole address: one query, however deep it lies.

        The pages passed on the way are kept as ``line_above``: the crumbs print them.
        """
        if not path_components:
            return super().route(request, path_components)
        addresses = [self.url_path]
        for part in path_components:
            addresses.append(f"{addresses[-1]}{part}/")
        line = Page.objects.filter(url_path__in=addresses, path__startswith=self.path)
        *above, page = line.order_by("depth")
        if page.url_path != addresses[-1] or not page.live:
            raise Http404
        found = page.specific
        found.line_above = above
        return RouteResult(found)

    def get_context(self, request, *args, **kwargs) -> dict:
        from courses.selectors import home  # models load first; screens read models

        context = super().get_context(request, *args, **kwargs)
        context.update(home.screen(self, request))
        return context


class SectionPage(SchoolPage):
    """A section (栏目): articles, lessons, courses and topics of one field."""

    parent_page_types = ["courses.HomePage"]
    subpage_types = [
        "courses.ArticlePage",
        "courses.LessonPage",
        "courses.CoursePage",
        "courses.TopicPage",
    ]
    content_panels = [*SchoolPage.content_panels, FieldPanel("summary")]

    class Meta:
        verbose_name = _("栏目")
        verbose_name_plural = _("栏目")

    def serve(self, request, *args, **kwargs):
        from django.shortcuts import redirect
        from django.urls import reverse

        return redirect(f"{reverse('courses:catalogue')}?section={self.pk}")


class TopicPage(BodyMixin, AudiencePage):
    """A topic (专题): pages chosen by an editor, in order, each with a word why."""

    cover = models.ForeignKey(
        settings.WAGTAILIMAGES_IMAGE_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("封面"),
    )

    parent_page_types = ["courses.SectionPage"]
    subpage_types: list[str] = []
    content_panels = [
        *SchoolPage.content_panels,
        FieldPanel("summary"),
        FieldPanel("cover"),
        FieldPanel("body", heading=_("导语")),
        InlinePanel("links", label=_("内容"), heading=_("专题内容"), min_num=1),
        FieldPanel("audience"),
    ]

    class Meta:
        verbose_name = _("专题")
        verbose_name_plural = _("专题")

    def get_context(self, request, *args, **kwargs) -> dict:
        from courses.selectors import screens  # models load first; screens read models

        context = super().get_context(request, *args, **kwargs)
        context.update(screens.topic(self, request))
        return context


class TopicLink(Orderable):
    """One page of a topic."""

    topic = ParentalKey(
        TopicPage, on_delete=models.CASCADE, related_name="links", verbose_name=_("专题")
    )
    page = models.ForeignKey(
        "wagtailcore.Page", models.CASCADE, related_name="+", verbose_name=_("内容")
    )
    note = models.CharField(_("一句话说明"), max_length=80, blank=True)

    panels = [
        PageChooserPanel(
            "page", ["courses.ArticlePage", "courses.LessonPage", "courses.CoursePage"]
        ),
        FieldPanel("note"),
    ]

    class Meta(Orderable.Meta):
        verbose_name = _("专题内容")
        verbose_name_plural = _("专题内容")

    def __str__(self) -> str:
        return str(self.page)
