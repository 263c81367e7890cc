"""One drain at a time: a lock file on this machine, an advisory lock in a shared database."""

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection

# Any number, the same in all processes that share the database.
ADVISORY_KEY = 0x5EA2C4
POLL_SECONDS = 0.05


class Busy(Exception):
    """Another process holds the guard."""


@contextlib.contextmanager
def hold(*, wait_seconds: float) -> Iterator[None]:
    """Hold the guard for a block.

    Args:
        wait_seconds: how long to wait for another holder; 0 gives up at once.

    Raises:
        Busy: somebody else still holds it. A killed holder frees it by dying.
    """
    folder = Path(settings.SEARCH_INDEX_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + wait_seconds
    with (folder / "drain.lock").open("w") as handle:
        while not _take(handle):
            if time.monotonic() >= until:
                raise Busy
            time.sleep(POLL_SECONDS)
        try:
            yield
        finally:
            _advisory("pg_advisory_unlock")
            fcntl.flock(handle, fcntl.LOCK_UN)


def _take(handle) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    if _advisory("pg_try_advisory_lock"):
        return True
    fcntl.flock(handle, fcntl.LOCK_UN)
    return False


def _advisory(function: str) -> bool:
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [ADVISORY_KEY])
        return bool(cursor.fetchone()[0])
