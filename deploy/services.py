"""Real PostgreSQL, Redis and Elasticsearch for development: `python -m deploy.services`.

    start               install what is lacking (as root), start on free loopback ports
    stop                stop what start started, and nothing else
    run -- COMMAND      run a command with their addresses in its environment; what was not
                        running before is stopped afterwards

Data lies in ``DATA_DIR/services``, the addresses in ``DATA_DIR/services.env``.
"""

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from deploy import elasticsearch, packages, postgresql, redis
from deploy.processes import MARK, end_marked
from deploy.steps import ROOT, Failed, Steps

USER = "party-school"
ELSEWHERE = Path("/var/lib/party-school")
READY_SECONDS = 120
STOP_SECONDS = 30
SERVICES = (postgresql, redis, elasticsearch)


class Host:
    """Where the services keep their data, and as whom they run."""

    def __init__(self) -> None:
        self.data_dir = Path(os.environ.get("DATA_DIR") or ROOT / ".data").resolve()
        self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Resolved: it may be a link to a place outside that the service user can reach.
        self.folder = (self.data_dir / "services").resolve()
        self.env_file = self.data_dir / "services.env"
        self.user = USER if os.geteuid() == 0 else ""

    @property
    def state_file(self) -> Path:
        return self.data_dir / "services.json"

    def prepare(self) -> None:
        """Make the folder; as root, one that the service user can reach."""
        if not self.user:
            self.folder.mkdir(exist_ok=True, mode=0o700)
            return None
        with contextlib.suppress(KeyError):
            pwd.getpwnam(USER)
            return self._own_folder()
        subprocess.check_call(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", USER]
        )
        return self._own_folder()

    def _own_folder(self) -> None:
        group = pwd.getpwnam(USER).pw_gid
        # The service user may pass through the data directory, and see nothing of it.
        os.chown(self.data_dir, -1, group)
        self.data_dir.chmod(0o710)
        if not self.folder.exists() and not self.reachable(self.data_dir):
            name = hashlib.sha256(str(self.data_dir).encode()).hexdigest()[:12]
            target = ELSEWHERE / name
            target.mkdir(parents=True, exist_ok=True)
            self.folder.symlink_to(target)
            self.folder = target
            print(f"{USER} 用户进不了 {self.data_dir}，服务的数据放在 {target}")
        self.folder.mkdir(exist_ok=True)
        shutil.chown(self.folder, USER, group)
        self.folder.chmod(0o700)

    def reachable(self, folder: Path) -> bool:
        return subprocess.call([*self.as_user(), "test", "-x", folder]) == 0

    def as_user(self) -> list[str]:
        """Prefix of a command that must not run as root."""
        if not self.user:
            return []
        return ["setpriv", "--reuid", self.user, "--regid", self.user, "--clear-groups", "--"]

    def give(self, path: Path) -> None:
        """Hand a file or folder made by root to the service user."""
        if self.user:
            shutil.chown(path, self.user, self.user)


def install_lacking() -> None:
    """Install Debian packages for what is missing.

    Raises:
        Failed: something is missing and cannot be installed.
    """
    wanted = [name for service in SERVICES for name in service.lacking()]
    if not wanted:
        return
    if not packages.can_install():
        raise Failed(f"缺少软件包，请管理员执行:apt-get install {' '.join(wanted)}")
    with packages.services_held_back():
        refused = packages.install(wanted)
    if refused:
        raise Failed(f"安装不了：{' '.join(refused)}，详见 build/setup.log。")


def alive(entry: dict) -> bool:
    """Whether the recorded process is still the one that was started."""
    return started_at(entry["pid"]) == entry["started"]


