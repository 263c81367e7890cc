"""A single Elasticsearch node for development, from the distribution in Maven's repository."""

import glob
import os
import shutil
import signal
import subprocess
import urllib.request
import zipfile
from pathlib import Path

from deploy.processes import free_port
from deploy.steps import Failed, run

NAME = "Elasticsearch"
VARIABLE = "ELASTICSEARCH_URL"
VERSION = "8.19.3"
GROUP = "org.elasticsearch.distribution.integ-test-zip"
COORDINATE = f"{GROUP}:elasticsearch:{VERSION}:zip"
GET = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get"
HEAP = "512m"
_port = 0


def java_home() -> str:
    """A Java 17 or newer, or nothing."""
    known = sorted(glob.glob("/usr/lib/jvm/java-*-openjdk-*/bin/java"))
    for program in [*known, shutil.which("java") or ""]:
        if program and java_version(program) >= 17:
            return str(Path(program).resolve().parents[1])
    return ""


def java_version(program: str) -> int:
    try:
        told = subprocess.run([program, "-version"], capture_output=True, text=True).stderr
        return int(told.split('"')[1].split(".")[0])
    except (OSError, IndexError, ValueError):
        return 0


def archive() -> Path:
    """Where Maven keeps the distribution."""
    repository = Path.home() / ".m2" / "repository"
    return repository.joinpath(*GROUP.split("."), "elasticsearch", VERSION).joinpath(
        f"elasticsearch-{VERSION}.zip"
    )


def lacking() -> list[str]:
    wanted = [] if java_home() else ["openjdk-17-jre-headless"]
    if not archive().exists() and not shutil.which("mvn"):
        wanted.append("maven")
    return wanted


def home(host) -> Path:
    return host.folder / f"elasticsearch-{VERSION}"


def fetch() -> None:
    """Have Maven fetch the distribution, which it checks against its checksum."""
    if not archive().exists():
        run(
            ["mvn", "-q", "-B", GET, f"-Dartifact={COORDINATE}", "-Dtransitive=false"],
            what="下载 Elasticsearch ",
        )
    if not archive().exists():
        raise Failed(f"Maven 没有把 {COORDINATE} 放到 {archive()}。")


def prepare(host) -> None:
    """Fetch and unpack once; write the configuration with ports for this start.

    Raises:
        Failed: the distribution could not be fetched.
    """
    global _port
    _port = free_port()
    if not (home(host) / "bin" / "elasticsearch").exists():
        fetch()
        unpack(host)
    data = host.folder / "elasticsearch"
    configuration = host.folder / "elasticsearch-config"
    shutil.rmtree(configuration, ignore_errors=True)
    shutil.copytree(home(host) / "config", configuration)
    lines = [
        "discovery.type: single-node",
        "xpack.security.enabled: false",
        "network.host: 127.0.0.1",
        f"http.port: {_port}",
        f"transport.port: {free_port()}",
        f"path.data: {data}",
        f"path.logs: {data / 'logs'}",
        # A development machine's disk may be nearly full; that must not make indexes read-only.
        "cluster.routing.allocation.disk.threshold_enabled: false",
    ]
    (configuration / "elasticsearch.yml").write_text("\n".join(lines) + "\n")
    for path in (data, data / "logs"):
        path.mkdir(exist_ok=True, mode=0o700)
        host.give(path)
    for path in (configuration, *configuration.rglob("*")):
        host.give(path)


def unpack(host) -> None:
    with zipfile.ZipFile(archive()) as packed:
        packed.extractall(host.folder)
    for program in [*home(host).glob("bin/*"), *home(host).rglob("modules/**/bin/*")]:
        program.chmod(0o755)
    for path in (home(host), *home(host).rglob("*")):
        host.give(path)


def command(host) -> tuple[list, dict[str, str], int]:
    """Command, environment and stop signal."""
    environment = {
        "ES_JAVA_HOME": java_home(),
        "ES_JAVA_OPTS": f"-Xms{HEAP} -Xmx{HEAP}",
        "ES_PATH_CONF": str(host.folder / "elasticsearch-config"),
        "ES_TMPDIR": str(host.folder / "elasticsearch"),
        "HOME": str(host.folder),
        "PATH": os.environ.get("PATH", os.defpath),
    }
    return [home(host) / "bin" / "elasticsearch"], environment, signal.SIGTERM


def url(host) -> str:
    return f"http://127.0.0.1:{_port}"


def ready(host) -> bool:
    try:
        with urllib.request.urlopen(f"{url(host)}/_cluster/health", timeout=5) as response:
            return response.status == 200
    except OSError:
        return False
