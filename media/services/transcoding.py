"""From an uploaded revision to one that plays. Called by the job; safe to call again."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext as _

from media import pipeline, probe, storage
from media.errors import DiskFull, Rejected, ToolMissing
from media.models import Rendition, Video, VideoRevision
from media.rules import ladder
from media.signals import video_ready
from school.core import audit, clock, jobs
from school.core.errors import Conflict
from school.core.models import Job

KIND = "media.transcode"
_HASH_CHUNK = 4 * 1024 * 1024


def enqueue(revision: VideoRevision, by: models.Model | None = None) -> Job:
    """Queue the encoding of a revision."""
    title = f"转码：{revision.video.title}"
    payload = {"revision": revision.pk}
    return jobs.enqueue(KIND, subject=revision, title=title, payload=payload, by=by)


def latest_job(revision: VideoRevision) -> Job | None:
    """The newest encoding job of a revision."""
    label = revision._meta.label_lower
    jobs_of = Job.objects.filter(subject_type=label, subject_id=str(revision.pk), kind=KIND)
    return jobs_of.order_by("-id").first()


def transcode(*, revision: VideoRevision, tell: Callable[[float, str], None]) -> VideoRevision:
    """Encode and publish a revision; a second call finds it published and changes nothing.

    Args:
        revision: with its original in place.
        tell: called often with (share 0.0–1.0, step); may raise to stop the work.

    Raises:
        Rejected: the file is no complete video; its original is deleted, the reason stays.
        DiskFull, ToolMissing: an operator has to act; the original stays for a retry.
        EncoderFailed: trying again may help.
    """
    try:
        return _transcode(revision, tell)
    except Rejected as error:
        _fail(revision, error.message, drop_original=True)
        raise
    except (DiskFull, ToolMissing) as error:
        _fail(revision, error.message)
        raise
    except OSError as error:
        if error.errno != 28:  # ENOSPC
            raise
        full = DiskFull(_("磁盘空间不足，转码中断。请管理员清理磁盘后点“重试”。"))
        _fail(revision, full.message)
        raise full from error


def _transcode(revision: VideoRevision, tell: Callable[[float, str], None]) -> VideoRevision:
    original = storage.original(revision.original)
    if not revision.original or not original.exists():
        raise Rejected(_("原文件已不在服务器上，请重新上传。"))
    if not revision.sha256:
        revision.sha256 = _fingerprint(original, tell)
        revision.save(update_fields=["sha256"])
    source = probe.probe(original).source
    rungs = settings.VIDEO_RUNGS
    name = f"{revision.pk}-{ladder.settings_hash(rungs)}"
    package = pipeline.produce(
        original, source, revision_id=revision.pk, name=name, rungs=rungs, tell=tell
    )
    return _register(revision, name, package)


def _fingerprint(path: Path, tell: Callable[[float, str], None]) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while chunk := handle.read(_HASH_CHUNK):
            digest.update(chunk)
            tell(0.0, "核对文件")
    return digest.hexdigest()


@transaction.atomic
def _register(revision: VideoRevision, name: str, package: pipeline.Package) -> VideoRevision:
    revision = VideoRevision.objects.select_for_update().get(pk=revision.pk)
    settings_hash = name.split("-", 1)[1]
    if revision.state == VideoRevision.State.READY and revision.settings_hash == settings_hash:
        return revision
    revision.renditions.all().delete()
    Rendition.objects.bulk_create(
        Rendition(revision=revision, **asdict(made)) for made in package.files
    )
    revision.settings_hash = settings_hash
    revision.duration_ms = package.duration_ms
    revision.state = VideoRevision.State.READY
    revision.reason = ""
    revision.ready_at = clock.now()
    revision.save()
    _make_current(revision)
    transaction.on_commit(partial(video_ready.send, sender=VideoRevision, revision=revision))
    return revision


def _make_current(revision: VideoRevision) -> None:
    # Of the joined rows only the video's is locked: PostgreSQL refuses to lock an absent current.
    videos = Video.objects.select_for_update(of=("self",)).select_related("current")
    video = videos.get(pk=revision.video_id)
    if video.current is None or video.current.number <= revision.number:
        video.current = revision
        video.save(update_fields=["current"])


@transaction.atomic
def _fail(revision: VideoRevision, reason: str, *, drop_original: bool = False) -> None:
    original = revision.original
    changed = {"state": VideoRevision.State.FAILED, "reason": reason}
    if drop_original:
        changed["original"] = ""
        transaction.on_commit(partial(storage.remove_files, original, []))
    VideoRevision.objects.filter(pk=revision.pk).exclude(state=VideoRevision.State.READY).update(
        **changed
    )


@transaction.atomic
def retry(*, revision: VideoRevision, by: models.Model) -> Job:
    """Queue a failed encoding again.

    Raises:
        Conflict: it is running or done, or its file is gone and has to be uploaded again.
    """
    if revision.state == VideoRevision.State.READY:
        raise Conflict(_("该视频已经可以播放，不需要重试。"))
    if not revision.original:
        raise Conflict(_("该文件不能使用，请修正后重新上传。"))
    VideoRevision.objects.filter(pk=revision.pk).update(
        state=VideoRevision.State.WAITING, reason=""
    )
    audit.record("media.transcode_retried", actor=by, subject=revision.video)
    job = latest_job(revision)
    if job is None:
        return enqueue(revision, by)
    jobs.retry(job)
    return job
