"""Reads, named after the screens they serve."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Model, Q, QuerySet
from django.urls import reverse

from media import permissions, pipeline, signing
from media.models import Caption, Upload, Video, VideoRevision
from media.rules.captions import spoken
from media.services.transcoding import KIND
from school.core import clock
from school.core.jobs import queue_position
from school.core.models import Job

MEMBER_HOURS = 6
GUEST_HOURS = 1


def playback(revision: VideoRevision, member: Model | None = None) -> dict:
    """Everything the player needs for a revision that can be played.

    The caller has checked that ``member`` may see the page; the links carry that permission.

    Args:
        revision: state READY.
        member: whom the links are for; a guest's (None or anonymous) live shorter.

    Returns:
        ``title``; ``master``, ``fallback``, ``poster`` (addresses); ``duration_ms``, ``width``,
        ``height``; ``captions``: list of ``url``, ``language``, ``label``, ``kind``, ``default``;
        ``transcript``: list of ``start`` (seconds), ``start_ms``, ``end_ms``, ``text``;
        ``expires``: Unix seconds at which the addresses end.
    """
    hours = MEMBER_HOURS if getattr(member, "is_authenticated", False) else GUEST_HOURS
    lifetime = max(timedelta(hours=hours), timedelta(milliseconds=3 * revision.duration_ms))
    expiry = signing.expiry_after(clock.now(), lifetime)
    captions = list(revision.captions.all())
    return {
        "title": revision.video.title,
        "master": file_url(revision, pipeline.MASTER, expiry),
        "fallback": file_url(revision, pipeline.FALLBACK, expiry),
        "poster": file_url(revision, pipeline.POSTER, expiry),
        "duration_ms": revision.duration_ms,
        "width": revision.width,
        "height": revision.height,
        "captions": [_track(revision, c, expiry, i == 0) for i, c in enumerate(captions)],
        "transcript": transcript(captions[0]) if captions else [],
        "expires": expiry,
    }


def file_url(revision: VideoRevision, file: str, expiry: int) -> str:
    """Signed address of one file of a package."""
    signed = signing.signature(revision.package, expiry)
    return reverse("media:file", args=[expiry, signed, revision.package, file])


def poster_url(revision: VideoRevision | None) -> str:
    """Signed address of the cover picture for lists; empty while there is none."""
    if revision is None or revision.state != VideoRevision.State.READY:
        return ""
    return file_url(
        revision, pipeline.POSTER, signing.expiry_after(clock.now(), timedelta(hours=MEMBER_HOURS))
    )


def _track(revision: VideoRevision, caption: Caption, expiry: int, default: bool) -> dict:
    signed = signing.signature(revision.package, expiry)
    given = [expiry, signed, revision.package, caption.pk, caption.version]
    return {
        "url": reverse("media:captions", args=given),
        "language": caption.language,
        "label": caption.get_language_display(),
        "kind": caption.kind,
        "default": default,
    }


def transcript(caption: Caption) -> list[dict]:
    """What is said, cue by cue, without markup."""
    return [
        {"start": start / 1000, "start_ms": start, "end_ms": end, "text": spoken(text)}
        for start, end, text in caption.cues
    ]


@dataclass(frozen=True)
class Status:
    """How far a revision is: a state word for programs, a text and a reason for people."""

    state: str
    text: str
    percent: int = 0
    reason: str = ""
    can_retry: bool = False

    @property
    def is_open(self) -> bool:
        return self.state in ("queued", "running")


def status(revision: VideoRevision | None, job: Job | None) -> Status:
    """The state of a revision, from its row and its newest job."""
    if revision is None:
        return Status("none", "没有文件")
    if revision.state == VideoRevision.State.READY:
        return Status("ready", "可播放", 100)
    reason = revision.reason or (job.reason if job else "")
    kept = bool(revision.original)
    if revision.state == VideoRevision.State.FAILED or job is None:
        return Status("failed", "失败", 0, reason or "没有找到转码任务", kept)
    if job.state == Job.State.QUEUED:
        ahead = queue_position(job)
        return Status("queued", f"排队中，前面还有 {ahead} 个" if ahead else "排队中", 0, reason)
    if job.state == Job.State.RUNNING:
        text = f"{job.step or '转码'} {job.percent}%"
        return Status("running", text, job.percent)
    return Status("failed", "失败", 0, reason or job.get_state_display(), kept)


@dataclass(frozen=True)
class Row:
    """One line of the video list: the video, its newest revision and that one's status."""

    video: Video
    revision: VideoRevision | None
    status: Status
    cover: str = ""
    may_open: bool = True

    @property
    def length(self) -> str:
        """Minutes and seconds of what is or will be played."""
        return length_text(self.revision.duration_ms) if self.revision else "—"


def library(person: Model, *, title: str = "", only_own: bool = False) -> QuerySet[Video]:
    """Videos of the list page, newest first."""
    videos = permissions.visible(person).select_related("uploaded_by", "current", "collection")
    if title:
        videos = videos.filter(Q(title__icontains=title))
    return videos.filter(uploaded_by=person) if only_own else videos


def rows(videos: list[Video], person: Model) -> list[Row]:
    """Newest revision and status of each video, in three queries (plus one per queued job).

    ``may_open``: whether the person may edit the video, so that the list leads nobody to a refusal.
    """
    mine = permissions.changeable(person).filter(pk__in=[video.pk for video in videos])
    editable = set(mine.values_list("pk", flat=True))
    newest: dict[int, VideoRevision] = {}
    for revision in VideoRevision.objects.filter(video__in=videos).order_by("number"):
        newest[revision.video_id] = revision
    waiting = [r for r in newest.values() if r.state != VideoRevision.State.READY]
    found = jobs_of(waiting)
    return [_row(video, newest.get(video.pk), found, video.pk in editable) for video in videos]


def _row(
    video: Video, revision: VideoRevision | None, found: dict[int, Job], may_open: bool
) -> Row:
    job = found.get(revision.pk) if revision else None
    return Row(video, revision, status(revision, job), poster_url(video.current), may_open)


def length_text(ms: int) -> str:
    """A length as the school writes it: 6 分 20 秒."""
    minutes, seconds = divmod(round(ms / 1000), 60)
    return f"{minutes} 分 {seconds:02d} 秒" if minutes else f"{seconds} 秒"


def jobs_of(revisions: list[VideoRevision]) -> dict[int, Job]:
    """The newest encoding job of each revision, by revision id."""
    label = VideoRevision._meta.label_lower
    ids = [str(r.pk) for r in revisions]
    jobs = Job.objects.filter(subject_type=label, subject_id__in=ids, kind=KIND).order_by("id")
    return {int(job.subject_id): job for job in jobs} if ids else {}


def unfinished_uploads(person: Model) -> QuerySet[Upload]:
    """The person's uploads that can still be resumed."""
    return Upload.objects.filter(owner=person, state=Upload.State.OPEN, expires_at__gt=clock.now())
