"""A question that a lesson's film asks while it plays: part of the page's draft until published."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.models import Orderable

from quizzes.models.bank import Question
from quizzes.rules.moments import printed_moment


class LessonGate(Orderable):
    """A question of a bank at a second of a lesson. The rows are what is published."""

    page = ParentalKey(
        "courses.LessonPage",
        on_delete=models.CASCADE,
        related_name="gates",
        verbose_name=_("微课"),
    )
    at_seconds = models.PositiveIntegerField(
        _("出现时间"), help_text=_("放到这一刻停下提问，写作 3:12（分:秒）。")
    )
    question = models.ForeignKey(
        Question, models.PROTECT, related_name="lesson_gates", verbose_name=_("试题")
    )
    any_answer = models.BooleanField(
        _("作答即可继续"), default=False, help_text=_("不论对错；用于调查或引发思考的问题。")
    )

    class Meta(Orderable.Meta):
        verbose_name = _("视频中的问题")
        verbose_name_plural = _("视频中的问题")
        constraints = [
            models.UniqueConstraint(fields=["page", "question"], name="lesson_gate_question_once")
        ]

    def __str__(self) -> str:
        return f"{printed_moment(self.at_seconds)} {self.question}"

    @property
    def key(self) -> str:
        """Its name among what a member has passed: moving a question asks nobody again."""
        return f"q{self.question_id}"

    def clean(self) -> None:
        super().clean()
        if self.question_id and self.question.retired_at:
            raise ValidationError({"question": _("这道题已停用，请换一道。")})
