"""Works that run at the same instant, each on a connection of its own."""

import threading
from collections.abc import Callable

from django.db import connections


def together(*works: Callable[[], object]) -> None:
    """Run at the same time; what one raises fails the test."""
    start, failures = threading.Barrier(len(works)), []

    def run(work):
        try:
            start.wait()
            work()
        except BaseException as error:  # noqa: BLE001 - told to the test
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
