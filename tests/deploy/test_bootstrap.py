"""What set-up does on a bare machine, as root and as anybody else."""

import os
import sys
from pathlib import Path

import pytest

from deploy import bootstrap, packages, steps
from deploy.steps import ROOT, Failed, Steps

pytestmark = pytest.mark.pure
# Stands for apt-get: writes down what it was asked, knows nothing of some packages, and puts the
# programs of the others where PATH finds them.
APT = """#!{python}
import os, pathlib, sys
here = pathlib.Path(sys.argv[0]).parent
with open(here / "asked", "a") as log:
    print(*sys.argv[1:], file=log)
if "update" in sys.argv and "update" in {broken}:
    sys.exit(100)
wanted = [name for name in sys.argv[1:] if name in {programs}]
if set(wanted) & set({broken}):
    sys.exit(100)
for name in wanted:
    for program in {programs}[name]:
        (here / program).write_text("#!/bin/sh\\n")
        (here / program).chmod(0o755)
"""
PROGRAMS = {
    "ffmpeg": ["ffmpeg", "ffprobe"],
    "fonts-noto-cjk": ["NotoSansCJK.ttc"],
    "espeak-ng": ["espeak-ng"],
    "chromium": ["chromium"],
}


class Machine:
    """A machine with nothing but what a test puts on its PATH."""

    def __init__(self, folder: Path, monkeypatch) -> None:
        self.bin, self.venv, self.monkeypatch = folder / "bin", folder / "venv", monkeypatch
        self.bin.mkdir()
        (self.venv / "bin").mkdir(parents=True)
        monkeypatch.setenv("PATH", str(self.bin))
        for variable in ("FFMPEG_BIN", "FFPROBE_BIN", "PLAYWRIGHT_BROWSERS_PATH"):
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        monkeypatch.setattr(steps, "BUILD", folder / "build")
        monkeypatch.setattr(bootstrap, "BUILD", folder / "build")
        monkeypatch.setattr(bootstrap, "FONTS", folder / "build" / "fonts")
        monkeypatch.setattr(bootstrap, "VENV", self.venv)
        monkeypatch.setattr(bootstrap, "PYTHON", self.venv / "bin" / "python")
        patterns = (str(self.bin / "NotoSansCJK*"), str(folder / "build" / "fonts" / "*.ttf"))
        monkeypatch.setattr(packages, "FONT_PATTERNS", patterns)
        monkeypatch.setattr(packages, "has_venv", lambda: True)

    def program(self, name: str, text: str = "#!/bin/sh\n", folder: Path | None = None) -> Path:
        path = (folder or self.bin) / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def root(self, broken: tuple[str, ...] = ()) -> None:
        """Root on Debian, whose archive does not have some packages (or does not answer)."""
        self.monkeypatch.setattr(os, "geteuid", lambda: 0)
        text = APT.format(python=sys.executable, broken=repr(list(broken)), programs=PROGRAMS)
        self.program("apt-get", text)

    def asked(self) -> list[str]:
        """What apt-get was asked for, one line a call."""
        log = self.bin / "asked"
        return log.read_text().splitlines() if log.exists() else []

    def python(self, answer: str = "", fails: str = "nothing") -> Path:
        """An interpreter in the virtual environment that answers one thing and notes its calls."""
        text = (
            f'#!/bin/sh\necho "$@" >> {self.venv}/calls\n'
            f'case "$*" in *{fails}*) exit 1;; esac\necho "{answer}"\n'
        )
        return self.program("python", text, self.venv / "bin")

    def calls(self) -> list[str]:
        log = self.venv / "calls"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def machine(tmp_path, monkeypatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_a_bare_machine_lacks_four_packages(machine, monkeypatch):
    assert packages.lacking() == ["ffmpeg", "fonts-noto-cjk", "espeak-ng"]
    monkeypatch.setattr(packages, "has_venv", lambda: False)
    assert packages.lacking()[0] == f"python3.{sys.version_info.minor}-venv"


def test_what_is_there_is_not_asked_for(machine):
    for names in PROGRAMS.values():
        for name in names:
            machine.program(name)
    assert packages.lacking() == []


def test_programs_may_be_named_instead(machine, monkeypatch, tmp_path):
    elsewhere = machine.program("other-ffmpeg", folder=tmp_path)
    monkeypatch.setenv("FFMPEG_BIN", str(elsewhere))
    assert "ffmpeg" in packages.lacking()
    monkeypatch.setenv("FFPROBE_BIN", str(elsewhere))
    assert "ffmpeg" not in packages.lacking()


def test_only_root_with_apt_installs(machine, monkeypatch):
    assert not packages.can_install()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert not packages.can_install()
    machine.root()
    assert packages.can_install()


def test_root_installs_what_is_lacking_and_nothing_else(machine):
    machine.root()
    machine.program("espeak-ng")
    assert bootstrap.system_packages(Steps(1)) == []
    update, install = machine.asked()
    assert update.endswith("update")
    assert install.endswith("install --no-install-recommends ffmpeg fonts-noto-cjk")


def test_one_package_that_cannot_be_had_does_not_keep_the_others(machine, capsys):
    machine.root(broken=("espeak-ng",))
    assert bootstrap.system_packages(Steps(1)) == ["espeak-ng"]
    assert packages.lacking() == ["espeak-ng"]


def test_an_archive_that_does_not_answer_is_said_and_stand_ins_are_taken(machine, capsys):
    machine.root(broken=("update",))
    assert bootstrap.system_packages(Steps(1)) == ["ffmpeg", "fonts-noto-cjk", "espeak-ng"]
    assert "apt-get update" in capsys.readouterr().out


def test_without_root_it_is_said_what_is_replaced(machine, capsys):
    assert bootstrap.system_packages(Steps(1)) == ["ffmpeg", "fonts-noto-cjk", "espeak-ng"]
    assert "缺 ffmpeg、fonts-noto-cjk、espeak-ng；没有 root 权限或 apt" in capsys.readouterr().out
    assert machine.asked() == []


def test_the_one_package_without_a_stand_in_is_named(machine, monkeypatch):
    monkeypatch.setattr(packages, "has_venv", lambda: False)
    with pytest.raises(Failed, match=r"apt-get install python3\.\d+-venv"):
        bootstrap.virtual_environment(Steps(1))


@pytest.fixture
def without_downloads(machine, monkeypatch):
    """Set-up with its downloads left out: notes the steps, fills in what npm would bring."""
    taken = []

    def npm_ci(folder, *, what):
        package = Path(folder) / "node_modules" / "@expo-google-fonts" / "noto-sans-sc"
        for weight in ("400Regular", "700Bold"):
            (package / weight).mkdir(parents=True)
            (package / weight / f"NotoSansSC_{weight}.ttf").write_text("font")
        (package / "LICENSE_FONT").write_text("licence")

    for name in ("virtual_environment", "python_dependencies", "browser_libraries"):
        monkeypatch.setattr(bootstrap, name, lambda steps, name=name: taken.append(name))
    monkeypatch.setattr(bootstrap, "npm_ci", npm_ci)
    return taken


def test_without_root_ffmpeg_and_a_font_are_put_in_place(machine, without_downloads, capsys):
    brought = machine.program("ffmpeg-from-pypi", folder=machine.venv)
    machine.python(answer=str(brought))
    bootstrap.set_up(tests=False)
    assert (machine.venv / "bin" / "ffmpeg").resolve() == brought
    pip = next(call for call in machine.calls() if " pip " in call)
    assert pip.endswith(f"--require-hashes -r {ROOT}/deploy/requirements-noroot.txt")
    assert packages.has_font()
    said = capsys.readouterr().out
    assert "imageio-ffmpeg" in said and "Noto Sans SC" in said and "没有配音" in said
    assert len(without_downloads) == 3


def test_a_second_set_up_installs_nothing_again(machine, without_downloads):
    machine.python(answer=str(machine.program("ffmpeg-from-pypi", folder=machine.venv)))
    bootstrap.set_up(tests=False)
    bootstrap.set_up(tests=False)
    assert len([call for call in machine.calls() if " pip " in call]) == 1


def test_root_needs_no_stand_ins(machine, without_downloads, capsys):
    machine.root()
    bootstrap.set_up(tests=False)
    assert not (machine.venv / "bin" / "ffmpeg").exists()
    said = capsys.readouterr().out
    assert "PyPI" not in said and "npm" not in said
    assert packages.lacking() == []


def test_the_systems_chromium_is_taken_first(machine):
    machine.root()
    machine.program("chromium")
    bootstrap.chromium(Steps(1))
    assert machine.asked() == []


def test_root_installs_a_chromium(machine):
    machine.root()
    machine.python()
    bootstrap.chromium(Steps(1))
    assert bootstrap.find_chromium()
    assert machine.calls() == []


@pytest.mark.parametrize("broken", ["update", "chromium"])
def test_where_apt_has_no_chromium_playwright_brings_its_own(machine, broken):
    machine.root(broken=(broken,))
    machine.python()
    bootstrap.chromium(Steps(1))
    assert machine.calls() == ["-m playwright install --with-deps chromium"]


def test_playwrights_chromium_comes_also_where_its_libraries_cannot_be_had(machine):
    machine.root(broken=("update",))
    machine.python(fails="--with-deps")
    bootstrap.chromium(Steps(1))
    assert machine.calls()[-1] == "-m playwright install chromium"


def test_without_root_playwright_brings_its_own(machine):
    machine.python()
    bootstrap.chromium(Steps(1))
    assert machine.calls() == ["-m playwright install chromium"]


def test_playwrights_chromium_is_known_where_it_lies(machine, monkeypatch, tmp_path):
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "browsers"))
    assert bootstrap.own_chromium() == ""
    (tmp_path / "browsers" / "chromium-1200").mkdir(parents=True)
    assert bootstrap.own_chromium().endswith("chromium-1200")
