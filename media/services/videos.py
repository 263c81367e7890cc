"""Videos: take a file in, rename, replace the file, delete."""

import os
import shutil
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from django.db import models, transaction
from django.db.models import Max
from django.db.models.deletion import ProtectedError
from django.utils.translation import gettext as _
from wagtail.models import Collection, ReferenceIndex

from media import storage
from media.models import Video, VideoRevision
from media.probe import Probe, probe
from media.services.captions import set_captions, upload_captions
from media.services.transcoding import enqueue
from school.core import audit, clock
from school.core.errors import Conflict, DomainError


def ingest(
    *,
    path: Path | str,
    title: str,
    by: models.Model | None,
    collection: Collection | None = None,
    captions: Path | Iterable[Sequence] | None = None,
) -> Video:
    """Copy a file into the library and queue its encoding; the file itself stays where it is.

    Args:
        path: of the video.
        title: shown to people.
        by: who uploads; None for the school itself.
        collection: default the root collection.
        captions: path of a subtitle file, or cues ``(start_ms, end_ms, text)``.

    Raises:
        Rejected: the file is no video the school can use.
        DiskFull: no room for a copy.
        DomainError: the captions cannot be read.
    """
    path = Path(path)
    if not path.is_file():
        raise DomainError(_("没有这个文件：%(name)s") % {"name": path.name})
    probed = probe(path)
    storage.require_space(path.stat().st_size)
    stored = storage.new_original()
    target = storage.original(stored)
    try:
        shutil.copyfile(path, target)
        with transaction.atomic():
            video = new_video(title=title, by=by, collection=collection)
            revision = new_revision(video, stored, path.name, probed, by)
            _with_captions(revision, captions, by)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return video


def _with_captions(revision: VideoRevision, captions, by: models.Model | None) -> None:
    if isinstance(captions, str | os.PathLike):
        upload_captions(revision=revision, data=Path(captions).read_bytes(), by=by)
    elif captions is not None:
        set_captions(revision=revision, cues=captions, by=by)


def new_video(
    *,
    title: str,
    by: models.Model | None,
    collection: Collection | None = None,
    declared_at: datetime | None = None,
) -> Video:
    """Write a video without a file; inside the caller's transaction."""
    title = title.strip()[:200]
    if not title:
        raise DomainError(_("请填写视频标题。"), field="title")
    return Video.objects.create(
        title=title,
        uploaded_by=by,
        collection=collection or Collection.get_first_root_node(),
        no_secrets=declared_at is not None,
        rights_cleared=declared_at is not None,
        declared_at=declared_at,
        created_at=clock.now(),
    )


def new_revision(
    video: Video, stored: str, name: str, probed: Probe, by: models.Model | None
) -> VideoRevision:
    """Write the next revision of a video and queue its encoding; in the caller's transaction."""
    last = video.revisions.aggregate(last=Max("number"))["last"] or 0
    source = probed.source
    revision = VideoRevision.objects.create(
        video=video,
        number=last + 1,
        original=stored,
        original_name=name[-255:],
        bytes=storage.original(stored).stat().st_size,
        probe=probed.raw,
        duration_ms=source.duration_ms,
        width=source.width,
        height=source.height,
        created_at=clock.now(),
    )
    audit.record(
        "media.video_uploaded",
        actor=by,
        subject=video,
        fields={"revision": revision.number, "bytes": revision.bytes},
    )
    enqueue(revision, by)
    return revision


@transaction.atomic
def rename(*, video: Video, title: str, by: models.Model) -> Video:
    """Give a video another title.

    Raises:
        DomainError: the title is empty.
    """
    if not title.strip():
        raise DomainError(_("请填写视频标题。"), field="title")
    old, video.title = video.title, title.strip()[:200]
    video.save(update_fields=["title"])
    audit.record("media.video_renamed", actor=by, subject=video, fields={"from": old})
    return video


def replace_file(*, video: Video, path: Path, name: str, by: models.Model) -> VideoRevision:
    """A new revision from another file; the old one plays until the new one is ready.

    Raises:
        Rejected: the file is no video the school can use.
    """
    probed = probe(path)
    storage.require_space(path.stat().st_size)
    stored = storage.new_original()
    target = storage.original(stored)
    try:
        shutil.copyfile(path, target)
        with transaction.atomic():
            return new_revision(video, stored, name, probed, by)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


@transaction.atomic
def delete_video(*, video: Video, by: models.Model) -> None:
    """Delete a video with all its files, if no page uses it.

    Raises:
        Conflict: it is in use.
    """
    if ReferenceIndex.get_references_to(video).exists():
        raise Conflict(_("有页面正在使用这个视频，请先在页面里换掉或删除，再删除视频。"))
    revisions = list(video.revisions.all())
    audit.record("media.video_deleted", actor=by, subject=video)
    try:
        video.delete()
    except ProtectedError as error:
        raise Conflict(_("有课程或学习记录正在使用这个视频，不能删除。")) from error
    for revision in revisions:
        packages = [p.name for p in storage.folder("published").glob(f"{revision.pk}-*")]
        transaction.on_commit(partial(storage.remove_files, revision.original, packages))
