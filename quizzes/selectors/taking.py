"""Reads of the screens on which a quiz is taken: introduction, question, result."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from quizzes.models import Answer, Attempt, Paper, Question, QuestionVersion, Sitting
from quizzes.rules.authoring import LETTERS, printed_answer
from quizzes.rules.sheets import Candidate
from quizzes.selectors.sheets import candidate_groups
from school.core import clock
from school.core.errors import Conflict, DomainError, NotFound
from school.members.models import Member
from school.members.selectors.audiences import in_audience, visible_q
from school.study.models import StudyItem
from school.study.selectors.cycles import cycle_for

FINISHED = (Attempt.State.SUBMITTED, Attempt.State.CLOSED)


def paper_for(member: Member, paper_id: int) -> Paper:
    """A published paper of an audience the member is in.

    Raises:
        NotFound: there is none for this member.
    """
    paper = Paper.objects.select_related("audience").filter(pk=paper_id).first()
    if paper is None or paper.published_at is None or not in_audience(paper.audience, member):
        raise NotFound(_("没有找到这份试卷。"))
    return paper


def open_sitting(paper: Paper, member: Member, moment: datetime) -> Sitting | None:
    """The sitting a member may take a paper in now; None when the paper has none and is open.

    Raises:
        Conflict: there are sittings, but none for this member at this moment; says when.
    """
    sittings = list(paper.sittings.select_related("audience"))
    if not sittings:
        return None
    mine = [each for each in sittings if in_audience(each.audience or paper.audience, member)]
    for sitting in mine:
        if sitting.opens_at <= moment and (sitting.closes_at is None or moment < sitting.closes_at):
            return sitting
    coming = [each for each in mine if each.opens_at > moment]
    if coming:
        opens = coming[0].opens_at.astimezone(clock.LOCAL)
        raise Conflict(
            _("考试还没有开始，开始时间是%(month)s月%(day)s日 %(time)s。")
            % {"month": opens.month, "day": opens.day, "time": f"{opens:%H:%M}"}
        )
    raise Conflict(
        _("考试时间已过，需要补考请联系组织者。") if mine else _("这份试卷没有安排本人参加的场次。")
    )


def cycle_now(paper: Paper, member: Member, moment: datetime) -> int:
    """The cycle an attempt begun now belongs to: a new one opens where another year pays again."""
    revision_id = (
        StudyItem.objects.filter(source_type="quizzes.paper", source_id=paper.pk)
        .values_list("current_id", flat=True)
        .first()
    )
    return cycle_for(member.pk, revision_id, clock.local_day(moment)) if revision_id else 0


def attempts_left(paper: Paper, member: Member, sitting: Sitting | None, cycle: int) -> int | None:
    """How many attempts a member has left in a sitting and cycle; None: as many as wanted."""
    if paper.attempts_allowed is None:
        return None
    taken = Attempt.objects.filter(paper=paper, member=member, sitting=sitting, cycle=cycle)
    return max(0, paper.attempts_allowed - taken.count())


@dataclass(frozen=True)
class Introduction:
    """The first screen of a quiz. ``full`` (hundredths) is None where the draw decides it."""

    paper: Paper
    count: int
    full: int | None
    attempts: list[Attempt]
    current: Attempt | None
    left: int | None
    refusal: str
    lessons: list[dict]

    @property
    def best(self) -> Attempt | None:
        """The finished attempt with the highest score."""
        finished = [each for each in self.attempts if each.score is not None]
        return max(finished, key=lambda each: (each.score, each.pk), default=None)

    @property
    def passed(self) -> bool:
        """Whether any attempt has passed."""
        return any(each.passed for each in self.attempts)


def introduction(member: Member, paper: Paper) -> Introduction:
    """What the introduction shows: rules, own attempts, and why one cannot start (if so)."""
    attempts = list(Attempt.objects.filter(member=member, paper=paper).order_by("-number")[:20])
    current = next((each for each in attempts if each.is_open), None)
    refusal, left, groups = "", None, []
    try:
        groups = candidate_groups(paper)
        moment = clock.authority()
        sitting = open_sitting(paper, member, moment)
        left = attempts_left(paper, member, sitting, cycle_now(paper, member, moment))
        if left == 0:
            refusal = "可答次数已用完。"
    except DomainError as error:
        refusal = error.message
    links = paper.lesson_links.filter(
        visible_q(member, "page__audience"), page__live=True
    ).select_related("page")
    return Introduction(
        paper=paper,
        count=sum(count for _candidates, count in groups),
        full=_full(groups),
        attempts=attempts,
        current=current,
        left=left,
        refusal="" if current else refusal,
        lessons=[{"title": link.page.title, "url": link.page.url} for link in links[:3]],
    )


def _full(groups: Sequence[tuple[list[Candidate], int]]) -> int | None:
    """Full marks if every possible draw gives the same."""
    total = 0
    for candidates, count in groups:
        if count == len(candidates):
            total += sum(each.marks for each in candidates)
        elif len({each.marks for each in candidates}) == 1:
            total += candidates[0].marks * count
        else:
            return None
    return total


def attempt_for(member: Member, attempt_id: int) -> Attempt:
    """A member's own attempt with its paper.

    Raises:
        NotFound: there is none, or it is another member's.
    """
    attempt = Attempt.objects.select_related("paper").filter(pk=attempt_id, member=member).first()
    if attempt is None:
        raise NotFound(_("没有找到这份答卷。"))
    return attempt


def first_unanswered(attempt: Attempt) -> int:
    """The position to go on with: the first without an answer, else 1."""
    answered = _answered(attempt.answers.all())
    positions = range(1, len(attempt.questions) + 1)
    return next((each for each in positions if each not in answered), 1)


def _answered(answers: Sequence[Answer]) -> set[int]:
    return {answer.position for answer in answers if answer.given}


def left_ms(attempt: Attempt) -> int | None:
    """Milliseconds until the deadline by the server's clock, never below 0; None: no limit."""
    if attempt.deadline_at is None:
        return None
    return max(0, clock.to_ms(attempt.deadline_at) - clock.to_ms(clock.authority()))


