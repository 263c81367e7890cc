"""Celery's broker for a machine without one: files in the data directory.

Kombu's filesystem transport, made safe where it is not: a message appears whole or not at all (it
is written aside and renamed; the stock transport lets a reader take a file that is still empty),
it is taken by a rename inside one file system, and a torn or foreign file is put aside instead of
ending the worker. A message that is lost all the same costs a delay, never a job: the job's row
decides (``school.core.jobs``).
"""

import json
import logging
import os
import time
import uuid
from pathlib import Path
from queue import Empty

from kombu.transport import filesystem
from kombu.utils.encoding import bytes_to_str, str_to_bytes
from kombu.utils.json import dumps, loads

logger = logging.getLogger(__name__)
EXCHANGE_TRIES = 20
EXCHANGE_PAUSE = 0.05


class Channel(filesystem.Channel):
    """A channel whose messages are written and taken by renaming."""

    def _put(self, queue, payload, **kwargs):
        folder = Path(self.data_folder_out)
        # Wall time, so that the order survives a restart of the machine.
        name = f"{time.time_ns():020d}_{uuid.uuid4()}.{queue}.msg"
        aside = folder / f"{name}.tmp"
        aside.write_bytes(str_to_bytes(dumps(payload)))
        aside.rename(folder / name)

    def _get(self, queue):
        folder = Path(self.data_folder_in)
        suffix = f".{queue}.msg"
        for name in sorted(n for n in os.listdir(folder) if self._is_of(n, suffix)):
            taken = folder / f"{name}.taken"
            try:
                (folder / name).rename(taken)
            except FileNotFoundError:
                continue  # another worker was quicker
            try:
                payload = loads(bytes_to_str(taken.read_bytes()))
            except ValueError:
                logger.exception("message %s is unreadable and was put aside", name)
                taken.rename(folder / f"{name}.broken")
                continue
            taken.unlink()
            return payload
        raise Empty

    @staticmethod
    def _is_of(name: str, suffix: str) -> bool:
        return name.endswith(suffix) and name.partition(".")[2] == suffix[1:]

    def get_table(self, exchange):
        # Another process may be writing the file for the first time: it is empty for a moment.
        for _ in range(EXCHANGE_TRIES):
            try:
                return super().get_table(exchange)
            except json.JSONDecodeError:
                time.sleep(EXCHANGE_PAUSE)
        return super().get_table(exchange)

    def _queue_bind(self, exchange, routing_key, pattern, queue):
        for _ in range(EXCHANGE_TRIES):
            try:
                return super()._queue_bind(exchange, routing_key, pattern, queue)
            except json.JSONDecodeError:
                time.sleep(EXCHANGE_PAUSE)
        return super()._queue_bind(exchange, routing_key, pattern, queue)


class Transport(filesystem.Transport):
    """The filesystem transport with the channel above."""

    Channel = Channel
