"""The demo school's banks, papers and their link to lessons."""

from django.db.models import Max

from courses.models import LessonPage
from quizzes.models import LessonQuiz, Paper, PaperQuestion, QuestionBank
from quizzes.rules.authoring import author
from quizzes.services.papers import publish_paper
from quizzes.services.questions import create_question
from school.demo import texts
from school.members.models import Branch, Member


def seed_quizzes() -> int:
    """Three papers of several kinds of questions, each required by a lesson; returns how many."""
    owner = Branch.objects.get(code="D")
    by = Member.objects.get(staff_number="D0007")
    for each in texts.quizzes():
        bank, _made = QuestionBank.objects.get_or_create(branch=owner, title=each["bank"])
        paper = Paper.objects.create(
            title=each["title"],
            branch=owner,
            introduction=each["introduction"],
            pass_mark=each["pass_mark"],
        )
        for order, asked in enumerate(each["questions"]):
            question = create_question(
                bank=bank,
                kind=asked["kind"],
                content=author(
                    asked["kind"],
                    stem=asked["stem"],
                    options=asked["options"],
                    answer=asked["answer"],
                ),
                explanation=asked["explanation"],
                marks=1000,
                by=by,
            )
            PaperQuestion.objects.create(paper=paper, question=question, sort_order=order)
        publish_paper(paper=paper, by=by)
        _require(LessonPage.objects.get(slug=each["lesson"]), paper, by)
    return Paper.objects.count()


def _require(page: LessonPage, paper: Paper, by: Member) -> None:
    """Link a paper to a lesson the way an editor does: in the draft, then published."""
    draft = page.get_latest_revision_as_object()
    last = page.quizzes.aggregate(last=Max("sort_order"))["last"] or 0
    draft.quizzes.add(LessonQuiz(paper=paper, sort_order=last + 1))
    draft.save_revision(user=by).publish()
