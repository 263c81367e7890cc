"""What every test runs under: profiles, loopback only, and a plain word on what is lacking."""

import ipaddress
import os
import shutil
import socket
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

from tests.factories.directories import slapd

settings.register_profile(
    "ci",
    max_examples=30,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "deep",
    max_examples=2000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

SERVICES = ("DATABASE_URL", "REDIS_URL", "ELASTICSEARCH_URL")


class OutsideWorld(OSError):
    """A test tried to reach something that is not this machine."""


def _is_local(host: object) -> bool:
    if host in {"localhost", "", None}:
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


def _guard(original):
    def guarded(self, address, *arguments):
        named = self.family in {socket.AF_INET, socket.AF_INET6}
        if named and not _is_local(address[0]):
            raise OutsideWorld(f"tests stay on this machine; refused {address!r}")
        return original(self, address, *arguments)

    return guarded


def pytest_configure(config):
    socket.socket.connect = _guard(socket.socket.connect)
    socket.socket.connect_ex = _guard(socket.socket.connect_ex)


def pytest_collection_modifyitems(config, items):
    """Mark by folder, check the marks, run what is slow to start last."""
    for item in items:
        parts = item.nodeid.split("/")
        if "browser" in parts:
            item.add_marker("browser")
        if "services" in parts:
            item.add_marker("services")
    for item in items:
        if item.get_closest_marker("pure") and item.get_closest_marker("django_db"):
            raise pytest.UsageError(f"{item.nodeid} is marked pure and uses the database")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Where two processes share the tests, one drives all browsers, so that they share a school."""
    from xdist.scheduler import LoadScopeScheduling

    class OneForBrowsers(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "browser" if nodeid.startswith("tests/browser/") else nodeid

    return OneForBrowsers(config, log)


@pytest.fixture(scope="session")
def configured_database() -> str:
    """Name of the database of whoever runs the tests, before any is made for them."""
    from django.db import connection

    return str(connection.settings_dict["NAME"])


@pytest.fixture(scope="session")
def django_db_setup(request, configured_database, django_db_setup, django_db_blocker):
    """The test database also for tests that commit for themselves and so carry no mark.

    pytest-django makes it only for marked tests; run alone, the others would meet the database
    of whoever runs them.
    """
    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases

    if str(connection.settings_dict["NAME"]) != configured_database:
        yield
        return
    keep = request.getfixturevalue("django_db_keepdb")
    fresh = request.getfixturevalue("django_db_createdb")
    with django_db_blocker.unblock():
        made = setup_databases(
            verbosity=0, interactive=False, keepdb=keep and not fresh, aliases={"default"}
        )
    yield
    if not keep:
        with django_db_blocker.unblock():
            teardown_databases(made, verbosity=0)


def pytest_runtest_setup(item):
    """A test of the real servers without them is an error, not a skip."""
    if item.get_closest_marker("services"):
        missing = [name for name in SERVICES if not os.environ.get(name)]
        if missing:
            pytest.fail(f"needs {', '.join(missing)}: run `make test-services`", pytrace=False)


def _lacking() -> list[str]:
    """What tests use and this machine has neither itself nor from the set-up."""
    from django.conf import settings as chosen

    from deploy.bootstrap import find_chromium, own_chromium

    programs = {
        "ffmpeg": shutil.which(chosen.FFMPEG_BIN),
        "ffprobe": shutil.which(chosen.FFPROBE_BIN),
        "espeak-ng": shutil.which("espeak-ng"),
        "slapd": slapd(),
        "chromium": os.environ.get("CHROMIUM_BIN") or find_chromium() or own_chromium(),
    }
    return [name for name, found in programs.items() if not found]


def pytest_terminal_summary(terminalreporter, config):
    """One line for what the machine lacks, one for the world tested, one for each skip reason."""
    lacking = _lacking()
    engines = "PostgreSQL, Redis, Elasticsearch" if os.environ.get("DATABASE_URL") else "embedded"
    terminalreporter.write_line(f"world: {engines}")
    terminalreporter.write_line("this machine lacks: " + (", ".join(lacking) or "nothing"))
    reasons = Counter(
        report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        for report in terminalreporter.stats.get("skipped", [])
    )
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"skipped {count}: {reason}")
