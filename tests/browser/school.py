"""The school under the browser tests: seeded once, copied, started by the launcher."""

import contextlib
import itertools
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from deploy.processes import free_port
from deploy.steps import ROOT, digest, done, mark

SEED_SECONDS = 900
START_SECONDS = 240
STOP_SECONDS = 90
# The demo school with fewer people and films of some seconds.
SEED_OPTIONS = os.environ.get("BROWSER_SEED", "--small")
SEEDING_CODE = ("school", "courses", "media", "search", "quizzes")
SEEDING_FILES = {".py", ".md", ".json"}

# Schools that run side by side must not empty each other's queues: each takes the next pair of
# databases. The other tests have theirs beyond these (school/settings/test.py).
REDIS_PAIRS = itertools.cycle(range(2, 16, 2))

# Runs what it is given line by line, so that a look at the truth does not cost a start of Django.
INTERPRETER = """
import contextlib, io, json, sys, traceback
import django
django.setup()
from django.db import connections
for line in sys.stdin:
    printed, well = io.StringIO(), True
    try:
        with contextlib.redirect_stdout(printed):
            exec(json.loads(line), {})
    except Exception:
        well = False
        printed.write(traceback.format_exc())
    connections.close_all()
    print(json.dumps([well, printed.getvalue()]), flush=True)
"""


@dataclass
class World:
    """What the servers of this run are: nothing (embedded), or real ones with names of our own."""

    name: str
    environment: dict[str, str] = field(default_factory=dict)


