"""The file broker delivers each message once, whole, and only to its queue."""

import contextlib
import multiprocessing
from pathlib import Path

import pytest
from kombu import Connection

pytestmark = pytest.mark.pure
MESSAGES = 60
PATIENCE = 60  # seconds that another process may take before it counts as hanging


def connect(folder: Path) -> Connection:
    messages, control = folder / "messages", folder / "control"
    messages.mkdir(exist_ok=True, parents=True)
    control.mkdir(exist_ok=True)
    return Connection(
        "filesystem://",
        transport="school.core.broker:Transport",
        transport_options={
            "data_folder_in": str(messages),
            "data_folder_out": str(messages),
            "control_folder": str(control),
            "polling_interval": 0.05,
        },
    )


def send(folder: Path, queue: str, numbers: range) -> None:
    with connect(folder) as connection:
        box = connection.SimpleQueue(queue)
        for number in numbers:
            box.put({"number": number, "padding": "党" * 2000})
        box.close()


def receive(folder: Path, queue: str, results, over) -> None:
    with connect(folder) as connection:
        box = connection.SimpleQueue(queue)
        while not over.is_set():
            with contextlib.suppress(box.Empty):
                message = box.get(timeout=0.2)
                results.put(message.payload["number"])
                message.ack()
        box.close()


def test_each_message_arrives_once_while_others_write_and_read(tmp_path):
    context = multiprocessing.get_context("fork")
    results, over = context.Queue(), context.Event()
    reading = (tmp_path, "default", results, over)
    readers = [context.Process(target=receive, args=reading) for _ in "12"]
    halves = (range(MESSAGES // 2), range(MESSAGES // 2, MESSAGES))
    writers = [context.Process(target=send, args=(tmp_path, "default", half)) for half in halves]
    for process in readers + writers:
        process.start()
    got = sorted(results.get(timeout=PATIENCE) for _ in range(MESSAGES))
    over.set()
    for process in readers + writers:
        process.join(PATIENCE)
        assert process.exitcode == 0
    assert got == list(range(MESSAGES))
    assert results.empty()


def test_a_queue_gives_only_its_own_messages_in_order(tmp_path):
    send(tmp_path, "video", range(3))
    send(tmp_path, "fast", range(10, 13))
    with connect(tmp_path) as connection:
        box = connection.SimpleQueue("fast")
        assert [box.get(timeout=PATIENCE).payload["number"] for _ in range(3)] == [10, 11, 12]
        with pytest.raises(box.Empty):
            box.get(block=False)


def test_a_torn_file_is_put_aside_and_the_next_message_delivered(tmp_path):
    with connect(tmp_path) as connection:
        # Kombu remembers declared queues by process, so each test has queues of its own.
        box = connection.SimpleQueue("torn")
        (tmp_path / "messages" / f"{0:020d}_torn.torn.msg").write_text('{"half')
        box.put({"number": 1})
        assert box.get(timeout=PATIENCE).payload["number"] == 1
    assert [p.suffix for p in (tmp_path / "messages").glob("*_torn*")] == [".broken"]
