"""The pages of one article, lesson, course and topic: what their templates need."""

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest

from courses import registry
from courses.models import ArticlePage, CoursePage, LessonPage, StudyPage, TopicPage
from courses.rules import text
from courses.selectors import lessons
from courses.selectors.addresses import address
from courses.selectors.cards import Card, cards, course_items
from media import selectors as media
from media.models import VideoRevision
from school.core import clock
from school.members.models import Member
from school.members.selectors import audiences
from school.study.models import ItemPart, StudyItem
from school.study.selectors import (
    Progress,
    item_for,
    progress_of,
    settled_policy,
    study_config,
)
from school.study.selectors.pay import pay_of

SOURCE = "courses.page"


def for_page(page: StudyPage, request: HttpRequest) -> dict:
    """Context of any page that can be studied."""
    member = request.user if request.user.is_authenticated else None
    item = item_for(SOURCE, page.pk)
    if item is not None and item.withdrawn_at is not None:
        item = None
    context = {
        "item": item,
        "revision": item.current if item else None,
        "crumbs": _crumbs(page, request),
    }
    if isinstance(page, CoursePage):
        return context | _course(page, item, member)
    if item is not None and member is None:
        context["pay"] = pay_of(None, item)
    elif item is not None:
        context["study"] = study_config(member, item)
        context["pay"] = context["study"]["pay"] if context["study"] else pay_of(member.pk, item)
        context["mine"] = progress_of(member.pk, [item]).get(item.pk)
    context["next_card"] = _next(page, item, member)
    if isinstance(page, ArticlePage):
        context |= _article(page, item)
    if isinstance(page, LessonPage):
        context |= _lesson(page, member) | _player(item, member, context.get("mine"))
    return context


def _crumbs(page, request) -> list[dict]:
    above = getattr(page, "line_above", None)  # a preview has not come by its address
    if above is None:
        above = page.get_ancestors().filter(depth__gte=2)
    crumbs = [{"label": each.title, "url": address(each, request)} for each in above]
    return [*crumbs, {"label": page.title}]


def _article(page: ArticlePage, item: StudyItem | None) -> dict:
    placed = page.placed_body()
    length = text.axis_length(placed)
    time = text.reading_ms(length, settings.STUDY_CHARACTERS_PER_MINUTE)
    if item is not None and item.current is not None:
        placed = text.scaled(placed, item.current.axis_length)
    return {"placed": placed, "axis_length": length, "minutes": text.minutes(time)}


def _lesson(page: LessonPage, member: Member | None) -> dict:
    revision = lessons.shown_revision(lessons.video_of(page))
    ready = revision is not None and revision.state == VideoRevision.State.READY
    context = {
        "placed": page.placed_body(),
        "ready": ready,
        "playback": media.playback(revision, member) if ready else None,
        "panels": registry.lesson_panels(page, member) if member else [],
    }
    if not ready and revision is not None:
        job = media.jobs_of([revision]).get(revision.pk)
        context["encoding"] = media.status(revision, job)
    return context


def _player(item: StudyItem | None, member: Member | None, mine: Progress | None) -> dict:
    """What the player is told about studying: where to resume, how fast, whether to hold back."""
    if item is None or item.current is None or member is None or mine is None:
        return {}
    seen = mine.completed_on is not None
    policy = settled_policy(member.pk, item.current, completed=seen, day=clock.today())
    return {
        "resume_ms": mine.resume_at,
        "max_rate": item.current.max_rate / 100,
        "first_rate": policy.max_rate / 100,
        "no_forward_seek": not policy.seek_free,
        "player_data": {"study-item": item.pk, "study-config": "study-config"},
    }


def _course(page: CoursePage, item: StudyItem | None, member: Member | None) -> dict:
    parts = [
        (part, required)
        for part, required in course_items(page)
        if audiences.in_audience(part.audience, member)
    ]
    made = {card.item_id: card for card in cards([part for part, _r in parts], member)}
    rows = [(made[part.pk], required) for part, required in parts if part.pk in made]
    required = [card for card, needed in rows if needed]
    done = sum(1 for card in required if card.completed_on)
    upcoming = next((card for card, _r in rows if not card.completed_on), None)
    return {
        "placed": page.placed_body(),
        "rows": rows,
        "done": done,
        "needed": len(required),
        "upcoming": upcoming,
        "award": sum(part.current.award for part, _r in parts if part.current),
        "study_ms": sum(part.current.study_ms for part, _r in parts if part.current),
    }


def _next(page: StudyPage, item: StudyItem | None, member: Member | None) -> Card | None:
    """What comes next: the following part of the newest course, else of the section."""
    if (part := _next_part(item, member)) is not None:
        return next(iter(cards([part], None, with_pay=False)), None)
    following = (
        type(page)
        .objects.live()
        .filter(path__startswith=page.path[: -page.steplen], depth=page.depth)
        .filter(audiences.visible_q(member), path__gt=page.path)
        .order_by("path")
    )
    found = StudyItem.objects.filter(
        source_type=SOURCE, source_id__in=following.values("pk")[:1], withdrawn_at=None
    ).select_related("current")
    return next(iter(cards(found, None, with_pay=False)), None)


def _next_part(item: StudyItem | None, member: Member | None) -> StudyItem | None:
    """The part after this one in the newest course that has it, of those the reader may see."""
    if item is None:
        return None
    courses = ItemPart.objects.filter(
        audiences.visible_q(member, "whole__audience"),
        part=item,
        whole__source_type=SOURCE,
        whole__withdrawn_at=None,
    ).order_by("-whole__source_id")
    rows = ItemPart.objects.filter(
        Q(part=item) | audiences.visible_q(member, "part__audience"),
        whole=courses.values("whole")[:1],
        part__withdrawn_at=None,
    )
    parts = [row.part for row in rows.select_related("part__current").order_by("order")]
    place = parts.index(item) + 1 if item in parts else len(parts)
    return parts[place] if place < len(parts) else None


def topic(page: TopicPage, request: HttpRequest) -> dict:
    """Context of a topic: its links in order as cards with the editor's note."""
    member = request.user if request.user.is_authenticated else None
    links = list(page.links.order_by("sort_order"))
    items = (
        StudyItem.objects.filter(
            source_type=SOURCE, source_id__in=[link.page_id for link in links], withdrawn_at=None
        )
        .filter(audiences.visible_q(member))
        .select_related("current")
    )
    made = {card.page_id: card for card in cards(items, member)}
    rows = [(made[link.page_id], link.note) for link in links if link.page_id in made]
    return {"rows": rows, "placed": page.placed_body(), "crumbs": _crumbs(page, request)}
