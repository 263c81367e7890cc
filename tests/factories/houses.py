"""A whole school in a process of its own, started with variables as a host sets them."""

import contextlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import requests
from django.db import connection

from deploy.processes import free_port
from deploy.steps import ROOT

START_SECONDS = 120
SERVERS = ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "ELASTICSEARCH_URL")


@dataclass
class House:
    """A school that answers at ``address`` on a database of its own."""

    address: str
    environment: dict[str, str]

    def facts(self, code: str):
        """What this Python leaves in ``found``, run in the school, as JSON carries it."""
        done = subprocess.run(
            [sys.executable, "-c", f"{SETUP}\n{code}\nprint('\\n' + json.dumps(found))"],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def rows(self, statement: str) -> list[tuple]:
        """What a statement reads from the school's database."""
        file = Path(self.environment["DATA_DIR"]) / "school.sqlite3"
        with contextlib.closing(sqlite3.connect(file)) as database:
            return database.execute(statement).fetchall()

    def visitor(self) -> "Visitor":
        """Somebody with a browser of his own."""
        return Visitor(self)


class Visitor(requests.Session):
    """A browser without scripts: keeps cookies, sends the CSRF token, follows redirects."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self.house = house
        self.trust_env = False

    def look(self, path: str) -> requests.Response:
        """GET a page of the school."""
        return self.get(self.house.address + path, timeout=60)

    def submit(self, path: str, **values: str) -> requests.Response:
        """POST a form of the school."""
        page = self.look(path).text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page).group(1)
        values["csrfmiddlewaretoken"] = token
        return self.post(self.house.address + path, data=values, timeout=60)


SETUP = "import json, django; django.setup()"


@contextlib.contextmanager
def opened(folder: Path, **variables: str) -> Iterator[House]:
    """A school in a folder, migrated and serving; gone afterwards."""
    environment = {k: v for k, v in os.environ.items() if k not in SERVERS}
    environment |= {
        "DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "school.settings.development",
        "PYTHONUTF8": "1",
        "DEBUG": "1",  # styles straight from the source, none collected
        **variables,
    }
    _lend_tables(folder)
    for command in (["migrate", "--verbosity", "0"], ["createcachetable"]):
        subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True
        )
    port = free_port()
    house = House(f"http://localhost:{port}", environment)
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            _wait(house, process)
            yield house
        finally:
            process.terminate()
            process.wait()


def _lend_tables(folder: Path) -> None:
    """The tables of the tests' own database, where that is a file: a minute less of migrations."""
    if connection.vendor == "sqlite":
        with (
            contextlib.closing(sqlite3.connect(connection.settings_dict["NAME"])) as source,
            contextlib.closing(sqlite3.connect(folder / "school.sqlite3")) as target,
        ):
            source.backup(target)


def _wait(house: House, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{house.address}/health/", timeout=5).close()
            return
        time.sleep(0.2)
    raise AssertionError("the school did not start")
