"""Whether who holds a job is alive, where the database cannot say so.

SQLite has one writer at a time: while a handler writes one long transaction, nobody can renew its
lease. There all workers are processes of this machine, so each holds a locked file for its job as
well; the system lets go of the lock at the instant the process ends, however it ends.
"""

import contextlib
import fcntl
import logging
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection

logger = logging.getLogger(__name__)


def _file(job_id: int) -> Path:
    folder = Path(settings.DATA_DIR) / "running"
    folder.mkdir(exist_ok=True, mode=0o700)
    return folder / str(job_id)


@contextlib.contextmanager
def shown(job_id: int) -> Iterator[None]:
    """Show for the length of the block that this process has the job in hand."""
    if connection.vendor != "sqlite":
        yield
        return
    with contextlib.ExitStack() as held:
        try:
            path = _file(job_id)
            handle = held.enter_context(path.open("w"))
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held.callback(path.unlink, missing_ok=True)
        except BlockingIOError:
            pass  # by somebody who has lost the job and does not know it yet
        except OSError:
            logger.exception("nothing shows that job %s is being run", job_id)
        yield


def is_shown(job_id: int) -> bool:
    """Whether a living process shows that it has the job in hand."""
    if connection.vendor != "sqlite":
        return False
    try:
        with _file(job_id).open() as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