def started_at(pid: int) -> str:
    """Start time of a process in clock ticks, or nothing; tells a reused id from ours."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        if fields[0] != "Z":
            return fields[19]
    return ""


def read_state(host: Host) -> dict:
    with contextlib.suppress(OSError, ValueError):
        return json.loads(host.state_file.read_text())
    return {}


def running(host: Host) -> bool:
    """Whether all services run."""
    entries = read_state(host).get("processes", {})
    return len(entries) == len(SERVICES) and all(alive(e) for e in entries.values())


def start(host: Host) -> None:
    """Start what does not run yet and write the addresses.

    Raises:
        Failed: a service could not be installed or did not answer in time.
    """
    if running(host):
        print(f"服务已在运行，地址见 {host.env_file}")
        return
    stop(host)
    steps = Steps(2 + len(SERVICES))
    with steps.step("检查 PostgreSQL、Redis、Elasticsearch"):
        install_lacking()
    with steps.step("准备数据目录"):
        host.prepare()
        for service in SERVICES:
            service.prepare(host)
    state = {"mark": secrets.token_hex(8), "processes": {}}
    started = []
    for service in SERVICES:
        command, environment, stop_signal = service.command(host)
        log = host.data_dir / f"services-{service.NAME}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*host.as_user(), *command],
                cwd=host.folder,
                env={**os.environ, **environment, MARK: state["mark"]},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        state["processes"][service.NAME] = {
            "pid": process.pid,
            "started": started_at(process.pid),
            "signal": int(stop_signal),
        }
        host.state_file.write_text(json.dumps(state))
        started.append((service, process, log))
    try:
        urls = [await_ready(steps, host, *entry) for entry in started]
    except BaseException:
        stop(host)
        raise
    host.env_file.write_text("".join(f"{name}={value}\n" for name, value in urls))
    host.env_file.chmod(0o600)
    print(f"地址已写入 {host.env_file}")


def await_ready(steps: Steps, host: Host, service, process, log: Path) -> tuple[str, str]:
    """Wait until a service answers; returns the variable and its URL."""
    with steps.step(f"启动 {service.NAME}"):
        deadline = time.monotonic() + READY_SECONDS
        while not service.ready(host):
            if process.poll() is not None:
                raise Failed(f"{service.NAME} 启动后退出了，原因见 {log}。")
            if time.monotonic() > deadline:
                raise Failed(f"{service.NAME} 在 {READY_SECONDS} 秒内没有应答，原因见 {log}。")
            time.sleep(0.2)
        return service.VARIABLE, service.url(host)


def stop(host: Host) -> None:
    """Stop the recorded processes, and only those."""
    state = read_state(host)
    entries = [e for e in state.get("processes", {}).values() if alive(e)]
    for entry in entries:
        with contextlib.suppress(ProcessLookupError):
            os.kill(entry["pid"], entry["signal"])
    deadline = time.monotonic() + STOP_SECONDS
    while any(alive(e) for e in entries) and time.monotonic() < deadline:
        for entry in entries:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(entry["pid"], os.WNOHANG)
        time.sleep(0.1)
    for entry in entries:
        if alive(entry):
            with contextlib.suppress(ProcessLookupError):
                os.kill(entry["pid"], signal.SIGKILL)
    if mark := state.get("mark"):
        end_marked(mark)
    for path in (host.state_file, host.env_file):
        path.unlink(missing_ok=True)


def addresses(host: Host) -> dict[str, str]:
    """What services.env holds."""
    lines = host.env_file.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def run(host: Host, command: list[str], *, if_possible: bool) -> int:
    """Run a command with the services; stop afterwards what was not running before."""
    ours = not running(host)
    environment = dict(os.environ)
    try:
        if ours:
            start(host)
        environment |= addresses(host)
    except Failed as error:
        if not if_possible:
            raise
        print(f"不使用服务：{error}", file=sys.stderr)
    try:
        return call(command, environment)
    finally:
        if ours:
            stop(host)


def call(command: list[str], environment: dict[str, str]) -> int:
    """Run a command; SIGTERM is passed on so that it can end in order."""
    process = subprocess.Popen(command, env=environment)
    previous = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        return process.wait()
    except KeyboardInterrupt:
        return process.wait() or 130
    finally:
        signal.signal(signal.SIGTERM, previous)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=["start", "stop", "run"])
    parser.add_argument("--if-possible", action="store_true", help="run without them if need be")
    own, _, command = " ".join(sys.argv[1:]).partition(" -- ")
    arguments = parser.parse_args(own.split())
    command = sys.argv[sys.argv.index("--") + 1 :] if command else []
    host = Host()
    with (host.data_dir / "services.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("另一个 make services 或 make test-services 正在进行，请稍候。", file=sys.stderr)
            return 1
        try:
            if arguments.action == "start":
                start(host)
            elif arguments.action == "stop":
                stop(host)
            else:
                return run(host, command, if_possible=arguments.if_possible)
        except Failed as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
