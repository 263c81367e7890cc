"""Where video files lie: one root, names made by the school, never a name from outside.

``originals/`` uploaded files · ``incoming/`` unfinished uploads · ``work/`` encodings in progress ·
``published/<revision>-<settings hash>/`` what is delivered; a directory there is always complete,
because it arrives by one rename.
"""

import os
import secrets
import shutil
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from media.errors import DiskFull

RESERVE_BYTES = 256 * 1024**2


def folder(name: str) -> Path:
    """A folder below the video root, made if absent."""
    path = Path(settings.VIDEO_ROOT) / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def original(name: str) -> Path:
    """Path of an uploaded file by its stored name (``ab/cdef….src``)."""
    return folder("originals") / name


def new_original() -> str:
    """A fresh name below ``originals/``; its folder exists."""
    token = secrets.token_hex(16)
    (folder("originals") / token[:2]).mkdir(exist_ok=True)
    return f"{token[:2]}/{token[2:]}.src"


def incoming(token: str) -> Path:
    """Path of the unfinished upload with this token."""
    return folder("incoming") / f"{token}.part"


def package(name: str) -> Path:
    """Directory of a published package."""
    return folder("published") / name


def new_work(revision_id: int) -> Path:
    """An empty directory for one encoding; what a killed attempt left behind is removed."""
    drop_work(revision_id)
    path = folder("work") / f"{revision_id}-{secrets.token_hex(4)}"
    path.mkdir()
    return path


def drop_work(revision_id: int) -> None:
    """Remove all work directories of a revision."""
    for old in folder("work").glob(f"{revision_id}-*"):
        drop(old)


def drop(work: Path) -> None:
    """Remove one work directory; one that is gone or was published does not matter."""
    shutil.rmtree(work, ignore_errors=True)


def publish(work: Path, name: str) -> Path:
    """Move a finished work directory to its published place; a package already there wins.

    Everything is flushed to disk first: what is published survives a power cut whole.
    """
    for file in work.iterdir():
        _flush(file)
    target = package(name)
    try:
        os.rename(work, target)
    except OSError:
        if not target.is_dir():
            raise
        shutil.rmtree(work, ignore_errors=True)
    _flush(target.parent)
    return target


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def require_space(needed: int) -> None:
    """Refuse early when the disk cannot hold what is coming.

    Args:
        needed: bytes that will be written.

    Raises:
        DiskFull: fewer bytes are free, after a reserve for the rest of the school.
    """
    free = shutil.disk_usage(folder("work")).free
    if free < needed + RESERVE_BYTES:
        raise DiskFull(
            _("磁盘空间不足：需要约 %(needed)s MB，可用 %(free)s MB。请管理员清理磁盘后重试。")
            % {"needed": _megabytes(needed), "free": _megabytes(free)}
        )


def _megabytes(size: int) -> int:
    return -(-size // 1024**2)


def remove_files(original_name: str, packages: list[str]) -> None:
    """Delete an original and the named packages; missing ones do not matter."""
    if original_name:
        original(original_name).unlink(missing_ok=True)
    for name in packages:
        shutil.rmtree(package(name), ignore_errors=True)
