"""Files of rosters: kept under random names that only the school's own user may open."""

import contextlib
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from school.core.errors import DomainError


def stored(name: str) -> Path:
    """Where a file of rosters lies."""
    return Path(settings.ROSTER_DIR) / name


def remove_file(name: str) -> None:
    """Remove a stored file, if it is there."""
    if name:
        stored(name).unlink(missing_ok=True)


@contextlib.contextmanager
def gone_unless_done(name: str) -> Iterator[None]:
    """A file that stays only when what is done with it comes to its end; what is raised goes on."""
    done = False
    try:
        yield
        done = True
    finally:
        if not done:
            remove_file(name)


def new_file() -> str:
    """Make an empty file under a random name; returns the name."""
    name = secrets.token_hex(16)
    stored(name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(stored(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return name


def store(chunks: Iterable[bytes]) -> str:
    """Keep an upload; returns its name.

    Raises:
        DomainError: it grows over the limit; nothing is kept.
    """
    name = new_file()
    size = 0
    with gone_unless_done(name), stored(name).open("wb") as handle:
        for chunk in chunks:
            size += len(chunk)
            if size > settings.ROSTER_MAX_BYTES:
                raise DomainError(
                    _("文件超过 %(limit)d MB。请拆成几个文件，分别导入。")
                    % {"limit": settings.ROSTER_MAX_BYTES >> 20},
                    field="file",
                )
            handle.write(chunk)
    return name
