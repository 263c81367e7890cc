"""All figures, or one group: `python -m benchmarks [GROUP]`. One line of JSON each on stdout."""

import argparse
import contextlib
import http.client
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import hours, people, roster, signin, study, trail, tree, world
from benchmarks.counting import ANSWER, ASK
from deploy.leftovers import users_of
from deploy.processes import free_port
from deploy.steps import ROOT

ROUNDS = 6
REQUESTS = 40
WARM_UP = 15
PAGE_STATEMENTS = 20
SETUP_LIMIT_S = 600
RESTART_LIMIT_S = 15
STOP_SECONDS = 60
PAGES = (
    "courses.home",
    "courses.article",
    "courses.lesson",
    "quizzes.page",
    "search.page",
    "reports.board",
)


class Client:
    """A closed loop of one: the next request is sent when the last is answered."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, path: str, session: str, body: dict | None = None, *, count=False):
        headers = {"Cookie": f"sessionid={session}"}
        if count:
            headers[ASK] = "1"
        content = None
        if body is not None:
            content, headers["Content-Type"] = json.dumps(body), "application/json"
        self.connection.request("POST" if body is not None else "GET", path, content, headers)
        response = self.connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise RuntimeError(f"{path} answered {response.status}: {answer[:300]!r}")
        return response.headers, answer


def emit(name, value, unit, against, against_value, **conditions) -> None:
    """One figure as one line of JSON."""
    line = {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "against": against,
        "against_value": round(against_value, 3),
        "ratio": round(value / against_value, 3) if against_value else None,
        "conditions": {"cores": os.cpu_count(), "python": platform.python_version(), **conditions},
    }
    print(json.dumps(line, ensure_ascii=False), flush=True)


def interleaved(place: world.World, requests, bare, warm_up=WARM_UP) -> tuple[float, float]:
    """CPU milliseconds per request of two kinds of request, measured in turns.

    Args:
        requests, bare: functions of a number that send that many requests.
        warm_up: how many of each go before, uncounted.
    """
    requests(warm_up)
    bare(warm_up)
    totals = [0.0, 0.0]
    for _ in range(ROUNDS):
        for index, send in enumerate((requests, bare)):
            before = place.cpu_seconds()
            send(REQUESTS)
            totals[index] += place.cpu_seconds() - before
    count = ROUNDS * REQUESTS
    return totals[0] / count * 1000, totals[1] / count * 1000


def conditions(place: world.World, **more) -> dict:
    """Database and size of the school, and how busy the machine is with other work."""
    load = round(os.getloadavg()[0], 1)
    return {"database": place.name, **place.plan["size"], "load": load, **more}


def page(place: world.World, name: str) -> None:
    """CPU and statements of one page."""
    plan, client = place.plan, Client(place.port)
    path = plan["pages"][name]
    session = plan["secretary" if name.startswith("reports.") else "member"]

    def many(count):
        for _ in range(count):
            client.ask(path, session)

    def bare(count):
        for _ in range(count):
            client.ask(plan["bare"], session)

    value, other = interleaved(place, many, bare)
    about = conditions(place)
    emit(f"{name}.{place.name}", value, "ms CPU/request", "bare view", other, **about)
    headers, _page = client.ask(path, session, count=True)
    statements = int(headers[ANSWER].split("/")[0])
    limit = PAGE_STATEMENTS
    emit(f"{name}.{place.name}.queries", statements, "statements", "limit", limit, **about)


def setup_seconds() -> None:
    """A clean copy of the checkout: from nothing to the open demo school, and open once more.

    Raises:
        RuntimeError: it did not open, left a process behind, or did not find everything again.
    """
    with tempfile.TemporaryDirectory(prefix="school-setup-") as folder:
        clone = Path(folder) / "clone"
        subprocess.check_call(["git", "clone", "-q", str(ROOT), str(clone)])
        environment = {k: v for k, v in os.environ.items() if k not in (*world.SERVERS, "VENV")}
        environment |= {"DATA_DIR": f"{folder}/data", "PORT": str(free_port())}
        with demo(clone, environment) as seconds:
            before = demo_status(clone, environment)
        emit("demo.setup_s", seconds, "s", "limit", SETUP_LIMIT_S, database="sqlite")
        nothing_left(folder)
        with demo(clone, environment) as seconds:
            after = demo_status(clone, environment)
        emit("demo.restart_s", seconds, "s", "limit", RESTART_LIMIT_S, database="sqlite")
        nothing_left(folder)
    fewer = [k for k in ("ready", "total") if after["lessons"][k] < before["lessons"][k]]
    if fewer or not after["seeded"] or after["accounts"] != before["accounts"]:
        raise RuntimeError(f"the second start lost something: {before} became {after}")


@contextlib.contextmanager
def demo(clone: Path, environment: dict[str, str]) -> Iterator[float]:
    """The demo school, open; yields after how many seconds. Ctrl-C ends it.

    Raises:
        RuntimeError: it did not open.
    """
    started = time.monotonic()
    process = subprocess.Popen(
        ["make", "demo"],
        cwd=clone,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        open_now = False
        for line in process.stdout:
            print(line, end="", file=sys.stderr)
            if open_now := "网上党校已开放" in line:
                break
        if not open_now:
            raise RuntimeError("the demo did not open")
        yield time.monotonic() - started
    finally:
        # As a terminal does: to all of the group, the launcher among them.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=STOP_SECONDS)


def demo_status(clone: Path, environment: dict[str, str]) -> dict:
    """What the school in a clone says of its lessons and accounts."""
    command = [clone / ".venv/bin/python", "manage.py", "demo_status"]
    said = subprocess.check_output(command, cwd=clone, env=environment, text=True)
    return json.loads(said.splitlines()[-1])


def nothing_left(folder: str) -> None:
    """Raises RuntimeError when a process still works in the folder."""
    if left := users_of(folder):
        raise RuntimeError(f"left behind: {left}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("group", nargs="?", default="", help="e.g. study, courses, demo")
    group = parser.parse_args().group
    wanted = [name for name in PAGES if name.startswith(group)]
    if wanted:
        for name in world.names():
            with world.opened(name) as place:
                for figure in wanted:
                    page(place, figure)
    if hours.NAME.startswith(group):
        hours.measure(emit)
    if study.wanted(group):
        study.measure(emit, group)
    if roster.NAME.startswith(group):
        roster.measure(emit)
    if people.LIST.startswith(group) or people.SCOPE.startswith(group):
        people.measure(emit, interleaved, Client, group)
    if signin.NAME.startswith(group):
        signin.measure(emit)
    if tree.NAME.startswith(group):
        tree.measure(emit)
    if trail.wanted(group):
        trail.measure(emit)
    if any(name.startswith(group) for name in ("demo.setup_s", "demo.restart_s")):
        setup_seconds()
    return 0


if __name__ == "__main__":
    sys.exit(main())
