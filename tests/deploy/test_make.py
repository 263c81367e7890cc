"""The commands of the Makefile: what they find, and in what order they ask."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.steps import ROOT
from school.settings import env
from school.settings.parts import storage

pytestmark = pytest.mark.pure


def make(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    inherited = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    return subprocess.run(
        [shutil.which("make"), "--no-print-directory", *arguments],
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
    )


def program(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def found(name: str, *, path: Path, venv: Path) -> str:
    """Where a command of the Makefile finds a program."""
    shown = make("--eval", f"show:; @command -v {name}", "show", PATH=str(path), VENV=str(venv))
    return shown.stdout.strip()


def test_every_target_finds_what_set_up_put_into_the_environment(tmp_path):
    bare = tmp_path / "bare"
    bare.mkdir()
    stand_in = program(tmp_path / "venv" / "bin", "ffmpeg")
    assert found("ffmpeg", path=bare, venv=tmp_path / "venv") == str(stand_in)


def test_the_systems_own_program_comes_first(tmp_path):
    program(tmp_path / "venv" / "bin", "python3")
    own = program(tmp_path / "system", "python3")
    assert found("python3", path=tmp_path / "system", venv=tmp_path / "venv") == str(own)


def test_the_setting_falls_back_to_the_program_beside_the_interpreter(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv" / "bin" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "system"))
    assert storage._program("ffmpeg") == "ffmpeg"
    stand_in = program(tmp_path / "venv" / "bin", "ffmpeg")
    assert storage._program("ffmpeg") == str(stand_in)
    program(tmp_path / "system", "ffmpeg")
    assert storage._program("ffmpeg") == "ffmpeg"
    assert storage._program("/named/ffmpeg") == "/named/ffmpeg"


def test_an_occupied_port_is_told_before_anything_is_set_up(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        answer = make(
            "demo", PORT=str(port), VENV=str(tmp_path / "venv"), PYTHON=sys._base_executable
        )
    assert answer.returncode != 0
    assert f"端口 {port} 已被占用" in answer.stderr
    assert "[1/" not in answer.stdout
    assert not (tmp_path / "venv").exists()


def test_the_port_is_asked_with_nothing_but_the_standard_library():
    alone = [sys.executable, "-S", "-I", "-c"]
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import deploy.port"
    assert subprocess.run([*alone, code], capture_output=True).returncode == 0


def test_a_clean_run_forgets_every_server_and_program_of_whoever_starts_it():
    text = (ROOT / ".ci" / "run").read_text().replace("\\\n", " ")
    forgotten = set(re.search(r"^unset (.*)$", text, re.M).group(1).split())
    elsewhere = {n for n in env.VARIABLES if n.endswith(("_URL", "_BIN"))} | {"STUDY_SINK", "PORT"}
    assert elsewhere - forgotten == set()


def test_a_clean_run_knows_the_limit_of_each_target():
    text = (ROOT / ".ci" / "run").read_text()
    targets = re.search(r"^for target in (.*); do$", text, re.M).group(1).split()
    assert targets == re.findall(r"^    ([a-z-]+)\) echo \d+ ;;$", text, re.M)
