"""Running ffmpeg: limits, progress, an end that is certain.

The encoder gets its own session, a low priority, a cap on file size and open files, and dies with
the worker: without that a killed worker leaves an encoder behind that writes on.
"""

import contextlib
import ctypes
import os
import resource
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from django.utils.translation import gettext as _

from media.errors import DiskFull, ToolMissing

STALL_SECONDS = 120
FILE_BYTES = 64 * 1024**3
OPEN_FILES = 256
_PR_SET_PDEATHSIG = 1
Progress = Callable[[int], None]


class EncoderFailed(Exception):
    """ffmpeg ended with an error, stalled or ran too long; ``log`` is the end of its output."""

    def __init__(self, reason: str, log: str = "") -> None:
        super().__init__(f"{reason} {log[-500:]}".strip())
        self.log = log


@cache
def _wrapper() -> tuple[str, ...]:
    wrapper: list[str] = []
    if shutil.which("setpriv"):
        wrapper += ["setpriv", "--pdeathsig", "KILL"]
    if shutil.which("nice"):
        wrapper += ["nice", "-n", "10"]
    if shutil.which("prlimit"):
        wrapper += ["prlimit", f"--fsize={FILE_BYTES}", f"--nofile={OPEN_FILES}"]
    return tuple(wrapper)


def _limit_child() -> None:
    """For machines without util-linux: what the wrapper programs would do."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))


def start(arguments: list[str], **options) -> subprocess.Popen:
    """Start a program under the limits; it dies when this process dies.

    Raises:
        ToolMissing: the program does not exist.
    """
    if not shutil.which(arguments[0]):
        raise ToolMissing(
            _("服务器上没有 %(name)s，请管理员安装 ffmpeg 后重试。")
            % {"name": Path(arguments[0]).name}
        )
    if "setpriv" not in _wrapper():
        options["preexec_fn"] = _limit_child
    return subprocess.Popen(
        [*_wrapper(), *arguments],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        **options,
    )


def capture(arguments: list[str], *, timeout: float) -> tuple[int, str, str]:
    """Run a short command: exit code, standard output, standard error.

    Raises:
        EncoderFailed: it took longer than ``timeout`` seconds.
    """
    child = start(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace"
    )
    try:
        out, err = child.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise EncoderFailed(f"程序 {timeout:.0f} 秒没有回答") from error
    finally:
        _end(child)
    return child.returncode, out, err


def encode(
    arguments: list[str],
    *,
    wall_seconds: float,
    progress: Progress | None = None,
    stall_seconds: float = STALL_SECONDS,
) -> str:
    """Run an ffmpeg command that prints ``-progress pipe:1``; returns its standard error.

    Args:
        arguments: from ``media.ffmpeg``.
        wall_seconds: longest time it may take.
        progress: called about once a second with the milliseconds encoded so far; whatever it
            raises (a lost lease, a cancelled job) ends the encoder.
        stall_seconds: longest time without getting further.

    Raises:
        EncoderFailed: error, stall or too long.
        DiskFull: it ended because the disk is full.
    """
    with tempfile.TemporaryFile() as log:
        child = start(arguments, stdout=subprocess.PIPE, stderr=log)
        try:
            _watch(child, wall_seconds, stall_seconds, progress or (lambda _ms: None))
        except TimeoutError as error:
            raise EncoderFailed(str(error), _tail(log)) from error
        finally:
            _end(child)
        text = _tail(log)
    if child.returncode:
        if "No space left on device" in text:
            raise DiskFull(_("磁盘空间不足，转码中断。请管理员清理磁盘后点“重试”。"))
        raise EncoderFailed(f"转码程序出错（代码 {child.returncode}）", text)
    return text


def _watch(child: subprocess.Popen, wall: float, stall: float, progress: Progress) -> None:
    began = moved = time.monotonic()
    reached, buffer = 0, b""
    pipe = child.stdout.fileno()
    while True:
        ready, _write, _error = select.select([pipe], [], [], 1.0)
        now = time.monotonic()
        if ready:
            data = os.read(pipe, 65536)
            if not data:
                break
            *lines, buffer = (buffer + data).split(b"\n")
            if (ms := _reached(lines)) > reached:
                reached, moved = ms, now
        if now - began > wall:
            raise TimeoutError(f"转码超过 {wall:.0f} 秒")
        if now - moved > stall:
            raise TimeoutError(f"转码程序 {stall:.0f} 秒没有进展")
        progress(reached)
    child.wait(timeout=60)


def _reached(lines: list[bytes]) -> int:
    """Milliseconds encoded, from ``out_time_us=…`` lines; 0 when none tells."""
    times = [line[12:] for line in lines if line.startswith(b"out_time_us=")]
    numbers = [int(t) for t in times if t.strip().isdigit()]
    return numbers[-1] // 1000 if numbers else 0


def _tail(log, size: int = 16_384) -> str:
    log.seek(0, os.SEEK_END)
    log.seek(max(0, log.tell() - size))
    return log.read().decode(errors="replace")


def _end(child: subprocess.Popen) -> None:
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    if child.stdout:
        child.stdout.close()
    if child.stderr:
        child.stderr.close()
