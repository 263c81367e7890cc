"""A school to measure: its own data directory and database, one web server with one worker."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from deploy.processes import free_port
from deploy.steps import ROOT

SEED = os.environ.get("BENCH_SEED", "--members 200")
DATABASE = "school_bench"
SERVERS = ("DATABASE_URL", "REDIS_URL", "ELASTICSEARCH_URL")
READY_SECONDS = 60


@dataclass
class World:
    """One of the two worlds, prepared and serving."""

    name: str
    environment: dict[str, str]
    data_dir: Path
    plan: dict = field(default_factory=dict)
    port: int = 0
    process: subprocess.Popen | None = None

    def python(self, *arguments: str) -> str:
        """Run a Python command in this world; its standard output."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)} failed in {self.name}")
        return done.stdout

    def cpu_seconds(self) -> float:
        """CPU time the server's processes have used so far (user and system)."""
        server = psutil.Process(self.process.pid)
        total = 0.0
        for process in [server, *server.children(recursive=True)]:
            times = process.cpu_times()
            total += times.user + times.system
        return total


def names() -> list[str]:
    """The worlds that can be measured here."""
    real = all(os.environ.get(name) for name in SERVERS)
    return ["sqlite", "postgres"] if real else ["sqlite"]


@contextlib.contextmanager
def opened(name: str):
    """A world with a seeded school behind a server, gone afterwards."""
    with empty(name) as world:
        seed(world)
        world.plan = json.loads(world.python("-m", "benchmarks.plan"))
        world.python("manage.py", "search_rebuild")
        serve(world)
        yield world


@contextlib.contextmanager
def empty(name: str):
    """A world with nothing but its schema, gone afterwards, and with it a server started there."""
    folder = Path(tempfile.mkdtemp(prefix=f"school-bench-{name}-"))
    world = World(name, environment(name, folder), folder)
    drop = f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)"
    try:
        if name == "postgres":
            sql(drop, f"CREATE DATABASE {DATABASE}")
        world.python("manage.py", "migrate", "--verbosity", "0")
        yield world
    finally:
        if world.process:
            world.process.terminate()
            world.process.wait()
        if name == "postgres":
            sql(drop)
        shutil.rmtree(folder, ignore_errors=True)


def environment(name: str, folder: Path) -> dict[str, str]:
    values = {k: v for k, v in os.environ.items() if k not in SERVERS}
    values |= {"DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "benchmarks.settings"}
    if name == "postgres":
        values["DATABASE_URL"] = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{DATABASE}"
        redis = os.environ["REDIS_URL"].rpartition("/")[0]
        values["REDIS_URL"], values["CELERY_BROKER_URL"] = f"{redis}/4", f"{redis}/5"
        values["STUDY_REDIS_URL"] = f"{redis}/6"
        values["ELASTICSEARCH_URL"] = os.environ["ELASTICSEARCH_URL"]
        values["ELASTICSEARCH_PREFIX"] = "school-bench"
    return values


def sql(*statements: str) -> None:
    import psycopg

    address = os.environ["DATABASE_URL"].rpartition("/")[0] + "/postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def seed(world: World) -> None:
    """Static files, the demo content, and every job it queued, run to its end."""
    told = sys.stderr
    print(f"[{world.name}] seeding …", file=told, flush=True)
    if world.name == "sqlite":
        world.python("manage.py", "createcachetable")
    world.python("manage.py", "collectstatic", "--no-input", "--verbosity", "0")
    world.python("manage.py", "seed", *SEED.split())


def serve(world: World) -> None:
    """Start gunicorn with one worker and wait for it."""
    world.port = free_port()
    world.process = subprocess.Popen(
        [
            *[sys.executable, "-m", "gunicorn", "school.wsgi:application"],
            *["--bind", f"127.0.0.1:{world.port}", "--workers", "1", "--threads", "2"],
            *["--worker-class", "gthread", "--keep-alive", "60", "--no-control-socket"],
            *["--log-level", "warning"],
        ],
        cwd=ROOT,
        env=world.environment,
        stdout=sys.stderr,
    )
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{world.port}/health/", timeout=5).close()
            return
        time.sleep(0.2)
    raise RuntimeError("the server did not answer")
