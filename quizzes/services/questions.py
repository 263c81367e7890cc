"""Questions: each edit is a new version, nothing that was asked is ever rewritten."""

from django.db import transaction

from quizzes.models import Question, QuestionBank, QuestionVersion
from quizzes.rules.authoring import Content
from school.core import audit, clock
from school.members.models import Member


@transaction.atomic
def create_question(
    *,
    bank: QuestionBank,
    kind: str,
    content: Content,
    explanation: str = "",
    difficulty: str = QuestionVersion.Difficulty.MEDIUM,
    marks: int = 500,
    category: str = "",
    topic: str = "",
    source: str = "",
    by: Member | None = None,
) -> Question:
    """A new question with its first version; ``marks`` in hundredths."""
    question = Question.objects.create(
        bank=bank, kind=kind, category=category, topic=topic, source=source
    )
    return revise_question(
        question=question,
        content=content,
        explanation=explanation,
        difficulty=difficulty,
        marks=marks,
        by=by,
    )


@transaction.atomic
def revise_question(
    *,
    question: Question,
    content: Content,
    explanation: str = "",
    difficulty: str = QuestionVersion.Difficulty.MEDIUM,
    marks: int = 500,
    by: Member | None = None,
) -> Question:
    """Make a new version the current one; the same content again makes none."""
    values = {
        "stem": content.stem,
        "options": content.stored_options(),
        "key": content.key,
        "explanation": explanation.strip(),
        "difficulty": difficulty,
        "marks": marks,
    }
    question = Question.objects.select_for_update(of=("self",)).get(pk=question.pk)
    current = question.current
    if current and all(getattr(current, name) == value for name, value in values.items()):
        return question
    question.current = QuestionVersion.objects.create(
        question=question,
        number=current.number + 1 if current else 1,
        created_at=clock.now(),
        created_by_id=by.pk if by else None,
        **values,
    )
    question.save(update_fields=["current"])
    audit.record(
        "quizzes.question_saved",
        actor=by,
        subject=question,
        fields={"version": question.current.number},
    )
    return question


@transaction.atomic
def retire_question(*, question: Question, by: Member | None = None) -> Question:
    """Take a question out of drawing; sheets that hold it keep it."""
    if question.retired_at is None:
        question.retired_at = clock.now()
        question.save(update_fields=["retired_at"])
        audit.record("quizzes.question_retired", actor=by, subject=question)
    return question


@transaction.atomic
def restore_question(*, question: Question, by: Member | None = None) -> Question:
    """Put a retired question back."""
    if question.retired_at is not None:
        question.retired_at = None
        question.save(update_fields=["retired_at"])
        audit.record("quizzes.question_restored", actor=by, subject=question)
    return question
