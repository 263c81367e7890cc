"""Makes what tests of quizzes need: members, banks, questions, published papers, answers."""

import itertools

from wagtail.models import Collection, Page

from courses.models import LessonPage, SectionPage
from media.models import Video
from quizzes.models import (
    Attempt,
    LessonGate,
    Paper,
    PaperDraw,
    PaperQuestion,
    Question,
    QuestionBank,
)
from quizzes.rules.authoring import author
from quizzes.services.attempts import save_answer
from quizzes.services.papers import publish_paper
from quizzes.services.questions import create_question
from school.core import clock
from school.members.models import Branch, Member
from tests.factories import members, study

_numbers = itertools.count(1)


def make_branch(parent: Branch | None = None, name: str = "") -> Branch:
    """A branch under a parent, or a root."""
    names = {"name": name, "short_name": name} if name else {}
    kind = Branch.Kind.BRANCH if parent else Branch.Kind.COMMITTEE
    return members.branch(parent, kind, **names)


def make_member(branch: Branch | None = None, **changes) -> Member:
    """A member past the first run; with a home where one is given."""
    if branch:
        member = members.member(branch, name="张建国")
    else:
        member = study.make_member()
    for name, value in changes.items():
        setattr(member, name, value)
    member.save()
    return member


def make_bank(branch: Branch | None = None, title: str = "") -> QuestionBank:
    """An empty bank."""
    return QuestionBank.objects.create(title=title or f"题库 {next(_numbers)}", branch=branch)


def make_question(
    bank: QuestionBank | None = None,
    kind: str = "single",
    *,
    stem: str = "",
    options: tuple[str, ...] = ("立即报告", "继续作业", "离开不管", "等待通知"),
    answer: str = "",
    ordered: bool = True,
    **more,
) -> Question:
    """A question; the default answers are A, AB, 正确 and 安全|预防."""
    answers = {
        "single": "A",
        "multiple": "AB",
        "true_false": "正确",
        "fill_blank": "安全|预防/防范",
    }
    content = author(
        kind,
        stem=stem or f"第 {next(_numbers)} 题：下列说法怎样？",
        options=list(options),
        answer=answer or answers[kind],
        ordered=ordered,
    )
    more.setdefault("explanation", "见安全操作规程。")
    return create_question(bank=bank or make_bank(), kind=kind, content=content, **more)


def make_paper(*questions: Question, publish: bool = True, **changes) -> Paper:
    """A fixed paper of these questions (two single choices if none are given), in their order."""
    values = {"title": f"试卷 {next(_numbers)}", "shuffle_questions": False, **changes}
    paper = Paper.objects.create(**values)
    for order, question in enumerate(questions or (make_question(), make_question())):
        PaperQuestion.objects.create(paper=paper, question=question, sort_order=order)
    if publish:
        publish_paper(paper=paper)
    return paper


def make_drawn_paper(bank: QuestionBank, count: int, **changes) -> Paper:
    """A paper that draws ``count`` questions from a bank."""
    paper = Paper.objects.create(title=f"试卷 {next(_numbers)}", mode=Paper.Mode.DRAWN, **changes)
    PaperDraw.objects.create(paper=paper, bank=bank, count=count)
    publish_paper(paper=paper)
    return paper


def answer_all(attempt: Attempt, *, right: bool = True) -> None:
    """Answer every question of an attempt rightly, or (choices only) wrongly."""
    by_id = {q.current_id: q for q in Question.objects.select_related("current")}
    for position, asked in enumerate(attempt.questions, start=1):
        key = by_id[asked["version"]].current.key
        given = key.get("options") or [blank[0] for blank in key["blanks"]]
        if not right:
            given = [next(each for each in asked["options"] if each not in given)]
        save_answer(attempt_id=attempt.pk, member=attempt.member, position=position, given=given)


def make_gate(at_seconds: int = 20, *, any_answer: bool = False) -> LessonGate:
    """A question in the film of a lesson of a minute that everybody may study."""
    section = SectionPage(title="安全", slug=f"section-{next(_numbers)}")
    Page.objects.get(depth=2).add_child(instance=section)
    video = Video.objects.create(
        title="用电安全", collection=Collection.get_first_root_node(), created_at=clock.now()
    )
    lesson = LessonPage(title="用电安全", slug=f"lesson-{next(_numbers)}", video=video)
    section.add_child(instance=lesson)
    study.make_lesson(1, source_type="courses.page", source_id=lesson.pk)
    return LessonGate.objects.create(
        page=lesson, question=make_question(), at_seconds=at_seconds, any_answer=any_answer
    )
