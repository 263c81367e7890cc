"""Progress lines, stamps and sub-commands of the set-up. Standard library only: it runs first."""

import contextlib
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"


class Failed(Exception):
    """A step cannot be done; the message is one sentence that says what to do."""


def venv_dir() -> Path:
    """The virtual environment: VENV, else ``.venv`` beside the code."""
    return Path(os.environ.get("VENV") or ROOT / ".venv").absolute()


class Steps:
    """Prints ``[3/7] title … 41 s`` for each step."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.number = 0
        self.note = ""

    @contextlib.contextmanager
    def step(self, title: str):
        """Time one step; set ``self.note`` inside to say more at its end."""
        self.number += 1
        self.note = ""
        print(f"[{self.number}/{self.total}] {title} … ", end="", flush=True)
        started = time.monotonic()
        try:
            yield
        except BaseException:
            print("失败", flush=True)
            raise
        seconds = time.monotonic() - started
        print(self.note or f"{seconds:.0f} s", flush=True)


def digest(*parts: "str | Path") -> str:
    """SHA-256 over texts and the contents of files."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        total.update(b"\0")
    return total.hexdigest()


def done(stamp: Path, key: str) -> bool:
    """Whether the step with this key has been finished before."""
    return stamp.is_file() and stamp.read_text() == key


def mark(stamp: Path, key: str) -> None:
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(key)


def run(command: list, *, what: str, log: "Path | None" = None, **options) -> None:
    """Run a command quietly, its output in the log; on failure show the end of it.

    Raises:
        Failed: the command was not found or did not end with 0.
    """
    log = log or BUILD / "setup.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        output.write(("\n$ " + " ".join(map(str, command)) + "\n").encode())
        output.flush()
        start = output.tell()
        try:
            code = subprocess.call(
                list(map(str, command)),
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                **options,
            )
        except OSError as error:
            raise Failed(f"{what}失败：{error}") from error
    if code:
        with log.open("rb") as output:
            output.seek(start)
            tail = output.read().decode(errors="replace").splitlines()[-15:]
        print("\n" + "\n".join(tail), file=sys.stderr)
        raise Failed(f"{what}失败（返回码 {code}），完整输出见 {log}。")
