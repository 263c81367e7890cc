"""Ends a launcher's children when the launcher is gone: `python -m deploy.watchdog FD MARK`."""

import os
import signal
import sys

from deploy.processes import end_marked


def main() -> None:
    reader, mark = int(sys.argv[1]), sys.argv[2]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # Nobody writes: reading returns only when the last writer has closed its end.
    os.read(reader, 1)
    end_marked(mark)


if __name__ == "__main__":
    main()