def question_page(attempt: Attempt, position: int) -> dict:
    """Context of one question of an open attempt.

    Raises:
        NotFound: the sheet has no such position.
    """
    total = len(attempt.questions)
    if not 1 <= position <= total:
        raise NotFound(_("试卷里没有这一题。"))
    answers = list(attempt.answers.all())
    asked = attempt.questions[position - 1]
    version = QuestionVersion.objects.select_related("question").get(pk=asked["version"])
    answer = next((each for each in answers if each.position == position), None)
    given = answer.given if answer else []
    answered = _answered(answers)
    return {
        "attempt": attempt,
        "position": position,
        "total": total,
        "version": version,
        "kind": version.question.get_kind_display(),
        "multiple": version.question.kind == Question.Kind.MULTIPLE,
        "marks": asked["marks"],
        "options": shown_options(version, asked["options"], given),
        "blanks": shown_blanks(version, given),
        "saved_at": answer.saved_at if answer else None,
        "saved_ms": clock.to_ms(answer.saved_at) if answer and answer.saved_at else 0,
        "answered": len(answered),
        "left_ms": left_ms(attempt),
        "cells": [
            {
                "number": each,
                "url": reverse("quizzes:question", args=[attempt.pk, each]),
                "state": "saved" if each in answered else "empty",
                "current": each == position,
            }
            for each in range(1, total + 1)
        ],
    }


def shown_options(
    version: QuestionVersion, order: Sequence[str], given: Sequence[str]
) -> list[dict]:
    """Options as this sheet shows them: ``letter``, ``value``, ``text``, ``checked``."""
    texts = {option["id"]: option["text"] for option in version.options}
    return [
        {"letter": letter, "value": name, "text": texts[name], "checked": name in given}
        for letter, name in zip(LETTERS, order, strict=False)
    ]


