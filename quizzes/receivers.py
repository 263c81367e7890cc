"""What a lesson asks for may become less: its quiz is taken away or closed."""

from django.db.models.signals import post_delete
from django.dispatch import receiver

from quizzes.models import LessonQuiz
from quizzes.selectors.lessons import lesson_items
from school.study.services.completion import want_reconsidering


@receiver(post_delete, sender=LessonQuiz)
def reconsider_lesson(sender, instance, **kwargs) -> None:
    """A published lesson lost a quiz: who only waited for it is done."""
    for item in lesson_items([instance.page_id]):
        want_reconsidering(item)
