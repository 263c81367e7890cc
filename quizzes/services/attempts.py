"""An attempt from start to mark. Its clock is the server's, its paper is its own."""

import logging
import secrets
from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from quizzes.models import Answer, Attempt, Paper, Question, QuestionVersion, Sitting
from quizzes.rules import marking, sheets
from quizzes.selectors.sheets import candidate_groups
from quizzes.selectors.taking import attempts_left, cycle_now, open_sitting
from quizzes.services.mistakes import note_mistakes
from quizzes.services.outcome import tell_passed
from school.core import clock
from school.core.errors import Conflict, DomainError, NotFound
from school.members.models import Member
from school.study.services.locks import lock_member

logger = logging.getLogger(__name__)


def start_attempt(*, member: Member, paper: Paper) -> Attempt:
    """Draw and store a sheet; an open attempt is returned as it is.

    Raises:
        Conflict: no sitting is open, no attempt is left, or the paper has too few questions.
    """
    moment = clock.authority()
    current = _open_attempt(member, paper, moment)
    if current:
        return current
    sitting = open_sitting(paper, member, moment)
    cycle = cycle_now(paper, member, moment)
    try:
        with transaction.atomic():
            lock_member(member.pk)  # or two at once would both count themselves the last allowed
            if attempts_left(paper, member, sitting, cycle) == 0:
                raise Conflict(_("可答次数已用完。"))
            return _draw_attempt(member, paper, sitting, cycle, moment)
    except IntegrityError:
        # Two presses at once: the other one was faster, its sheet is the one.
        current = _open_attempt(member, paper, moment)
        if current is None:
            raise
        return current


def _open_attempt(member: Member, paper: Paper, moment: datetime) -> Attempt | None:
    attempt = Attempt.objects.filter(member=member, paper=paper, state=Attempt.State.OPEN).first()
    if attempt and sheets.is_over(attempt.deadline_at, moment):
        close_attempt(attempt_id=attempt.pk)
        return None
    return attempt


def _draw_attempt(
    member: Member, paper: Paper, sitting: Sitting | None, cycle: int, moment: datetime
) -> Attempt:
    seed = secrets.randbits(62)
    try:
        questions = sheets.compose(
            candidate_groups(paper),
            seed=seed,
            shuffle_questions=paper.shuffle_questions,
            shuffle_options=paper.shuffle_options,
        )
    except ValueError as error:
        raise Conflict(_("题库里不重复的试题不够，暂时不能作答，请联系出卷人。")) from error
    taken = Attempt.objects.filter(member=member, paper=paper).aggregate(last=Max("number"))
    return Attempt.objects.create(
        member=member,
        paper=paper,
        sitting=sitting,
        cycle=cycle,
        number=(taken["last"] or 0) + 1,
        seed=seed,
        sheet={
            "rule": paper.multiple_rule,
            "pass_mark": paper.pass_mark,
            "questions": questions,
        },
        full=sum(question["marks"] for question in questions),
        started_at=moment,
        deadline_at=sheets.deadline(
            moment, paper.time_limit_minutes, sitting.closes_at if sitting else None
        ),
    )


@transaction.atomic
def save_answer(*, attempt_id: int, member: Member, position: int, given: Sequence[str]) -> Answer:
    """Store one answer as given; the same again changes nothing but the time.

    Args:
        position: from 1, as on the member's own sheet.
        given: option ids, or the texts of the blanks; empty takes the answer back.

    Raises:
        NotFound: not this member's attempt, or no such position.
        Conflict: handed in already, or the time is over.
        DomainError: options that are not on the sheet.
    """
    attempt = _own(attempt_id, member)
    moment = clock.authority()
    if not attempt.is_open:
        raise Conflict(_("已经交卷，答案不能再修改。"))
    if sheets.is_over(attempt.deadline_at, moment):
        raise Conflict(_("作答时间已到，此前保存的答案已自动交卷。"))
    if not 1 <= position <= len(attempt.questions):
        raise NotFound(_("试卷里没有这一题。"))
    asked = attempt.questions[position - 1]
    version = QuestionVersion.objects.select_related("question").get(pk=asked["version"])
    answer, _made = Answer.objects.update_or_create(
        attempt=attempt,
        position=position,
        defaults={
            "version": version,
            "given": checked_answer(version, asked["options"], given),
            "saved_at": moment,
        },
    )
    return answer


