"""A Redis of its own for development, appending every write to disk."""

import shutil
import signal
import socket
from pathlib import Path

from deploy.processes import free_port

NAME = "Redis"
VARIABLE = "REDIS_URL"
_port = 0


def lacking() -> list[str]:
    return [] if shutil.which("redis-server") else ["redis-server"]


def prepare(host) -> None:
    """Make its folder; choose a port for this start."""
    global _port
    _port = free_port()
    folder: Path = host.folder / "redis"
    folder.mkdir(exist_ok=True, mode=0o700)
    host.give(folder)


def command(host) -> tuple[list, dict[str, str], int]:
    """Command, environment and stop signal."""
    options = {
        "bind": "127.0.0.1",
        "port": str(_port),
        "dir": str(host.folder / "redis"),
        "appendonly": "yes",
        # The tests give each school they start, and each of their processes, databases of its own.
        "databases": "64",
        "daemonize": "no",
        "maxmemory-policy": "noeviction",
    }
    arguments = ["redis-server"]
    for name, value in options.items():
        arguments += [f"--{name}", value]
    return arguments, {}, signal.SIGTERM


def url(host) -> str:
    return f"redis://127.0.0.1:{_port}/0"


def ready(host) -> bool:
    """Whether it answers PING (while it loads its file it answers an error)."""
    try:
        with socket.create_connection(("127.0.0.1", _port), timeout=2) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False
