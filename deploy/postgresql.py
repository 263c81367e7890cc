"""A PostgreSQL cluster of its own for development."""

import glob
import secrets
import signal
import subprocess
from pathlib import Path

from deploy.processes import free_port
from deploy.steps import Failed

NAME = "PostgreSQL"
VARIABLE = "DATABASE_URL"
ROLE = "school"


def programs() -> Path | None:
    """The newest installed server's folder; Debian keeps it out of PATH."""
    found = glob.glob("/usr/lib/postgresql/*/bin/initdb") + glob.glob("/usr/bin/initdb")
    by_version = sorted(found, key=lambda p: [int(n) for n in Path(p).parts if n.isdigit()])
    return Path(by_version[-1]).parent if by_version else None


def lacking() -> list[str]:
    return [] if programs() else ["postgresql"]


def folder(host) -> Path:
    return host.folder / "postgresql"


def secret(host) -> str:
    """The superuser's password, made once."""
    path = host.data_dir / "services-postgresql.secret"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(24))
    return path.read_text()


def prepare(host) -> None:
    """Initialise the cluster if there is none; choose a port for this start.

    Raises:
        Failed: initdb failed.
    """
    global _port
    _port = free_port()
    if (folder(host) / "PG_VERSION").exists():
        return
    password = host.folder / "password"
    password.touch(mode=0o600)
    password.write_text(secret(host))
    host.give(password)
    command = [programs() / "initdb", "-D", folder(host), "-U", ROLE, "-E", "UTF8"]
    command += ["--locale", "C.UTF-8", "--data-checksums", "--pwfile", password]
    command += ["--auth", "scram-sha-256"]
    done = subprocess.run(
        [*host.as_user(), *command], cwd=host.folder, capture_output=True, text=True
    )
    password.unlink()
    if done.returncode:
        raise Failed(f"initdb 失败：{done.stderr.strip()[-300:]}")


_port = 0


def command(host) -> tuple[list, dict[str, str], int]:
    """Command, environment and the signal for a fast shutdown."""
    arguments = [programs() / "postgres", "-D", folder(host)]
    for setting in (
        "listen_addresses=127.0.0.1",
        f"port={_port}",
        "unix_socket_directories=",
        "max_connections=100",
    ):
        arguments += ["-c", setting]
    return arguments, {}, signal.SIGINT


def url(host) -> str:
    return f"postgres://{ROLE}:{secret(host)}@127.0.0.1:{_port}/{ROLE}"


def ready(host) -> bool:
    """Whether it answers; makes the database the first time."""
    import psycopg

    administration = url(host).rpartition("/")[0] + "/postgres"
    try:
        with psycopg.connect(administration, autocommit=True, connect_timeout=2) as connection:
            row = connection.execute("SELECT 1 FROM pg_database WHERE datname=%s", [ROLE])
            if not row.fetchone():
                connection.execute(f"CREATE DATABASE {ROLE}")
        return True
    except psycopg.OperationalError:
        return False
