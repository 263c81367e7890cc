"""Where the school is to listen, and whether it can: `python3 -m deploy.port`.

Standard library only, for any Python 3: `make demo` asks before it installs anything.
"""

import errno
import os
import socket
import sys

from deploy.steps import Failed


def chosen_port() -> int:
    """PORT as a number.

    Raises:
        Failed: it is none.
    """
    value = os.environ.get("PORT", "").strip() or "8000"
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise Failed(f"PORT={value} 不是有效的端口号，请改为 1024 到 65535 之间的数字。")
    return int(value)


def chosen_address() -> str:
    """BIND, else this machine alone."""
    return os.environ.get("BIND", "").strip() or "127.0.0.1"


def check_port(address: str, port: int) -> None:
    """Refuse an occupied or forbidden port before anything else is done.

    Raises:
        Failed: the server could not listen there.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise Failed(
                    f"端口 {port} 已被占用，请先停止占用它的程序，"
                    f"或换一个：PORT={port + 1} make demo"
                ) from error
            raise Failed(f"不能在 {address}:{port} 上监听：{error.strerror}。") from error


def main() -> int:
    try:
        check_port(chosen_address(), chosen_port())
    except Failed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
