"""What lessons ask of their quizzes: the requirement and the tab on a lesson's page."""

from django.urls import reverse
from wagtail.models import Page

from courses.registry import Panel
from quizzes.models import Attempt, LessonQuiz, Paper
from quizzes.services.outcome import PAGE_SOURCE, PAPER_SOURCE
from school.members.models import Member
from school.members.selectors.audiences import in_audience
from school.study.models import Completion, ItemRevision
from school.study.registry import Outstanding


def passed_papers(member_id: int, paper_ids: list[int], cycle: int = 0) -> set[int]:
    """Which papers a member has passed in a cycle (or was granted by hand)."""
    passed = Attempt.objects.filter(
        member_id=member_id, paper__in=paper_ids, cycle=cycle, passed=True
    )
    granted = Completion.objects.filter(
        member_id=member_id,
        item__source_type=PAPER_SOURCE,
        item__source_id__in=paper_ids,
        cycle=cycle,
        evidence=Completion.Evidence.MANUAL,
        reverses=None,
        reversed_by=None,
    )
    return set(passed.values_list("paper_id", flat=True)) | set(
        granted.values_list("item__source_id", flat=True)
    )


def lesson_papers(page_id: int) -> list[Paper]:
    """Papers a published lesson asks for, in order, each once."""
    links = (
        LessonQuiz.objects.filter(page_id=page_id, paper__published_at__isnull=False)
        .select_related("paper__audience")
        .order_by("sort_order")
    )
    return list({link.paper_id: link.paper for link in links}.values())


def quiz_passed(revision: ItemRevision, member_id: int, cycle: int) -> Outstanding | None:
    """Requirement: the quiz of a lesson, and a quiz itself, must be passed in the cycle."""
    item = revision.item
    if item.source_type == PAPER_SOURCE:
        papers = list(Paper.objects.filter(pk=item.source_id))
    elif item.source_type == PAGE_SOURCE:
        papers = lesson_papers(item.source_id)
    else:
        return None
    if not papers:
        return None
    passed = passed_papers(member_id, [paper.pk for paper in papers], cycle)
    for paper in papers:
        if paper.pk not in passed:
            path = reverse("quizzes:start", args=[paper.pk])
            return Outstanding(f"完成并通过测验《{paper.title}》", path)
    return None


def lesson_panel(page: Page, member: Member) -> Panel | None:
    """The 测验 tab of a lesson's page for one member; None when it asks for no quiz."""
    papers = [paper for paper in lesson_papers(page.pk) if in_audience(paper.audience, member)]
    if not papers:
        return None
    passed: set[int] = set()
    open_ones: set[int] = set()
    if member.is_authenticated:
        passed = passed_papers(member.pk, [paper.pk for paper in papers])
        mine = Attempt.objects.filter(member=member, paper__in=papers, state=Attempt.State.OPEN)
        open_ones = set(mine.values_list("paper_id", flat=True))
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
        label="测验",
        template="quizzes/lesson_panel.html",
        context={"quiz_rows": rows},
        note="已通过" if done else "",
    )
