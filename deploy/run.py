"""Run the whole school on one machine in the foreground: `python -m deploy.run`.

Web server, two Celery workers and the scheduler, as children that never outlive this process.
What a start needs (migrations, static files, the demo school) is done first, and only if it has
not been done. Ctrl-C stops everything.
"""

import argparse
import contextlib
import fcntl
import os
import shlex
import shutil
import signal
import sys
import time
import urllib.request
from pathlib import Path

from deploy.port import check_port, chosen_address, chosen_port
from deploy.processes import Child, Family
from deploy.steps import ROOT, Failed, Steps

STARTING_SECONDS = 90
POLL = 0.5


def check_tools() -> None:
    """Refuse to start without ffmpeg, saying how to get it.

    Raises:
        Failed: there is no ffmpeg.
    """
    program = os.environ.get("FFMPEG_BIN") or "ffmpeg"
    if not shutil.which(program):
        raise Failed(
            f"找不到 {program}，请安装 ffmpeg(apt-get install ffmpeg)或重新运行 make setup。"
        )


@contextlib.contextmanager
def only_one(data_dir: Path):
    """Hold the data directory: two launchers on one directory would disturb each other.

    Raises:
        Failed: another launcher holds it.
    """
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data_dir / "run.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Failed(
                f"{data_dir} 里的党校已在运行，请先停止它，或用 DATA_DIR 换一个目录。"
            ) from error
        yield


def programs(python: str, logs: Path, bind: str) -> list[Child]:
    """The long-running programs; buffered reports of study have a worker of their own."""
    celery = [python, "-m", "celery", "-A", "school", "-q"]
    worker = [*celery, "worker", "--without-mingle", "--without-gossip", "--without-heartbeat"]
    worker += ["--loglevel", "INFO"]
    # A worker is first asked to finish what it does, then told to put it back: the job's row
    # keeps it, and the next start takes it up.
    patient = ((signal.SIGTERM, 2.0), (signal.SIGQUIT, 3.0))
    nice = ["nice", "-n", "10"] if shutil.which("nice") else []
    gunicorn = [python, "-m", "gunicorn", "school.wsgi:application", "--bind", bind]
    gunicorn += ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--preload"]
    gunicorn += ["--timeout", "120", "--graceful-timeout", "3", "--no-control-socket"]
    gunicorn += ["--access-logfile", "-"]
    study = [*worker, "-n", "study@%h", "-Q", "study", "-c", "1"]
    buffered = os.environ.get("STUDY_SINK", "").strip() == "buffered"
    posting = [Child("学习入库", study, logs / "worker-study.log", patient)] if buffered else []
    return [
        *posting,
        Child("网站", gunicorn, logs / "web.log"),
        Child(
            "后台任务",
            [*worker, "-n", "default@%h", "-Q", "default", "-c", "2"],
            logs / "worker-default.log",
            patient,
        ),
        Child(
            "视频转码",
            [*nice, *worker, "-n", "video@%h", "-Q", "video", "-c", "1"],
            logs / "worker-video.log",
            patient,
        ),
        Child(
            "定时任务",
            [*celery, "beat", "--pidfile", "", "--loglevel", "INFO"],
            logs / "beat.log",
        ),
    ]


class School:
    """One running school."""

    def __init__(self, *, seed: list[str] | None) -> None:
        self.bind = chosen_address()
        self.port = chosen_port()
        self.data_dir = Path(os.environ.get("DATA_DIR") or ROOT / ".data").resolve()
        self.seed = seed
        host = f"[{self.bind}]" if ":" in self.bind else self.bind
        self.listen = f"{host}:{self.port}"
        local = "127.0.0.1" if self.bind in {"0.0.0.0", "::"} else host
        self.address = f"http://{local}:{self.port}"
        self.stopping = False

    def environment(self) -> dict[str, str]:
        """What every child is given: the launcher's own, with the choices made."""
        venv = str(Path(sys.executable).parent)
        return {
            **os.environ,
            "PATH": venv + os.pathsep + os.environ.get("PATH", os.defpath),
            "PORT": str(self.port),
            "DATA_DIR": str(self.data_dir),
            "DJANGO_SETTINGS_MODULE": os.environ.get(
                "DJANGO_SETTINGS_MODULE", "school.settings.development"
            ),
            "PYTHONUNBUFFERED": "1",
        }

    def run(self) -> int:
        """Prepare, start, watch until told to stop."""
        started = time.monotonic()
        check_port(self.bind, self.port)
        os.environ.update(self.environment())
        check_tools()
        with only_one(self.data_dir):
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, self._stop)
            family = Family(self.environment(), ROOT)
            try:
                from deploy import prepare

                prepare.everything(Steps(prepare.STEPS), family, seed=self.seed)
                if not self.stopping:
                    self._start(family)
                    self._watch(family, started)
            except KeyboardInterrupt:
                pass
            finally:
                print("正在停止 …", end=" ", flush=True)
                family.stop()
                print("已全部停止。", flush=True)
        return 0

    def _stop(self, number, frame) -> None:
        if not self.stopping:
            self.stopping = True
            raise KeyboardInterrupt

    def _start(self, family: Family) -> None:
        for child in programs(sys.executable, self.data_dir / "logs", self.listen):
            family.add(child)

    def _watch(self, family: Family, started: float) -> None:
        from deploy import status

        opened = False
        reporter = status.Reporter()
        while True:
            for child in family.tend():
                print(f"{child.name}意外退出，正在重新启动，原因见 {child.log}", flush=True)
            if not opened and self._answers() and status.open_to_visitors():
                opened = True
                seconds = time.monotonic() - started
                print(status.welcome(self.address, seconds), flush=True)
            elif not opened and time.monotonic() - started > STARTING_SECONDS:
                started_dead = [c for c in family.children if c.failures > 2]
                if started_dead:
                    raise Failed(f"{started_dead[0].name}启动不了，原因见 {started_dead[0].log}。")
            reporter.tell()
            time.sleep(POLL)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/health/", timeout=5) as response:
                return response.status == 200
        except OSError:
            return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--no-seed", action="store_true", help="start with an empty school (no demo content)"
    )
    parser.add_argument("--seed", default="", help="options for `manage.py seed`, in one string")
    arguments = parser.parse_args()
    seed = None if arguments.no_seed else shlex.split(arguments.seed)
    try:
        return School(seed=seed).run()
    except Failed as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
