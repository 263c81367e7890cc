"""What a lesson asks for may become less: a quiz or a question in its film is taken away."""

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from quizzes.models import LessonGate, LessonQuiz, Question
from quizzes.selectors.lessons import lesson_items
from school.study.services.completion import want_reconsidering


@receiver(post_delete, sender=LessonQuiz)
@receiver(post_delete, sender=LessonGate)
def reconsider_lesson(sender, instance, **kwargs) -> None:
    """A published lesson lost a quiz or a question: who only waited for it is done."""
    for item in lesson_items([instance.page_id]):
        want_reconsidering(item)


@receiver(post_save, sender=Question)
def reconsider_films(sender, instance, **kwargs) -> None:
    """A retired question is asked in no film any more."""
    if instance.retired_at is None:
        return
    pages = LessonGate.objects.filter(question=instance).values_list("page_id", flat=True)
    for item in lesson_items(list(pages)):
        want_reconsidering(item)
