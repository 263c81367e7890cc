"""Nothing that the launcher started outlives it."""

import os
import signal
import subprocess
import sys
import time

import pytest

from deploy.port import check_port, chosen_port
from deploy.processes import MARK, Child, Family, marked
from deploy.steps import ROOT, Failed

pytestmark = pytest.mark.pure
# A child with a child of its own in another session, which ignores polite signals.
STUBBORN = (
    "import subprocess, signal, sys, time;"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'],"
    " start_new_session=True); time.sleep(60)"
)


def wait_until(condition, seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def stubborn(tmp_path) -> Child:
    command = [sys.executable, "-S", "-c", STUBBORN]
    return Child("stubborn", command, tmp_path / "log", ((signal.SIGTERM, 0.3),))


def test_stopping_leaves_no_process_even_of_stubborn_children(tmp_path):
    family = Family(dict(os.environ), tmp_path)
    family.add(stubborn(tmp_path))
    assert wait_until(lambda: len(marked(family.mark)) == 2)
    family.stop()
    assert marked(family.mark) == []


def test_a_launcher_that_is_killed_takes_its_children_with_it(tmp_path):
    code = (
        "import os, time; from pathlib import Path;"
        "from tests.deploy.test_processes import Family, stubborn;"
        f"f = Family(dict(os.environ), Path({str(tmp_path)!r}));"
        f"f.add(stubborn(Path({str(tmp_path)!r}))); print(f.mark, flush=True); time.sleep(60)"
    )
    environment = {k: v for k, v in os.environ.items() if k != MARK}
    launcher = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    mark = launcher.stdout.readline().strip()
    assert wait_until(lambda: len(marked(mark)) == 2)
    launcher.kill()
    launcher.wait()
    launcher.stdout.close()
    assert wait_until(lambda: marked(mark) == [])


def test_a_child_that_dies_is_started_again(tmp_path):
    family = Family(dict(os.environ), tmp_path)
    child = Child("short", [sys.executable, "-S", "-c", "pass"], tmp_path / "log")
    try:
        family.add(child)
        first = child.process.pid
        assert wait_until(lambda: child in family.tend())
        assert wait_until(lambda: family.tend() is not None and child.process.pid != first)
    finally:
        family.stop()


def test_an_occupied_port_is_refused_in_one_sentence():
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Failed, match=f"端口 {port} 已被占用"):
            check_port("127.0.0.1", port)


@pytest.mark.parametrize("value", ["eighty", "0", "70000", "-1", "80 80"])
def test_a_port_that_is_none_is_refused(monkeypatch, value):
    monkeypatch.setenv("PORT", value)
    with pytest.raises(Failed, match="不是有效的端口号"):
        chosen_port()
