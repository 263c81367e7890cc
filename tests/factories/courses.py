"""Sections and pages as editors publish them."""

import itertools

from courses.models import (
    ArticlePage,
    CoursePage,
    CoursePart,
    HomePage,
    LessonPage,
    NewsIndexPage,
    NewsPage,
    SectionPage,
)
from courses.services.sections import create_section
from school.members.models import Audience, AudienceRule, Branch, Member, Section

_numbers = itertools.count(1)
PARAGRAPH = "<p>班组每天开工之前用五分钟辨识风险，说清今天做什么、哪里可能伤人、变了什么。</p>"


def section(branch: Branch) -> Section:
    """A published section that a branch answers for."""
    number = next(_numbers)
    return create_section(
        home=HomePage.objects.get(),
        title=f"栏目{number}",
        slug=f"section-{number}",
        summary="",
        branch=branch,
    )


def section_page(where: Section) -> SectionPage:
    """The page of a section, fresh from the database."""
    return SectionPage.objects.get(pk=where.page_id)


def article(
    where: Section,
    *,
    owner: Member | None = None,
    publish: bool = True,
    paragraphs: int = 3,
    **values,
) -> ArticlePage:
    """An article in a section, published unless told otherwise."""
    number = next(_numbers)
    defaults = {
        "title": f"文章{number}",
        "slug": f"article-{number}",
        "body": [("heading", "小标题"), *[("paragraph", PARAGRAPH)] * paragraphs],
    }
    page = ArticlePage(owner=owner, live=False, **(defaults | values))
    section_page(where).add_child(instance=page)
    revision = page.save_revision(user=owner)
    if publish:
        revision.publish()
        page.refresh_from_db()
    return page


def lesson(where: Section, video, **values) -> LessonPage:
    """A published lesson on a video."""
    number = next(_numbers)
    page = LessonPage(title=f"微课{number}", slug=f"lesson-{number}", video=video, **values)
    section_page(where).add_child(instance=page)
    page.save_revision().publish()
    page.refresh_from_db()
    return page


def course(where: Section, *parts: ArticlePage | LessonPage, **values) -> CoursePage:
    """A published course of these pages, all required, in their order."""
    number = next(_numbers)
    page = CoursePage(title=f"课程{number}", slug=f"course-{number}", **values)
    for order, part in enumerate(parts):
        page.parts.add(CoursePart(page=part, required=True, sort_order=order))
    section_page(where).add_child(instance=page)
    page.save_revision().publish()
    page.refresh_from_db()
    return page


def news(**values) -> NewsPage:
    """A published piece of news."""
    number = next(_numbers)
    page = NewsPage(title=f"要闻{number}", slug=f"news-{number}", **values)
    NewsIndexPage.objects.get().add_child(instance=page)
    page.save_revision().publish()
    return page


def audience_of(branch: Branch) -> Audience:
    """Everybody of a branch and below it."""
    audience = Audience.objects.create(name=f"受众{next(_numbers)}", scope=Audience.Scope.RULES)
    AudienceRule.objects.create(audience=audience, branch=branch)
    return audience
