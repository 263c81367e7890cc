"""One drain at a time: a lock file on this machine, an advisory lock in a shared database."""

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connection

# Names of the locks and their numbers in the database, the same in all processes that share it.
DRAIN, REBUILD = "drain", "rebuild"
_KEYS = {DRAIN: 0x5EA2C4, REBUILD: 0x5EA2C5}
POLL_SECONDS = 0.05


class Busy(Exception):
    """Another process holds the guard."""


@contextlib.contextmanager
def hold(name: str, *, wait_seconds: float) -> Iterator[None]:
    """Hold a lock for a block.

    Args:
        name: ``DRAIN`` or ``REBUILD``.
        wait_seconds: how long to wait for another holder; 0 gives up at once.

    Raises:
        Busy: another process still holds it. A killed holder frees it by dying.
    """
    folder = Path(settings.SEARCH_INDEX_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + wait_seconds
    with (folder / f"{name}.lock").open("w") as handle:
        while not _take(handle, name):
            if time.monotonic() >= until:
                raise Busy
            time.sleep(POLL_SECONDS)
        try:
            yield
        finally:
            _advisory("pg_advisory_unlock", name)
            fcntl.flock(handle, fcntl.LOCK_UN)


def _take(handle: IO, name: str) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    if _advisory("pg_try_advisory_lock", name):
        return True
    fcntl.flock(handle, fcntl.LOCK_UN)
    return False


def _advisory(function: str, name: str) -> bool:
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_KEYS[name]])
        return bool(cursor.fetchone()[0])