@dataclass
class Running:
    """A school that answers at ``address``."""

    address: str
    data_dir: Path
    environment: dict[str, str]
    process: subprocess.Popen
    log: Path
    interpreter: subprocess.Popen | None = None

    def manage(self, *arguments: str) -> str:
        """Run a manage.py command on this school's data; returns what it printed.

        Raises:
            AssertionError: it failed.
        """
        finished = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished.stdout

    def python(self, code: str) -> str:
        """Run Python with this school's models loaded (a test's way to look at the truth).

        Raises:
            AssertionError: it failed.
        """
        if self.interpreter is None:
            self.interpreter = subprocess.Popen(
                [sys.executable, "-c", INTERPRETER],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        self.interpreter.stdin.write(json.dumps(code) + "\n")
        self.interpreter.stdin.flush()
        well, printed = json.loads(self.interpreter.stdout.readline())
        assert well, printed
        return printed.strip()

    def facts(self, code: str):
        """What this Python leaves in ``found``, as JSON carries it."""
        return json.loads(self.python(f"import json\n{code}\nprint(json.dumps(found))"))

    def restart(self) -> None:
        """Stop the launcher in order and start it again on the same data and port."""
        stop(self)
        self.log.unlink()
        self.process = start(self.environment, self.log, seed=None).process
        wait_for(self, "网上党校已开放", START_SECONDS)


def real_servers() -> bool:
    return bool(os.environ.get("DATABASE_URL"))


def environment(data_dir: Path, database: str) -> dict[str, str]:
    """The environment of a school in this folder; on real servers with a database, Redis databases
    and an index prefix that no other running school uses."""
    values = {
        **os.environ,
        "DATA_DIR": str(data_dir),
        "PORT": str(free_port()),
        "DJANGO_SETTINGS_MODULE": "tests.browser.settings",
        "PYTHONUNBUFFERED": "1",
    }
    values.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
    if real_servers():
        values["DATABASE_URL"] = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{database}"
        redis = os.environ["REDIS_URL"].rpartition("/")[0]
        pair = next(REDIS_PAIRS)
        values["REDIS_URL"] = f"{redis}/{pair}"
        values["CELERY_BROKER_URL"] = f"{redis}/{pair + 1}"
        values["ELASTICSEARCH_PREFIX"] = database.replace("_", "-")
    return values


def sql(*statements: str) -> None:
    """Run statements on the real server, outside any database of the school."""
    import psycopg

    address = os.environ["DATABASE_URL"].rpartition("/")[0] + "/postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def empty_redis(values: dict[str, str]) -> None:
    import redis

    for name in ("REDIS_URL", "CELERY_BROKER_URL"):
        with redis.Redis.from_url(values[name]) as client:
            client.flushdb()


def template_key() -> str:
    """Changes whenever the code that seeds does."""
    folders = [ROOT / folder for folder in SEEDING_CODE]
    files = [p for f in folders for p in sorted(f.rglob("*")) if p.suffix in SEEDING_FILES]
    return digest(SEED_OPTIONS, os.environ.get("DATABASE_URL", ""), *files)


def seeded_template() -> Path:
    """A stopped school with all its videos encoded and everything indexed."""
    folder = ROOT / "build" / ("browser-services" if real_servers() else "browser")
    stamp = folder / "stamp"
    key = template_key()
    data_dir = folder / "data"
    if done(stamp, key):
        return data_dir
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    values = environment(data_dir, "school_template")
    if real_servers():
        sql(
            "DROP DATABASE IF EXISTS school_template WITH (FORCE)",
            "CREATE DATABASE school_template",
        )
        empty_redis(values)
    running = start(values, folder / "launcher.log", seed=SEED_OPTIONS)
    try:
        wait_for(running, "后台任务全部", SEED_SECONDS)
        wait_for(running, "网上党校已开放", START_SECONDS)
        printed = running.log.read_text(errors="replace")
        assert "后台任务全部完成" in printed, printed[-4000:]
    finally:
        stop(running)
    mark(stamp, key)
    return data_dir


@contextlib.contextmanager
def copy_of_template(template: Path, folder: Path):
    """A running copy of the template, gone afterwards."""
    data_dir = folder / "data"
    copy_folder(template, data_dir)
    database = f"school_{secrets.token_hex(4)}"
    values = environment(data_dir, database)
    if real_servers():
        sql(f"CREATE DATABASE {database} TEMPLATE school_template")
        empty_redis(values)
        rebuild_index(values)
    running = start(values, folder / "launcher.log", seed=None)
    try:
        wait_for(running, "网上党校已开放", START_SECONDS)
        yield running
    finally:
        stop(running)
        if real_servers():
            sql(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
            drop_index(values)
        shutil.rmtree(data_dir, ignore_errors=True)


def copy_folder(source: Path, target: Path) -> None:
    """Copy a data directory; published videos never change, so they are linked."""
    target.mkdir(parents=True, mode=0o700)
    for entry in source.iterdir():
        if entry.name in {"logs", "broker", "run.lock"}:
            continue
        copy = os.link if entry.name in {"videos", "static"} else shutil.copy2
        if entry.is_dir():
            shutil.copytree(entry, target / entry.name, copy_function=copy, symlinks=True)
        else:
            shutil.copy2(entry, target / entry.name)


def rebuild_index(values: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "search_rebuild"],
        cwd=ROOT,
        env=values,
        check=True,
        capture_output=True,
    )


def drop_index(values: dict[str, str]) -> None:
    from elasticsearch import Elasticsearch

    with Elasticsearch(values["ELASTICSEARCH_URL"]) as client:
        found = client.indices.get(index=f"{values['ELASTICSEARCH_PREFIX']}*")
        for name in list(found):
            client.indices.delete(index=name)


def start(values: dict[str, str], log: Path, *, seed: str | None) -> Running:
    """Start the launcher; it is not awaited."""
    command = [sys.executable, "-m", "deploy.run"]
    command += ["--no-seed"] if seed is None else [f"--seed={seed}"]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=values,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{values['PORT']}"
    return Running(address, Path(values["DATA_DIR"]), values, process, log)


def wait_for(running: Running, words: str, seconds: float) -> None:
    """Wait until the launcher has printed these words.

    Raises:
        AssertionError: it ended, or did not print them in time.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        printed = running.log.read_text(errors="replace")
        if words in printed:
            return
        assert running.process.poll() is None, f"the launcher ended:\n{printed[-4000:]}"
        time.sleep(0.2)
    raise AssertionError(f"no {words!r} within {seconds} s:\n{printed[-4000:]}{logs(running)}")


def logs(running: Running) -> str:
    """The ends of the programs' logs, for a failing test."""
    parts = []
    for path in sorted((running.data_dir / "logs").glob("*.log")):
        parts.append(f"\n--- {path.name}\n{path.read_text(errors='replace')[-1500:]}")
    return "".join(parts)


def stop(running: Running) -> None:
    """Stop the launcher in order; insist if it does not."""
    if running.interpreter:
        running.interpreter.stdin.close()
        running.interpreter.wait(STOP_SECONDS)
        running.interpreter = None
    running.process.send_signal(signal.SIGTERM)
    try:
        running.process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        # The watchdog ends its children.
        running.process.kill()
        running.process.wait()
        raise
