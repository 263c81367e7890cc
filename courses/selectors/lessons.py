"""Lessons and their videos."""

from django.db.models import QuerySet

from courses.models import LessonPage
from media.models import Video, VideoRevision
from media.rules.captions import spoken


def pages_with_video(video_id: int) -> QuerySet[LessonPage]:
    """All lesson pages that show a video, drafts included."""
    return LessonPage.objects.filter(video_id=video_id).select_related("video__current", "audience")


def lesson_for_video(video_id: int) -> LessonPage | None:
    """The live lesson that shows a video, the oldest if there are several."""
    return pages_with_video(video_id).live().order_by("pk").first()


def video_of(page: LessonPage) -> Video | None:
    """The video of a lesson with what is played of it, in one query."""
    video = Video.objects.select_related("current").filter(pk=page.video_id).first()
    if video is not None and video.current is not None:
        video.current.video = video
    return video


def shown_revision(video: Video | None) -> VideoRevision | None:
    """What a lesson is measured by: what is played, or the newest upload still being encoded."""
    if video is None:
        return None
    if video.current is not None:
        return video.current
    waiting = video.revisions.exclude(state=VideoRevision.State.FAILED)
    return waiting.order_by("-number").first()


def length_and_mark(page: LessonPage) -> tuple[int, str]:
    """Length of a lesson in milliseconds (0: not known) and what changes when its file does."""
    revision = shown_revision(page.video)
    if revision is None:
        return 0, ""
    return revision.duration_ms, f"video-revision-{revision.pk}"


def cues_of(video: Video | None) -> list[tuple[int, int, str]]:
    """What is said: (start ms, end ms, text) of the first captions of the shown revision."""
    revision = shown_revision(video)
    caption = revision.captions.order_by("pk").first() if revision else None
    if caption is None:
        return []
    return [(start, end, spoken(text)) for start, end, text in caption.cues]
