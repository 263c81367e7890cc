"""Taking in reports of study: both sinks against the bare view, eight connections, closed loop.

CPU is that of all processes that take part: the web server, for the buffered sink also the worker
that posts and Redis. Each round of reports is followed by one of bare views on the same server; a
round of the buffered sink ends when everything is in the database. The database server's own CPU
stands in the conditions. ``BENCH_STUDY_MEMBERS`` asks for fewer than 1,000,000 members.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

from benchmarks import world
from benchmarks.counting import ANSWER, ASK
from benchmarks.loop import CONNECTIONS, Lane, percentile, send_all
from deploy.processes import free_port
from deploy.steps import ROOT

NAMES = (
    "study.report.direct",
    "study.report.buffered",
    "study.report.p95",
    "study.report.scale",
    "study.parallel_tabs",
    "study.storage",
)
FEW, MANY = 1_000, int(os.environ.get("BENCH_STUDY_MEMBERS", "1000000"))
ROUNDS, WARM_UP, PER_LANE = 6, 40, 100
STATEMENTS = 9
LIMITS = {"direct": (2.0, 4.0), "buffered": (0.7, 1.2)}
P95_RATIO, SCALE_RATIO = 1.8, 1.3
DRAINED_SECONDS, READY_SECONDS = 60, 180
SHARDS = 64  # as many as any school has


def wanted(group: str) -> bool:
    """Whether a group of figures takes in these."""
    return any(name.startswith(group) for name in NAMES)


def measure(emit: Callable, group: str) -> None:
    """Print the figures of both worlds."""
    for name in world.names():
        with world.empty(name) as place:
            place.python("-m", "benchmarks.study_rows", "fill", str(FEW))
            if "study.storage".startswith(group):
                storage(emit, place)
            if "study.parallel_tabs".startswith(group):
                parallel_tabs(emit, place)
            if any(each.startswith(group) for each in NAMES[:4]):
                reports(emit, place, group)


def sinks(place: world.World) -> list[str]:
    """The sinks that this world can have."""
    return (
        ["direct", "buffered"]
        if os.environ.get("REDIS_URL") and place.name != "sqlite"
        else ["direct"]
    )


# -- servers -------------------------------------------------------------------------------------


@dataclass
class Server:
    """A web server on one sink and, for the buffered one, the worker that posts."""

    place: world.World
    sink: str
    port: int = 0
    processes: list[subprocess.Popen] = field(default_factory=list)

    def cpu(self) -> float:
        """Seconds of CPU of all that take part, so far."""
        seconds = sum(tree_seconds(process.pid) for process in self.processes)
        if self.sink == "buffered":
            used = self.redis().info("cpu")
            seconds += used["used_cpu_user"] + used["used_cpu_sys"]
        return seconds

    def redis(self):
        import redis

        return redis.Redis.from_url(self.place.environment["STUDY_REDIS_URL"])

    def settled(self) -> None:
        """Wait until nothing waits any more.

        Raises:
            RuntimeError: it takes too long.
        """
        if self.sink != "buffered":
            return
        client, until = self.redis(), time.monotonic() + DRAINED_SECONDS
        while any(client.zcard(f"study:d:{number}") for number in range(SHARDS)):
            if time.monotonic() > until:
                raise RuntimeError("the queue was not drained")
            time.sleep(0.1)


def tree_seconds(pid: int) -> float:
    """CPU of a process, its children, and those of them that have ended."""
    total = 0.0
    root = psutil.Process(pid)
    for process in [root, *root.children(recursive=True)]:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


@contextlib.contextmanager
def serving(place: world.World, sink: str):
    """Start what a sink needs; gone afterwards."""
    server = Server(place, sink, free_port())
    environment = {**place.environment, "STUDY_SINK": sink}
    gunicorn = [sys.executable, "-m", "gunicorn", "school.wsgi:application"]
    gunicorn += ["--bind", f"127.0.0.1:{server.port}", "--workers", "1", "--threads", "4"]
    gunicorn += ["--worker-class", "gthread", "--keep-alive", "60", "--no-control-socket"]
    commands = [[*gunicorn, "--log-level", "warning"]]
    if sink == "buffered":
        server.redis().flushdb()
        celery = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "school",
            "-q",
            "worker",
            "-B",
            "-Q",
            "study",
        ]
        celery += ["-c", "1", "--without-mingle", "--without-gossip", "--without-heartbeat"]
        commands.append([*celery, "-s", str(place.data_dir / "beat"), "--loglevel", "WARNING"])
    try:
        for command in commands:
            server.processes.append(
                subprocess.Popen(command, cwd=ROOT, env=environment, stdout=sys.stderr)
            )
        answer(server.port)
        yield server
    finally:
        for process in server.processes:
            process.terminate()
        for process in server.processes:
            process.wait()


def answer(port: int) -> None:
    """Wait until a server answers.

    Raises:
        RuntimeError: it does not.
    """
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/", timeout=5).close()
            return
        time.sleep(0.2)
    raise RuntimeError("the server did not answer")


def database_seconds(place: world.World) -> float:
    """CPU of the database server's processes; 0 where it is a library."""
    if place.name == "sqlite":
        return 0.0
    import psycopg

    with psycopg.connect(place.environment["DATABASE_URL"]) as connection:
        pid = connection.execute("SELECT pg_backend_pid()").fetchone()[0]
        return tree_seconds(psutil.Process(pid).ppid())


# -- figures -------------------------------------------------------------------------------------


