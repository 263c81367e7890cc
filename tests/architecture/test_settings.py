"""Production refuses to start half configured; development needs nothing."""

import os
import subprocess
import sys

import pytest

from deploy.check import PRODUCTION
from tests.architecture.layers import ROOT

pytestmark = pytest.mark.pure


def load(module: str, tmp_path, **environment: str) -> subprocess.CompletedProcess:
    """Import a settings module in a process with only this environment."""
    clean = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), **environment}
    code = f"import {module} as s; print(s.DEBUG, s.DEMO_ACCOUNTS, s.SECRET_KEY)"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=clean, capture_output=True, text=True
    )


def test_production_names_every_missing_variable(tmp_path):
    answer = load("school.settings.production", tmp_path)
    assert answer.returncode != 0
    for name in (
        "SECRET_KEY",
        "FIELD_KEY",
        "AUDIT_KEY",
        "ALLOWED_HOSTS",
        "DATABASE_URL",
        "REDIS_URL",
    ):
        assert name in answer.stderr


@pytest.mark.parametrize("name", ["SECRET_KEY", "FIELD_KEY", "AUDIT_KEY", "DATABASE_URL"])
def test_production_refuses_without(name, tmp_path):
    answer = load("school.settings.production", tmp_path, **{**PRODUCTION, name: ""})
    assert answer.returncode != 0
    assert name in answer.stderr


@pytest.mark.parametrize("weak", ["short", "a" * 64, "with, commas and spaces in it 0123456789"])
@pytest.mark.parametrize("name", ["SECRET_KEY", "FIELD_KEY", "AUDIT_KEY"])
def test_production_refuses_a_weak_secret(name, weak, tmp_path):
    answer = load("school.settings.production", tmp_path, **{**PRODUCTION, name: weak})
    assert answer.returncode != 0
    assert "Weak" in answer.stderr and name in answer.stderr


def test_production_refuses_one_secret_for_two_purposes(tmp_path):
    twice = {**PRODUCTION, "AUDIT_KEY": PRODUCTION["FIELD_KEY"]}
    answer = load("school.settings.production", tmp_path, **twice)
    assert answer.returncode != 0 and "differ" in answer.stderr


def test_production_starts_when_configured_and_never_in_debug(tmp_path):
    answer = load("school.settings.production", tmp_path, **PRODUCTION, DEBUG="1")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("False False ")


@pytest.mark.parametrize("program", ["school.celery", "school.wsgi"])
def test_servers_and_workers_without_a_settings_module_are_in_production(program, tmp_path):
    """Started bare, they refuse to run; they never fall back to secrets of their own."""
    code = f"import {program} as p; print(getattr(p, 'app', p).__class__); p.app.conf.broker_url"
    bare = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path)}
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=bare, capture_output=True, text=True
    )
    assert answer.returncode != 0
    assert "Missing environment variables" in answer.stderr and "FIELD_KEY" in answer.stderr
    assert not (tmp_path / "secrets").exists()


SECRETS = {name: PRODUCTION[name] for name in ("SECRET_KEY", "FIELD_KEY", "AUDIT_KEY")}


@pytest.mark.parametrize("absent", SECRETS)
def test_development_refuses_a_database_of_another_machine_without_its_secrets(absent, tmp_path):
    given = {name: value for name, value in SECRETS.items() if name != absent}
    url = "postgres://school@db.school.example/school"
    answer = load("school.settings.development", tmp_path, DATABASE_URL=url, **given)
    assert answer.returncode != 0
    assert absent in answer.stderr and "another machine" in answer.stderr
    assert not (tmp_path / "secrets").exists()


def test_development_takes_a_database_of_another_machine_with_its_secrets(tmp_path):
    url = "postgres://school@db.school.example/school"
    answer = load("school.settings.development", tmp_path, DATABASE_URL=url, **SECRETS)
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u:p@127.0.0.1:5433/school",
        "postgres://u@localhost/school",
        "postgres://u@[::1]/school",
        "postgres://u@%2Fvar%2Frun%2Fpostgresql/school",
        "postgres:///school",
        "sqlite:////tmp/school.sqlite3",
    ],
)
def test_development_takes_a_database_of_this_machine_without_secrets(url, tmp_path):
    answer = load("school.settings.development", tmp_path, DATABASE_URL=url)
    assert answer.returncode == 0, answer.stderr


def test_development_makes_its_own_secrets_once(tmp_path):
    first = load("school.settings.development", tmp_path)
    second = load("school.settings.development", tmp_path)
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    secrets = list((tmp_path / "secrets").iterdir())
    assert {oct(path.stat().st_mode & 0o777) for path in secrets} == {"0o600"}
