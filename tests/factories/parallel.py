"""Works that run at the same instant, each on a connection of its own."""

import multiprocessing
import threading
import traceback
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


def in_processes(*works: Callable[[], object]) -> None:
    """Run at once in forked processes, like web workers; what one raises fails the test."""
    connections.close_all()  # none survives a fork
    fork = multiprocessing.get_context("fork")
    start, failures = fork.Barrier(len(works)), fork.SimpleQueue()

    def run(work):
        try:
            start.wait()
            work()
        except BaseException:
            failures.put(traceback.format_exc())
            raise
        finally:
            connections.close_all()

    workers = [fork.Process(target=run, args=(work,)) for work in works]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures.empty(), failures.get()
    assert [worker.exitcode for worker in workers] == [0] * len(works)
