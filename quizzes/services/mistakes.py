"""The mistake book: wrong answers enter by themselves and leave when the member takes them out."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from quizzes.models import Answer, Attempt, Mistake
from quizzes.rules import marking
from school.core import clock
from school.core.errors import NotFound
from school.members.models import Member


@transaction.atomic
def note_mistakes(*, attempt: Attempt, wrong: Sequence[Answer], moment: datetime) -> None:
    """Enter the wrong answers of a marked attempt; each ``answer.version.question`` is loaded."""
    by_question = {answer.version.question_id: answer for answer in wrong}
    known = {
        each.question_id: each
        for each in Mistake.objects.filter(member_id=attempt.member_id, question__in=by_question)
    }
    fresh = []
    for question_id, answer in by_question.items():
        mistake = known.get(question_id)
        if mistake is None:
            mistake = Mistake(member_id=attempt.member_id, question_id=question_id, wrong_count=0)
            fresh.append(mistake)
        mistake.wrong_count += 1
        mistake.version = answer.version
        mistake.last_given = answer.given
        mistake.last_attempt = attempt
        mistake.last_wrong_at = moment
        mistake.redone_right_at = None
        mistake.cleared_at = None
    Mistake.objects.bulk_create(fresh)
    Mistake.objects.bulk_update(
        known.values(),
        [
            "wrong_count",
            "version",
            "last_given",
            "last_attempt",
            "last_wrong_at",
            "redone_right_at",
            "cleared_at",
        ],
    )


@transaction.atomic
def redo_mistake(*, mistake: Mistake, given: Sequence[str]) -> marking.Mark:
    """Mark a try at one question of the book; nothing but the book changes.

    ``given`` is already checked against ``mistake.version``.
    """
    version = mistake.version
    marked = marking.mark(version.question.kind, version.key, given, version.marks)
    mistake.last_given = list(given)
    if marked.right:
        mistake.redone_right_at = clock.now()
    else:
        mistake.wrong_count += 1
        mistake.last_wrong_at = clock.now()
        mistake.redone_right_at = None
    mistake.save(update_fields=["last_given", "wrong_count", "last_wrong_at", "redone_right_at"])
    return marked


@transaction.atomic
def clear_mistake(*, mistake_id: int, member: Member) -> Mistake:
    """Take a question out of the book; a second time changes nothing.

    Raises:
        NotFound: not in this member's book.
    """
    mistake = Mistake.objects.filter(pk=mistake_id, member=member).first()
    if mistake is None:
        raise NotFound(_("错题本里没有这道题。"))
    if mistake.cleared_at is None:
        mistake.cleared_at = clock.now()
        mistake.save(update_fields=["cleared_at"])
    return mistake
