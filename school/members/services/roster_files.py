"""Files of rosters: kept under random names that only the school's own user may open."""

import contextlib
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from school.core.errors import DomainError

TOLD, STOP = ".told", ".stop"


def stored(name: str) -> Path:
    """Where a file of rosters lies."""
    return Path(settings.ROSTER_DIR) / name


def remove_file(name: str) -> None:
    """Remove a stored file and the notes beside it, if they are there."""
    if name:
        for each in (name, name + TOLD, name + STOP):
            stored(each).unlink(missing_ok=True)


# -- notes beside a file: what an open transaction cannot tell, and cannot be told, in rows --------


def tell_beside(name: str, share: float, step: str) -> None:
    """Note how far a job has come: ``share`` 0 to 1 and what is done, for ``told_beside``."""
    new = stored(f"{name}{TOLD}.new")
    new.write_text(json.dumps([share, step], ensure_ascii=False), encoding="utf-8")
    os.replace(new, stored(name + TOLD))


def told_beside(name: str) -> tuple[float, str] | None:
    """What was noted last; None when nothing was."""
    try:
        share, step = json.loads(stored(name + TOLD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return share, step


def ask_to_stop(name: str) -> None:
    """Have who writes this file into the school stop and take all back; no file, nobody writes."""
    if name and stored(name).exists():
        stored(name + STOP).touch()


def unask(name: str) -> None:
    """Take ``ask_to_stop`` back."""
    stored(name + STOP).unlink(missing_ok=True)


def asked_to_stop(name: str) -> bool:
    """Whether somebody asked."""
    return stored(name + STOP).exists()


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
