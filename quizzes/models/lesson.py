"""The quiz of a lesson: part of the page's draft until the page is published."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.models import Orderable

from quizzes.models.paper import Paper


class LessonQuiz(Orderable):
    """A paper that must be passed to complete a lesson. The rows are what is published."""

    page = ParentalKey(
        "courses.LessonPage",
        on_delete=models.CASCADE,
        related_name="quizzes",
        verbose_name=_("微课"),
    )
    paper = models.ForeignKey(
        Paper, models.PROTECT, related_name="lesson_links", verbose_name=_("试卷")
    )

    class Meta(Orderable.Meta):
        verbose_name = _("课后测验")
        verbose_name_plural = _("课后测验")

    def __str__(self) -> str:
        return str(self.paper)