def shown_blanks(version: QuestionVersion, given: Sequence[str]) -> list[dict]:
    """Blanks to fill: ``number`` and ``text``."""
    count = len(version.key.get("blanks", ()))
    texts = [*given, *[""] * count][:count]
    return [{"number": number, "text": text} for number, text in enumerate(texts, start=1)]


def verdicts(version: QuestionVersion, order: Sequence[str], given: Sequence[str]) -> list[dict]:
    """Options after marking: chosen and right, chosen and wrong, right and missed."""
    key = version.key.get("options", ())
    options = shown_options(version, order, given)
    for option in options:
        right, chosen = option["value"] in key, option["checked"]
        option["verdict"] = {
            (True, True): "right",
            (False, True): "wrong",
            (True, False): "missed",
        }.get((right, chosen), "")
    return options


def result_page(attempt: Attempt) -> dict:
    """Context of the result of a finished attempt; three queries whatever its length."""
    answers = list(
        attempt.answers.select_related("version__question", "version").order_by("position")
    )
    rows = [
        {
            "position": answer.position,
            "version": answer.version,
            "kind": answer.version.question.get_kind_display(),
            "multiple": answer.version.question.kind == Question.Kind.MULTIPLE,
            "full": asked["marks"],
            "marks": answer.marks,
            "right": answer.right,
            "given": answer.given,
            "options": verdicts(answer.version, asked["options"], answer.given),
            "blanks": shown_blanks(answer.version, answer.given),
            "key": printed_key(answer.version, asked["options"]),
            "chosen": printed_choice(answer.version, asked["options"], answer.given),
        }
        for answer, asked in zip(answers, attempt.questions, strict=True)
    ]
    wrong = sum(not row["right"] for row in rows)
    return {
        "attempt": attempt,
        "rows": rows,
        "sections": _sections(rows),
        "wrong": wrong,
        "pass_marks": -(-attempt.full * attempt.sheet["pass_mark"] // 100),
        "cells": [
            {
                "number": row["position"],
                "url": f"#q{row['position']}",
                "state": "right" if row["right"] else "wrong",
            }
            for row in rows
        ],
    }


def printed_key(version: QuestionVersion, order: Sequence[str]) -> str:
    """The key in words: letters as shown on this sheet, 正确/错误, or the blanks."""
    if version.question.kind in (Question.Kind.SINGLE, Question.Kind.MULTIPLE):
        right = version.key["options"]
        letters = zip(LETTERS, order, strict=False)
        return "".join(letter for letter, name in letters if name in right)
    if version.question.kind == Question.Kind.FILL_BLANK:
        return ";".join(" 或 ".join(blank) for blank in version.key["blanks"])
    return printed_answer(version.question.kind, version.options, version.key)


def printed_choice(version: QuestionVersion, order: Sequence[str], given: Sequence[str]) -> str:
    """What was chosen: letters as shown on this sheet, or 正确/错误; empty for none."""
    chosen = [each for each in shown_options(version, order, given) if each["checked"]]
    spelt = version.question.kind == Question.Kind.TRUE_FALSE
    return "".join(each["text"] if spelt else each["letter"] for each in chosen)


def _sections(rows: list[dict]) -> list[dict]:
    """Marks by kind of question, in the order of the kinds."""
    found: dict[str, dict] = {}
    for row in rows:
        part = found.setdefault(
            row["kind"], {"kind": row["kind"], "marks": 0, "full": 0, "right": 0, "count": 0}
        )
        part["marks"] += row["marks"]
        part["full"] += row["full"]
        part["right"] += bool(row["right"])
        part["count"] += 1
    order = [str(label) for label in Question.Kind.labels]
    return sorted(found.values(), key=lambda part: order.index(part["kind"]))
