"""The head of the chain outside the database: a file that only grows, one line for each seal."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from school.core.models import AuditSeal

# Holds the file's last heads; a line has some 150 bytes.
TAIL_BYTES = 4096


@dataclass(frozen=True)
class Heads:
    """What the file says: mac by seal; ``broken`` counts lines that are no head at all."""

    macs: dict[int, str]
    broken: int = 0

    @property
    def last(self) -> int:
        """The newest seal it knows, 0 when it knows none."""
        return max(self.macs, default=0)


def folder() -> Path:
    """Where the trail keeps what lies outside the database; made if absent, for its owner only."""
    path = settings.DATA_DIR / "audit"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def head_file() -> Path:
    """The file of heads."""
    return folder() / "heads.jsonl"


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time, so that a head is never written into a file being shortened."""
    with (folder() / "heads.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def append(link: AuditSeal) -> None:
    """Add a seal to the file and force it to the disk, after those that could not be added before.

    A file that is absent begins with this seal: that heads are missing then stays to be seen.
    """
    with _alone():
        _write([*_behind(link.pk), link])


def catch_up() -> None:
    """Add what could not be added when it was sealed; a file that is absent stays absent."""
    newest = AuditSeal.objects.order_by("-pk").first()
    if newest is None:
        return
    with _alone():
        if 0 < _newest() < newest.pk:
            _write([*_behind(newest.pk), newest])


def write_missing() -> list[int]:
    """Add the heads of all seals of the database that the file does not know; returns which.

    By decision of an operator only, who has found out why they are missing.
    """
    with _alone():
        kept = read()
        links = AuditSeal.objects.order_by("pk")
        missing = [link for link in links if kept is None or link.pk not in kept.macs]
        if missing:
            # The newest once more: the last line says how far the file goes.
            _write([*missing, links.last()])
    return [link.pk for link in missing]


def _behind(before: int) -> list[AuditSeal]:
    """Seals between the newest of the file and another; none where there is no file."""
    newest = _newest()
    links = AuditSeal.objects.filter(pk__gt=newest, pk__lt=before).order_by("pk")
    return list(links) if newest else []


def _newest() -> int:
    """The seal of the file's last head, 0 when it has none."""
    path = head_file()
    if not path.exists():
        return 0
    with path.open("rb") as handle:
        handle.seek(max(0, handle.seek(0, os.SEEK_END) - TAIL_BYTES))
        lines = handle.read().splitlines()
    return next((seal for line in reversed(lines) if (seal := _seal_of(line))), 0)


def _write(links: list[AuditSeal]) -> None:
    text = "".join(_line(link) for link in links)
    path = head_file()
    if path.exists() and not _ends_whole(path):
        text = "\n" + text  # a power cut tore the last line; the next one stays whole
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(text.encode())
        handle.flush()
        os.fsync(handle.fileno())
    sync_folder(path.parent)


def _line(link: AuditSeal) -> str:
    head = {"seal": link.pk, "high": link.high_id, "mac": link.mac}
    return json.dumps(head | {"at": link.sealed_at.isoformat()}) + "\n"


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as handle:
        handle.seek(0, os.SEEK_END)
        if handle.tell() == 0:
            return True
        handle.seek(-1, os.SEEK_END)
        return handle.read(1) == b"\n"


def read() -> Heads | None:
    """The file's heads; None when there is no file."""
    path = head_file()
    if not path.exists():
        return None
    macs, broken = {}, 0
    for line in path.read_text(errors="replace").splitlines():
        if not line.strip():
            continue
        try:
            head = json.loads(line)
            macs[int(head["seal"])] = str(head["mac"])
        except (ValueError, KeyError, TypeError):
            broken += 1
    return Heads(macs, broken)


def keep(wanted: Callable[[int], bool]) -> None:
    """Shorten the file to the heads of some seals; whole or not at all."""
    with _alone():
        path = head_file()
        if not path.exists():
            return
        lines = [line for line in path.read_text().splitlines() if _stays(line, wanted)]
        replace(path, "".join(line + "\n" for line in lines).encode())


def _stays(line: str, wanted: Callable[[int], bool]) -> bool:
    seal = _seal_of(line)
    return bool(line.strip()) if seal is None else wanted(seal)


def _seal_of(line: str | bytes) -> int | None:
    """The seal a line speaks of, None when the line cannot be read."""
    try:
        return int(json.loads(line)["seal"])
    except (ValueError, KeyError, TypeError):
        return None


def replace(path: Path, content: bytes) -> None:
    """Write a file under another name, force it to the disk, and give it its name."""
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Force a folder's names to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
