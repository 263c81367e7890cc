"""Child processes that cannot outlive their launcher, whatever happens to it.

Every child runs in a session of its own and carries a mark in its environment, which its own
children inherit. A watchdog holds the other end of a pipe: when the launcher dies, however it
dies, the pipe closes and the watchdog ends everything that bears the mark.
"""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

MARK = "SCHOOL_RUN"
GRACE_SECONDS = 8.0
LONGEST_PAUSE = 30.0


def marked(mark: str) -> list[int]:
    """Process ids whose environment carries the mark (Linux's /proc)."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0") and not is_zombie(entry):
                found.append(int(entry.name))
    return found


def is_zombie(entry: Path) -> bool:
    """Whether a /proc entry is only waiting to be reaped."""
    return entry.joinpath("stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z"


def end_marked(mark: str) -> None:
    """Kill all that bear the mark, again until none is left (a child may be starting one)."""
    for _ in range(50):
        pids = marked(mark)
        if not pids:
            return
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)


def free_port() -> int:
    """A loopback port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Child:
    """One long-running program: how it is started, stopped, and started again when it dies."""

    name: str
    command: list[str]
    log: Path
    # Signals in the order they are sent, each with the seconds given before the next.
    stop_signals: tuple[tuple[int, float], ...] = ((signal.SIGTERM, GRACE_SECONDS),)
    process: subprocess.Popen | None = field(default=None, init=False)
    failures: int = field(default=0, init=False)
    not_before: float = field(default=0.0, init=False)
    started: float = field(default=0.0, init=False)

    def start(self, environment: dict[str, str], folder: Path) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=environment,
                start_new_session=True,
            )
        self.started = time.monotonic()

    def dead(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def signal(self, number: int) -> None:
        if self.process and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, number)


class Family:
    """All children of one launcher."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.mark = secrets.token_hex(8)
        self.environment = {**environment, MARK: self.mark}
        self.folder = folder
        self.children: list[Child] = []
        self._watchdog()

    def _watchdog(self) -> None:
        reader, self._writer = os.pipe()
        environment = {k: v for k, v in os.environ.items() if k != MARK}
        self.watchdog = subprocess.Popen(
            [sys.executable, "-S", "-m", "deploy.watchdog", str(reader), self.mark],
            pass_fds=[reader],
            env=environment,
            cwd=Path(__file__).resolve().parents[1],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
        )
        os.close(reader)

    def add(self, child: Child) -> None:
        child.start(self.environment, self.folder)
        self.children.append(child)

    def call(self, command: list[str]) -> int:
        """Run one command to its end under the mark, its output on ours."""
        return subprocess.call(
            command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL
        )

    def tend(self) -> list[Child]:
        """Start again what has died, pausing longer each time; returns what was found dead."""
        found = []
        now = time.monotonic()
        for child in self.children:
            if not child.dead():
                continue
            if child.not_before == 0.0:
                steady = now - child.started > LONGEST_PAUSE
                child.failures = 1 if steady else child.failures + 1
                child.not_before = now + min(LONGEST_PAUSE, 2.0 ** (child.failures - 1))
                found.append(child)
            if now >= child.not_before:
                child.not_before = 0.0
                child.start(self.environment, self.folder)
        return found

    def stop(self) -> None:
        """Ask all to end, insist, and leave nothing behind."""
        rounds = max((len(child.stop_signals) for child in self.children), default=0)
        for number in range(rounds):
            waiting = [c for c in self.children if not c.dead() and number < len(c.stop_signals)]
            patience = max((c.stop_signals[number][1] for c in waiting), default=0.0)
            for child in waiting:
                child.signal(child.stop_signals[number][0])
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline and not all(c.dead() for c in self.children):
                time.sleep(0.05)
        end_marked(self.mark)
        for child in self.children:
            if child.process:
                child.process.wait()
        os.close(self._writer)
        self.watchdog.wait()
