"""Nouns of testing, one module each."""

from quizzes.models.attempt import Answer, Attempt, Mistake
from quizzes.models.bank import Question, QuestionBank, QuestionVersion
from quizzes.models.gate import LessonGate
from quizzes.models.lesson import LessonQuiz
from quizzes.models.paper import Paper, PaperDraw, PaperQuestion, Sitting

__all__ = [
    "Answer",
    "Attempt",
    "LessonGate",
    "LessonQuiz",
    "Mistake",
    "Paper",
    "PaperDraw",
    "PaperQuestion",
    "Question",
    "QuestionBank",
    "QuestionVersion",
    "Sitting",
]
