"""From Wagtail's and media's signals to our services."""

from django.db.models.signals import pre_delete
from django.dispatch import receiver
from wagtail.signals import (
    page_published,
    page_slug_changed,
    page_unpublished,
    post_page_move,
)

from courses.models import ArticlePage, CoursePage, LessonPage, StudyPage
from courses.selectors import lessons
from courses.services import access, publishing
from media.signals import captions_changed, video_ready
from school.members.signals import placement_changed, sections_changed
from search.services import outbox


@receiver(page_published)
def register_published(sender, instance, **kwargs) -> None:
    if isinstance(instance, StudyPage):
        publishing.register_page(instance)


@receiver(page_unpublished)
def withdraw_unpublished(sender, instance, **kwargs) -> None:
    specific = instance.specific
    if isinstance(specific, StudyPage):
        publishing.withdraw_page(specific)


def withdraw_deleted(sender, instance, **kwargs) -> None:
    publishing.withdraw_page(instance)


for _model in (ArticlePage, LessonPage, CoursePage):
    pre_delete.connect(withdraw_deleted, sender=_model, dispatch_uid=f"withdraw-{_model.__name__}")


@receiver(post_page_move)
def refresh_moved(sender, instance, url_path_before, url_path_after, **kwargs) -> None:
    if url_path_before != url_path_after:
        publishing.refresh_paths(instance)


@receiver(page_slug_changed)
def refresh_renamed(sender, instance, **kwargs) -> None:
    publishing.refresh_paths(instance)


@receiver(video_ready)
def register_ready_video(sender, revision, **kwargs) -> None:
    """The true length is known now: the lesson's item takes it."""
    for page in lessons.pages_with_video(revision.video_id):
        if page.live:
            publishing.register_page(page)
        outbox.enqueue("courses.lessonpage", page.pk)


@receiver(captions_changed)
def index_captions(sender, revision, **kwargs) -> None:
    for page in lessons.pages_with_video(revision.video_id):
        outbox.enqueue("courses.lessonpage", page.pk)


@receiver(placement_changed)
def reach_moved_sections(sender, branch, **kwargs) -> None:
    access.sync_below(branch)


@receiver(sections_changed)
def reach_given_sections(sender, branch, **kwargs) -> None:
    access.sync_below(branch)
