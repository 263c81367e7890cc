"""Pages as search documents: what is found, for whom, and at which second."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from courses.models import ArticlePage, CoursePage, LessonPage, NewsPage
from courses.selectors import lessons
from school.members.selectors import audiences
from search import registry
from search.documents import Cue, SearchDocData


def register() -> None:
    """Make all page types findable; called once, from ``AppConfig.ready``."""
    registry.register(
        LessonPage,
        build=describe_lesson,
        kinds={"lesson": _("微课")},
        queryset=lambda: _joined(LessonPage).select_related("audience", "video__current"),
    )
    registry.register(
        ArticlePage,
        build=describe_article,
        kinds={"article": _("文章")},
        queryset=lambda: _joined(ArticlePage),
    )
    registry.register(
        CoursePage,
        build=describe_course,
        kinds={"course": _("课程")},
        queryset=lambda: _joined(CoursePage),
    )
    registry.register(
        NewsPage,
        build=describe_news,
        kinds={"news": _("要闻"), "notice": _("通知")},
        queryset=lambda: _joined(NewsPage),
    )


def _joined(model) -> QuerySet:
    return model.objects.select_related("audience")


def _section(page) -> list[str]:
    parent = page.get_parent()
    return [parent.title] if parent and parent.depth > 2 else []


def _common(page, kind: str, weight: float) -> dict:
    published = page.first_published_at
    return {
        "kind": kind,
        "title": page.title,
        "url": page.url or "",
        "audience": audiences.token(page.audience),
        "published_at": published,
        "facets": {
            "section": _section(page),
            "year": [str(published.year)] if published else [],
        },
        "weight": weight,
    }


def describe_article(page: ArticlePage) -> SearchDocData | None:
    """An article's document, or None while it is not live."""
    if not page.live or not page.url:
        return None
    body = "\n".join(filter(None, (page.summary, page.plain_body)))
    return SearchDocData(body=body, **_common(page, "article", 1.0))


def describe_lesson(page: LessonPage) -> SearchDocData | None:
    """A lesson's document with its captions as cues, or None while it is not live."""
    if not page.live or not page.url:
        return None
    cues = [Cue(*cue) for cue in lessons.cues_of(page.video)] if page.video_id else []
    body = "\n".join(filter(None, (page.summary, page.instructor_name, page.plain_body)))
    return SearchDocData(body=body, cues=cues, **_common(page, "lesson", 1.1))


def describe_course(page: CoursePage) -> SearchDocData | None:
    """A course's document, or None while it is not live."""
    if not page.live or not page.url:
        return None
    titles = page.parts.select_related("page").values_list("page__title", flat=True)
    body = "\n".join(filter(None, (page.summary, page.plain_body, *titles)))
    return SearchDocData(body=body, **_common(page, "course", 1.05))


def describe_news(page: NewsPage) -> SearchDocData | None:
    """A news page's document, or None while it is not live."""
    if not page.live or not page.url:
        return None
    body = "\n".join(filter(None, (page.summary, page.source, page.plain_body)))
    return SearchDocData(body=body, **_common(page, page.kind, 0.8))