@dataclass
class Side:
    """What one kind of request has cost."""

    cpu: float = 0.0
    database: float = 0.0
    count: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def ms(self) -> float:
        return self.cpu / self.count * 1000

    @property
    def whole_ms(self) -> float:
        return (self.cpu + self.database) / self.count * 1000

    @property
    def p95(self) -> float:
        return percentile(self.seconds, 0.95) * 1000


def compared(server: Server, size: int) -> tuple[Side, Side]:
    """Reports and bare views in turns; what each has cost."""
    plan = json.loads(
        server.place.python("-m", "benchmarks.study_rows", "plan", f"{server.sink} {size}")
    )
    lanes = [[Lane(server.port, waiting) for waiting in plan[kind]] for kind in ("reports", "bare")]
    for kind in lanes:
        send_all(kind, WARM_UP)
    server.settled()
    sides = Side(), Side()
    for _round in range(ROUNDS):
        for side, kind in zip(sides, lanes, strict=True):
            before = server.cpu(), database_seconds(server.place)
            side.seconds += send_all(kind, PER_LANE)
            server.settled()
            side.cpu += server.cpu() - before[0]
            side.database += database_seconds(server.place) - before[1]
            side.count += CONNECTIONS * PER_LANE
    return sides


def reports(emit: Callable, place: world.World, group: str) -> None:
    """Cost, latency and growth of taking in a report, of each sink."""
    costs: dict[tuple[str, int], tuple[Side, Side]] = {}
    scale = "study.report.scale".startswith(group)
    for size in (FEW, MANY) if scale and MANY > FEW else (FEW,):
        place.python("-m", "benchmarks.study_rows", "fill", str(size))
        for sink in sinks(place):
            with serving(place, sink) as server:
                costs[sink, size] = compared(server, size)
                told(emit, server, size, *costs[sink, size])
                if sink == "direct" and size == FEW:
                    statements(emit, server)
    for sink in sinks(place) if (sinks(place)[0], MANY) in costs and MANY > FEW else []:
        few, many = costs[sink, FEW][0], costs[sink, MANY][0]
        about = conditions(place, members=MANY, limit_ratio=SCALE_RATIO)
        against = f"the same with {FEW} members, database's CPU included"
        name = f"study.report.scale.{sink}.{place.name}"
        emit(name, many.whole_ms, "ms CPU/report", against, few.whole_ms, **about)


def told(emit: Callable, server: Server, size: int, mine: Side, bare: Side) -> None:
    """Print cost and latency of a sink at one size of the school."""
    place, sink = server.place, server.sink
    about = conditions(place, members=size)
    about |= {
        "database_ms": round(mine.database / mine.count * 1000, 3),
        "bare_database_ms": round(bare.database / bare.count * 1000, 3),
        "limit_ratio": LIMITS[sink][0],
        "limit_ms": LIMITS[sink][1],
    }
    variant = f"{sink}.{place.name}" + ("" if size == FEW else ".large")
    emit(f"study.report.{variant}", mine.ms, "ms CPU/report", "bare view", bare.ms, **about)
    about = conditions(place, members=size, limit_ratio=P95_RATIO)
    emit(f"study.report.p95.{variant}", mine.p95, "ms", "bare view", bare.p95, **about)


def statements(emit: Callable, server: Server) -> None:
    """SQL statements of one usual report."""
    plan = json.loads(server.place.python("-m", "benchmarks.study_rows", "plan", "statements"))
    lane = plan["reports"][0]
    first = [each for each in lane if each["session"] == lane[0]["session"]][:3]
    for each in first:
        request = urllib.request.Request(
            f"http://127.0.0.1:{server.port}{each['path']}",
            json.dumps(each["body"]).encode(),
            {
                "Cookie": f"sessionid={each['session']}",
                "Content-Type": "application/json",
                ASK: "1",
            },
        )
        with urllib.request.urlopen(request, timeout=30) as reply:
            own = int(reply.headers[ANSWER].split("/")[1])
    emit(
        f"study.report.direct.{server.place.name}.queries",
        own,
        "statements besides session, user and transaction control",
        "limit",
        STATEMENTS,
        **conditions(server.place),
    )


def parallel_tabs(emit: Callable, place: world.World) -> None:
    """Eight pages of one member at once: every beat must be stored and counted."""
    for sink in sinks(place):
        with serving(place, sink) as server:
            plan = json.loads(place.python("-m", "benchmarks.study_rows", "tabs", sink))
            beats = len(plan["lanes"][0])
            took = send_all([Lane(server.port, waiting) for waiting in plan["lanes"]], beats)
            server.settled()
        got = json.loads(place.python("-m", "benchmarks.study_rows", "counted", sink))
        about = conditions(
            place, stored=got["stored"], p95_ms=round(percentile(took, 0.95) * 1000, 1)
        )
        name = f"study.parallel_tabs.{sink}.{place.name}"
        emit(name, got["credited"], "beats counted", "beats sent", got["beats"], **about)


def storage(emit: Callable, place: world.World) -> None:
    """Bytes on disk that an hour of watching leaves, indexes and all."""
    got = json.loads(place.python("-m", "benchmarks.study_rows", "storage"))
    about = conditions(place, hours=got["hours"], reports_per_hour=120)
    against = "its stretches as JSON text, without any table"
    name = f"study.storage.{place.name}"
    emit(name, got["bytes"], "bytes/watched hour", against, got["json"], **about)


def conditions(place: world.World, **more) -> dict:
    """Database, connections, and how busy the machine is with other work."""
    load = round(os.getloadavg()[0], 1)
    return {"database": place.name, "connections": CONNECTIONS, "load": load, **more}
