"""What a passed quiz sets off: its own completion, and a look at the lessons that ask for it."""

from quizzes.models import Attempt, LessonQuiz
from school.core import clock
from school.study.models import Completion, StudyItem
from school.study.services.completion import consider

PAPER_SOURCE, PAGE_SOURCE = "quizzes.paper", "courses.page"


def tell_passed(*, attempt: Attempt) -> None:
    """Complete the quiz for the member, then ask again for each published lesson that links it."""
    day = clock.local_day(attempt.submitted_at)
    origin = f"attempt:{attempt.pk}"
    for item in _items(PAPER_SOURCE, [attempt.paper_id]):
        consider(
            member_id=attempt.member_id,
            revision=item.current,
            cycle=attempt.cycle,
            evidence=Completion.Evidence.QUIZ,
            on=day,
            origin=origin,
        )
    pages = LessonQuiz.objects.filter(paper_id=attempt.paper_id, page__live=True)
    for item in _items(PAGE_SOURCE, list(pages.values_list("page_id", flat=True))):
        consider(
            member_id=attempt.member_id,
            revision=item.current,
            on=day,
            origin=origin,
        )


def _items(source_type: str, ids: list[int]) -> list[StudyItem]:
    items = StudyItem.objects.filter(
        source_type=source_type, source_id__in=ids, current__isnull=False
    )
    return list(items.select_related("current"))
