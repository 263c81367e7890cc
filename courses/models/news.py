"""News and notices: dated, short, public or for an audience. Not studied."""

from django.core.paginator import Paginator
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel

from courses import permissions
from courses.models.base import AudiencePage, BodyMixin
from school.core import clock
from school.core.models import SchoolPage

PER_PAGE = 20


class NewsIndexPage(SchoolPage):
    """All news and notices, by date."""

    parent_page_types = ["courses.HomePage"]
    subpage_types = ["courses.NewsPage"]
    max_count = 1
    content_panels = [*SchoolPage.content_panels, FieldPanel("summary")]

    class Meta:
        verbose_name = _("新闻列表页")
        verbose_name_plural = _("新闻列表页")

    def get_context(self, request, *args, **kwargs) -> dict:
        context = super().get_context(request, *args, **kwargs)
        kind = request.GET.get("kind", "")
        pages = permissions.readable(NewsPage.objects.child_of(self).live(), request.user)
        if kind in NewsPage.Kind.values:
            pages = pages.filter(kind=kind)
        pages = pages.order_by("-on_top", "-date", "-pk")
        chips = [{"label": _("全部"), "url": "?", "current": kind not in NewsPage.Kind.values}]
        for value, label in NewsPage.Kind.choices:
            chips.append({"label": label, "url": f"?kind={value}", "current": kind == value})
        listing = Paginator(pages, PER_PAGE).get_page(request.GET.get("page"))
        context["listing"] = listing
        context["items"] = [
            {
                "title": page.title,
                "url": page.get_url(request),
                "date": page.date,
                "source": page.source,
                "top": page.on_top,
            }
            for page in listing
        ]
        context["chips"] = chips
        return context


class NewsPage(BodyMixin, AudiencePage):
    """One piece of news, or a notice."""

    class Kind(models.TextChoices):
        NEWS = "news", _("要闻")
        NOTICE = "notice", _("通知")

    kind = models.CharField(_("类别"), max_length=6, choices=Kind.choices, default=Kind.NEWS)
    date = models.DateField(_("日期"), default=clock.today)
    source = models.CharField(_("来源"), max_length=60, blank=True)
    on_top = models.BooleanField(_("置顶"), default=False)

    parent_page_types = ["courses.NewsIndexPage"]
    subpage_types: list[str] = []
    content_panels = [
        *SchoolPage.content_panels,
        FieldPanel("kind"),
        FieldPanel("date"),
        FieldPanel("source"),
        FieldPanel("on_top"),
        FieldPanel("summary"),
        FieldPanel("body"),
        FieldPanel("audience"),
    ]

    class Meta:
        verbose_name = _("新闻")
        verbose_name_plural = _("新闻")
        ordering = ["-date"]
