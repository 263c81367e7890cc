"""Name and end the processes that still work in a folder: `python -m deploy.leftovers FOLDER`.

Ends 1 when there was one: whoever ran before should have left none.
"""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path


def users_of(folder: str) -> "dict[int, str]":
    """Processes whose command, environment or working folder names the folder."""
    found = {}
    own = {os.getpid(), os.getppid()}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) in own:
            continue
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_bytes()
            if not command:
                continue
            told = command + (entry / "environ").read_bytes()
            if f"{folder}/data".encode() in told or f"{folder}/venv".encode() in command:
                found[int(entry.name)] = command.replace(b"\0", b" ").decode(errors="replace")[:200]
    return found


def main() -> int:
    folder = sys.argv[1]
    time.sleep(1)
    # The shell that runs this carries the folder in its environment; it is our parent.
    found = users_of(folder)
    for pid, command in found.items():
        print(f"left behind: {pid} {command}")
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