def checked_answer(
    version: QuestionVersion, options: Sequence[str], given: Sequence[str]
) -> list[str]:
    """What may be stored of an answer.

    Raises:
        DomainError: it does not fit the question.
    """
    try:
        return sheets.cleaned(
            options,
            len(version.key.get("blanks", ())),
            given,
            one=version.question.kind != Question.Kind.MULTIPLE,
        )
    except ValueError as error:
        raise DomainError(_("答案与本题的选项不符，请刷新页面后重新作答。")) from error


def _own(attempt_id: int, member: Member) -> Attempt:
    attempt = (
        Attempt.objects.select_for_update(of=("self",))
        .select_related("paper")
        .filter(pk=attempt_id, member=member)
        .first()
    )
    if attempt is None:
        raise NotFound(_("没有找到这份答卷。"))
    return attempt


@transaction.atomic
def submit_attempt(*, attempt_id: int, member: Member) -> Attempt:
    """Hand in and mark; a second time changes nothing.

    Raises:
        NotFound: not this member's attempt.
    """
    attempt = _own(attempt_id, member)
    if attempt.is_open:
        moment = clock.authority()
        if sheets.is_over(attempt.deadline_at, moment):
            _finish(attempt, Attempt.State.CLOSED, attempt.deadline_at)
        else:
            _finish(attempt, Attempt.State.SUBMITTED, moment)
    return attempt


@transaction.atomic
def close_attempt(*, attempt_id: int) -> Attempt | None:
    """Hand in for the clock what is past its deadline; None if there is nothing to close."""
    attempt = (
        Attempt.objects.select_for_update(of=("self",)).select_related("paper").get(pk=attempt_id)
    )
    if not attempt.is_open or not sheets.is_over(attempt.deadline_at, clock.authority()):
        return None
    _finish(attempt, Attempt.State.CLOSED, attempt.deadline_at)
    return attempt


def close_overdue_attempts() -> int:
    """Close every attempt past its deadline, each in its own transaction; returns how many."""
    overdue = Attempt.objects.filter(
        state=Attempt.State.OPEN, deadline_at__lt=clock.authority() - sheets.GRACE
    )
    closed = 0
    for pk in list(overdue.order_by("deadline_at").values_list("pk", flat=True)[:2000]):
        try:
            closed += close_attempt(attempt_id=pk) is not None
        except Exception:
            # One broken sheet must not keep the others open; the next round tries it again.
            logger.exception("attempt %s could not be closed", pk)
    return closed


def _finish(attempt: Attempt, state: str, moment: datetime) -> None:
    answers = _mark(attempt)
    attempt.state = state
    attempt.submitted_at = moment
    attempt.score = sum(answer.marks for answer in answers)
    attempt.passed = marking.passes(attempt.score, attempt.full, attempt.sheet["pass_mark"])
    attempt.save(update_fields=["state", "submitted_at", "score", "passed"])
    note_mistakes(
        attempt=attempt, wrong=[answer for answer in answers if not answer.right], moment=moment
    )
    if attempt.passed:
        tell_passed(attempt=attempt)


def _mark(attempt: Attempt) -> list[Answer]:
    """Mark every position; questions without an answer get an empty one with 0 marks."""
    ids = [question["version"] for question in attempt.questions]
    versions = QuestionVersion.objects.select_related("question").in_bulk(ids)
    known = {answer.position: answer for answer in attempt.answers.all()}
    answers = []
    for position, asked in enumerate(attempt.questions, start=1):
        version = versions[asked["version"]]
        answer = known.get(position) or Answer(attempt=attempt, position=position)
        answer.version = version
        marked = marking.mark(
            version.question.kind, version.key, answer.given, asked["marks"], attempt.sheet["rule"]
        )
        answer.marks, answer.right = marked.marks, marked.right
        answers.append(answer)
    Answer.objects.bulk_update([a for a in answers if a.pk], ["marks", "right"])
    Answer.objects.bulk_create([a for a in answers if not a.pk])
    return answers
