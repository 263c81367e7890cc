"""What a paper may ask at this moment."""

from django.utils.translation import gettext as _

from quizzes.models import Paper, PaperDraw, Question
from quizzes.rules.sheets import Candidate
from school.core.errors import Conflict

Group = tuple[list[Candidate], int]


def candidate_groups(paper: Paper) -> list[Group]:
    """(candidates in stable order, how many to take), for ``rules.sheets.compose``.

    Raises:
        Conflict: no question at all, or a bank that holds too few.
    """
    groups = _fixed(paper) if paper.mode == Paper.Mode.FIXED else _drawn(paper)
    if not any(count for _candidates, count in groups):
        raise Conflict(_("这份试卷还没有试题，暂时不能作答，请联系出卷人。"))
    return groups


def _candidate(question: Question, marks: int | None) -> Candidate:
    version = question.current
    return Candidate(
        version=version.pk,
        marks=marks or version.marks,
        kind=question.kind,
        options=tuple(option["id"] for option in version.options),
    )


def _fixed(paper: Paper) -> list[Group]:
    rows = paper.questions.select_related("question__current").order_by("sort_order", "pk")
    found = {
        row.question_id: _candidate(row.question, row.marks)
        for row in rows
        if row.question.current and row.question.retired_at is None
    }
    return [(list(found.values()), len(found))]


def _drawn(paper: Paper) -> list[Group]:
    return [_draw(draw) for draw in paper.draws.select_related("bank").order_by("sort_order", "pk")]


def _draw(draw: PaperDraw) -> Group:
    questions = Question.objects.filter(
        bank=draw.bank_id, retired_at=None, current__isnull=False
    ).select_related("current")
    if draw.kind:
        questions = questions.filter(kind=draw.kind)
    if draw.difficulty:
        questions = questions.filter(current__difficulty=draw.difficulty)
    candidates = [_candidate(each, draw.marks) for each in questions.order_by("pk")]
    if len(candidates) < draw.count:
        raise Conflict(
            _("题库“%(bank)s”符合条件的试题有 %(found)s 题，试卷需要 %(wanted)s 题，请联系出卷人。")
            % {"bank": draw.bank, "found": len(candidates), "wanted": draw.count}
        )
    return candidates, draw.count
