"""A closed loop: as many connections as asked for, each sends when its last answer has come."""

import http.client
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

CONNECTIONS = 8


@dataclass
class Lane:
    """One connection and what it still has to send."""

    port: int
    waiting: list[dict]
    seconds: list[float] = field(default_factory=list)
    failure: str = ""
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.waiting.reverse()

    def send(self, count: int) -> None:
        """Send so many requests, one after the other; the time of each is kept."""
        for _each in range(count):
            asked = self.waiting.pop()
            body = asked.get("body")
            content = None if body is None else json.dumps(body)
            headers = {"Cookie": f"sessionid={asked['session']}"}
            if content:
                headers["Content-Type"] = "application/json"
            started = time.perf_counter()
            self.connection.request("POST" if content else "GET", asked["path"], content, headers)
            answer = self.connection.getresponse()
            said = answer.read()
            self.seconds.append(time.perf_counter() - started)
            if answer.status != 200:
                self.failure = f"{asked['path']} answered {answer.status}: {said[:300]!r}"
                return


def send_all(lanes: Sequence[Lane], count: int) -> list[float]:
    """Let every lane send so many at once; seconds of each request.

    Raises:
        RuntimeError: something was not answered with 200.
    """
    for lane in lanes:
        lane.seconds.clear()
    threads = [threading.Thread(target=lane.send, args=(count,)) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    failures = [lane.failure for lane in lanes if lane.failure]
    if failures:
        raise RuntimeError(failures[0])
    return [each for lane in lanes for each in lane.seconds]


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which so much of all lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
