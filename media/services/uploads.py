"""Resumable uploads (tus 1.0): begin, receive, finish, cancel, sweep.

The file on disk is the truth about how many bytes have arrived; the row only says whose they are.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext as _
from wagtail.models import Collection

from media import permissions, storage
from media.errors import Gone, Locked, Rejected
from media.models import Upload, Video
from media.probe import probe
from media.services.videos import new_revision, new_video
from school.core import clock
from school.core.errors import Conflict, DomainError, NotFound, TooMany

CHUNK = 256 * 1024
MAX_OPEN = 10
ORPHAN_SECONDS = 3600


def begin_upload(
    *,
    owner: models.Model,
    collection: Collection,
    length: int,
    filename: str,
    title: str,
    declared: bool,
    replaces: Video | None = None,
) -> Upload:
    """Reserve an upload, before a byte moves.

    Args:
        owner: who uploads; needs the right to add to the collection.
        length: bytes of the whole file.
        filename: as the owner's machine calls it; shown, never used as a path.
        title: of the video; empty: taken from the file name.
        declared: the owner says it holds no secrets and the rights are cleared.
        replaces: the video that gets a new revision, else a new video is made.

    Raises:
        NotAllowed, DomainError, DiskFull, TooMany: why it cannot begin.
    """
    permissions.require_upload(owner, collection)
    _check_length(length)
    if not declared:
        raise DomainError(_("请先确认“不含涉密内容”和“已获授权”。"), field="declared")
    if Upload.objects.filter(owner=owner, state=Upload.State.OPEN).count() >= MAX_OPEN:
        raise TooMany(_("未完成的上传太多，请先完成或取消已有的上传。"))
    storage.require_space(length)
    now = clock.now()
    upload = Upload.objects.create(
        owner=owner,
        collection=collection,
        title=(title.strip() or Path(filename).stem or filename)[:200],
        filename=filename[-255:],
        length=length,
        declared_at=now,
        replaces=replaces,
        created_at=now,
        expires_at=now + timedelta(hours=settings.UPLOAD_EXPIRY_HOURS),
    )
    storage.incoming(upload.token).touch()
    return upload


def _check_length(length: int) -> None:
    if length <= 0:
        raise Rejected(_("文件是空的（0 字节），请检查后重新选择。"))
    if length > settings.VIDEO_MAX_BYTES:
        limit = settings.VIDEO_MAX_BYTES // 1024**2
        raise Rejected(_("文件超过 %(limit)s MB 的上限，请压缩或分段后再上传。") % {"limit": limit})


def find(token: str, owner: models.Model) -> Upload:
    """The owner's upload of this token.

    Raises:
        NotFound: there is none, or it is somebody else's.
        Gone: it has expired.
    """
    upload = Upload.objects.select_related("video").filter(token=token, owner=owner).first()
    if upload is None:
        raise NotFound(_("没有这个上传，请重新开始。"))
    if upload.state == Upload.State.OPEN and upload.expires_at < clock.now():
        raise Gone(_("这次上传已过期，请重新开始。"))
    return upload


def offset(upload: Upload) -> int:
    """How many bytes have arrived."""
    if upload.state == Upload.State.DONE:
        return upload.length
    with suppress(FileNotFoundError):
        return storage.incoming(upload.token).stat().st_size
    return 0


def receive(*, upload: Upload, at: int, stream: IO[bytes], length: int) -> Upload:
    """Append bytes; the last ones finish the upload and make the video.

    Bytes that arrived before a line broke stay; the client asks for the offset and goes on.

    Args:
        at: offset the client believes in.
        stream: to read the bytes from.
        length: how many there will be.

    Raises:
        Conflict: ``at`` is not where the file ends.
        Locked: another request is writing.
        Rejected: more bytes than announced, or the whole file is no usable video; in the latter
            case the upload and its bytes are gone.
    """
    if upload.state == Upload.State.DONE:
        if at != upload.length:
            raise Conflict(_("续传位置不对，请重新获取进度后继续。"))
        return upload
    with _locked(upload) as file:
        end = file.seek(0, os.SEEK_END)
        if at != end:
            raise Conflict(_("续传位置不对，请重新获取进度后继续。"))
        if end + length > upload.length:
            raise Rejected(_("收到的内容比声明的长，请重新上传。"))
        end += _append(file, stream, length)
        if end < upload.length:
            _moved(upload, end)
            return upload
        file.flush()
        os.fsync(file.fileno())
        return _finish(upload)


def _append(file: IO[bytes], stream: IO[bytes], length: int) -> int:
    written = 0
    while written < length:
        chunk = stream.read(min(CHUNK, length - written))
        if not chunk:
            break
        file.write(chunk)
        written += len(chunk)
    file.flush()
    return written


@contextmanager
def _locked(upload: Upload) -> Iterator[IO[bytes]]:
    with storage.incoming(upload.token).open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Locked(_("同一个文件正在另一处上传，请稍后再试。")) from error
        yield file


def _moved(upload: Upload, end: int) -> None:
    upload.offset = end
    upload.expires_at = clock.now() + timedelta(hours=settings.UPLOAD_EXPIRY_HOURS)
    upload.save(update_fields=["offset", "expires_at"])


def _finish(upload: Upload) -> Upload:
    incoming = storage.incoming(upload.token)
    try:
        probed = probe(incoming)
    except Rejected:
        cancel_upload(upload=upload)
        raise
    stored = storage.new_original()
    os.link(incoming, storage.original(stored))
    try:
        with transaction.atomic():
            video = upload.replaces or new_video(
                title=upload.title,
                by=upload.owner,
                collection=upload.collection,
                declared_at=upload.declared_at,
            )
            new_revision(video, stored, upload.filename, probed, upload.owner)
            upload.video = video
            upload.offset = upload.length
            upload.state = Upload.State.DONE
            upload.save(update_fields=["video", "offset", "state"])
            transaction.on_commit(partial(incoming.unlink, missing_ok=True))
    except BaseException:
        storage.original(stored).unlink(missing_ok=True)
        raise
    return upload


def cancel_upload(*, upload: Upload) -> None:
    """Forget an upload and its bytes; the video it made, if any, stays."""
    storage.incoming(upload.token).unlink(missing_ok=True)
    upload.delete()


def sweep() -> int:
    """Remove expired uploads, finished rows past their time and files without a row.

    Returns:
        How many were removed.
    """
    removed = 0
    for upload in Upload.objects.filter(expires_at__lt=clock.now()):
        cancel_upload(upload=upload)
        removed += 1
    known = set(Upload.objects.values_list("token", flat=True))
    for file in storage.folder("incoming").glob("*.part"):
        old = time.time() - file.stat().st_mtime > ORPHAN_SECONDS
        if old and file.stem not in known:
            file.unlink(missing_ok=True)
            removed += 1
    return removed
