"""What lessons ask of their quizzes: the requirement and the tab on a lesson's page."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db.models import BooleanField, Q, QuerySet, Value
from django.urls import reverse
from django.utils.translation import gettext as _
from wagtail.models import Page

from courses.registry import Panel
from quizzes.models import Attempt, LessonQuiz, Paper
from quizzes.services.outcome import PAGE_SOURCE, PAPER_SOURCE
from school.core import clock
from school.members.models import Member
from school.members.selectors.audiences import in_audience
from school.study.models import Completion, ItemRevision, StudyItem
from school.study.registry import Outstanding


def passed_papers(member_id: int, paper_ids: list[int], after: date | None = None) -> set[int]:
    """Which papers a member has passed, or was granted by hand, on a local day after ``after``."""
    passed = Attempt.objects.filter(member_id=member_id, paper__in=paper_ids, passed=True)
    granted = _granted(member_id, paper_ids)
    if after:
        passed = passed.filter(submitted_at__gte=_starts(after + timedelta(days=1)))
        granted = granted.filter(effective_on__gt=after)
    return set(passed.values_list("paper_id", flat=True)) | set(
        granted.values_list("item__source_id", flat=True)
    )


def _granted(member_id: int, paper_ids: list[int]) -> QuerySet[Completion]:
    return Completion.objects.in_force().filter(
        member_id=member_id,
        item__source_type=PAPER_SOURCE,
        item__source_id__in=paper_ids,
        evidence=Completion.Evidence.MANUAL,
    )


def _starts(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=clock.LOCAL)


def _completed_before(revision: ItemRevision, member_id: int, cycle: int) -> date | None:
    """The day the cycle before was completed: a new one asks for a quiz passed after it."""
    if cycle == 0:
        return None
    earlier = Completion.objects.in_force().filter(
        member_id=member_id, revision=revision, cycle__lt=cycle
    )
    return earlier.order_by("-cycle").values_list("effective_on", flat=True).first()


def lesson_papers(page_id: int) -> list[Paper]:
    """Papers a published lesson asks for, in order, each once."""
    links = (
        LessonQuiz.objects.filter(page_id=page_id, paper__published_at__isnull=False)
        .select_related("paper__audience")
        .order_by("sort_order")
    )
    return list({link.paper_id: link.paper for link in links}.values())


def lesson_items(page_ids: Iterable[int]) -> QuerySet[StudyItem]:
    """The study items of lessons that are offered."""
    return StudyItem.objects.filter(
        source_type=PAGE_SOURCE, source_id__in=page_ids, withdrawn_at=None
    )


def quiz_passed(revision: ItemRevision, member_id: int, cycle: int) -> Outstanding | None:
    """Requirement: a lesson's quizzes must be passed, in each cycle anew."""
    if revision.item.source_type != PAGE_SOURCE:
        return None
    papers = lesson_papers(revision.item.source_id)
    if not papers:
        return None
    after = _completed_before(revision, member_id, cycle)
    passed = passed_papers(member_id, [paper.pk for paper in papers], after)
    for paper in papers:
        if paper.pk not in passed:
            path = reverse("quizzes:start", args=[paper.pk])
            return Outstanding(_("完成并通过测验《%(title)s》") % {"title": paper.title}, path)
    return None


def _standing(member: Member, paper_ids: list[int]) -> tuple[set[int], set[int]]:
    """Papers passed (or granted by hand) and papers begun. One query."""
    passed, begun = set(), set()
    if not member.is_authenticated:
        return passed, begun
    attempts = Attempt.objects.filter(member=member, paper__in=paper_ids).filter(
        Q(passed=True) | Q(state=Attempt.State.OPEN)
    )
    granted = _granted(member.pk, paper_ids).values_list(
        "item__source_id", Value(True, output_field=BooleanField())
    )
    rows = attempts.order_by().values_list("paper_id", "passed").union(granted.order_by())
    for paper, is_passed in rows:
        (passed if is_passed else begun).add(paper)
    return passed, begun


def lesson_panel(page: Page, member: Member) -> Panel | None:
    """The 测验 tab of a lesson's page for one member; None when it asks for no quiz."""
    papers = [paper for paper in lesson_papers(page.pk) if in_audience(paper.audience, member)]
    if not papers:
        return None
    passed, open_ones = _standing(member, [paper.pk for paper in papers])
    rows = [
        {
            "paper": paper,
            "url": reverse("quizzes:start", args=[paper.pk]),
            "passed": paper.pk in passed,
            "open": paper.pk in open_ones,
        }
        for paper in papers
    ]
    done = all(row["passed"] for row in rows)
    return Panel(
        name="quiz",
        label=_("测验"),
        template="quizzes/lesson_panel.html",
        context={"quiz_rows": rows},
        note=_("已通过") if done else "",
    )
