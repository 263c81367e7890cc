"""What publishing means for studying: items are registered, parts set, withdrawn."""

from dataclasses import asdict

from django.conf import settings
from django.db import transaction
from wagtail.models import Page

from courses.models import ArticlePage, CoursePage, CoursePart, EditKind, LessonPage, StudyPage
from courses.rules import text
from courses.selectors import lessons
from school.study.models import StudyItem
from school.study.selectors import item_for
from school.study.services.items import register_item, set_parts, withdraw_item

SOURCE = "courses.page"


@transaction.atomic
def register_page(page: StudyPage) -> StudyItem | None:
    """Register a live page for studying, as often as wanted: without a change nothing happens.

    Returns:
        Its item, or None while a lesson's video has no known length.
    """
    if isinstance(page, ArticlePage):
        revision = _register_article(page)
    elif isinstance(page, LessonPage):
        revision = _register_lesson(page)
    else:
        revision = _register_course(page)
    _forget_edit_kind(page)
    if revision is None:
        return None
    if not isinstance(page, CoursePage):
        _complete_courses_with(page)
    return revision.item


def _common(page: StudyPage) -> dict:
    return {
        "kind": page.item_kind,
        "source_type": SOURCE,
        "source_id": page.pk,
        "title": page.title,
        "path": page.url or "",
        "audience": page.audience,
        "study_again": page.edit_kind == EditKind.AGAIN,
    }


def _register_article(page: ArticlePage):
    placed = page.placed_body()
    length = text.axis_length(placed)
    return register_item(
        **_common(page),
        axis="text",
        axis_length=length,
        study_ms=text.reading_ms(length, settings.STUDY_CHARACTERS_PER_MINUTE),
        text_digest=text.digest("".join(block.text for block in placed)),
    )


def _register_lesson(page: LessonPage):
    length, mark = lessons.length_and_mark(page)
    if not length:
        return None
    values = _common(page)
    item = item_for(SOURCE, page.pk)
    replaced = bool(item and item.current and item.current.text_digest != mark)
    values["study_again"] = values["study_again"] or replaced
    return register_item(
        **values,
        axis="media",
        axis_length=length,
        study_ms=length,
        text_digest=mark,
        **asdict(page.wish),
    )


def _register_course(page: CoursePage):
    parts = _part_items(page)
    revision = register_item(
        **_common(page),
        axis="none",
        axis_length=0,
        study_ms=sum(part.current.study_ms for part, _required in parts if part.current),
        text_digest="",
        # The parts pay; the course itself would pay a second time.
        award=0,
    )
    set_parts(whole=revision.item, parts=parts)
    return revision


def _part_items(page: CoursePage) -> list[tuple[StudyItem, bool]]:
    rows = list(CoursePart.objects.filter(course=page).order_by("sort_order"))
    items = {
        item.source_id: item
        for item in StudyItem.objects.filter(
            source_type=SOURCE, source_id__in=[row.page_id for row in rows], withdrawn_at=None
        ).select_related("current")
    }
    return [(items[row.page_id], row.required) for row in rows if row.page_id in items]


def _complete_courses_with(page: StudyPage) -> None:
    """A part that is published after its course takes its place there."""
    for course in CoursePage.objects.live().filter(parts__page_id=page.pk).distinct():
        whole = item_for(SOURCE, course.pk)
        if whole is None:
            continue
        wanted = [(part.pk, required) for part, required in _part_items(course)]
        present = list(whole.parts.order_by("order").values_list("part_id", "required"))
        if wanted != present:
            _register_course(course)


def _forget_edit_kind(page: StudyPage) -> None:
    """``Study again`` holds for one publication; the next draft starts as a minor edit."""
    if page.edit_kind == EditKind.MINOR:
        return
    type(page).objects.filter(pk=page.pk).update(edit_kind=EditKind.MINOR)
    page.edit_kind = EditKind.MINOR
    revision = page.latest_revision
    if revision is not None and revision.content.get("edit_kind") == EditKind.AGAIN:
        revision.content["edit_kind"] = EditKind.MINOR.value
        revision.save(update_fields=["content"])


@transaction.atomic
def withdraw_page(page: StudyPage) -> None:
    """Take a page's item out of circulation; completions and hours stay."""
    withdraw_item(source_type=SOURCE, source_id=page.pk)


@transaction.atomic
def refresh_paths(page: Page) -> int:
    """Register again what lies at or below a page whose address changed; returns how many."""
    count = 0
    for model in (ArticlePage, LessonPage, CoursePage):
        for each in model.objects.live().descendant_of(page, inclusive=True):
            register_page(each)
            count += 1
    return count
