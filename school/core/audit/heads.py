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
    """Add a seal to the file and force it to the disk."""
    head = {"seal": link.pk, "high": link.high_id, "mac": link.mac}
    line = json.dumps(head | {"at": link.sealed_at.isoformat()}) + "\n"
    with _alone():
        path = head_file()
        if path.exists() and not _ends_whole(path):
            line = "\n" + line  # a power cut tore the last line; the next one stays whole
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, line.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_folder(path.parent)


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
        lines = [line for line in path.read_text().splitlines() if _seal_of(line, wanted)]
        replace(path, "".join(line + "\n" for line in lines).encode())


def _seal_of(line: str, wanted: Callable[[int], bool]) -> bool:
    try:
        return wanted(int(json.loads(line)["seal"]))
    except (ValueError, KeyError, TypeError):
        return bool(line.strip())


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
