"""What a person can set or run is explained in the documentation."""

import ast
import re

import pytest

from school.settings import env
from tests.architecture.layers import ROOT

pytestmark = pytest.mark.pure
APPS = ("school/*", "courses", "quizzes", "search", "media")
DECISIONS = 17


def documentation() -> str:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    return "\n".join(page.read_text() for page in pages)


def constants(path) -> list[str]:
    """Names of the settings a file assigns at its top level."""
    names = []
    for node in ast.parse(path.read_text()).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        names += [t.id for t in targets if isinstance(t, ast.Name) and t.id.isupper()]
    return names


def commands() -> list[str]:
    """Our own management commands."""
    paths = [p for app in APPS for p in ROOT.glob(f"{app}/management/commands/*.py")]
    return sorted(p.stem for p in paths if not p.stem.startswith("_"))


def targets() -> list[str]:
    """Make targets that `make help` lists."""
    return re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.M)


@pytest.mark.parametrize("name", sorted(env.VARIABLES))
def test_every_environment_variable_is_explained(name):
    assert f"`{name}`" in (ROOT / "docs" / "settings.md").read_text()


@pytest.mark.parametrize("name", constants(ROOT / "school/settings/parts/school.py"))
def test_every_preset_of_the_school_is_explained(name):
    assert f"`{name}`" in (ROOT / "docs" / "settings.md").read_text()


@pytest.mark.parametrize(
    "name",
    [n for n in constants(ROOT / "school/settings/parts/signin.py") if n.startswith("SIGN_IN")],
)
def test_every_preset_of_the_sign_in_is_explained(name):
    assert f"`{name}`" in (ROOT / "docs" / "settings.md").read_text()


@pytest.mark.parametrize("name", commands())
def test_every_command_is_explained(name):
    assert re.search(rf"\b{name}\b", documentation())


@pytest.mark.parametrize("name", targets())
def test_every_make_target_is_explained(name):
    assert re.search(rf"make {name}\b", documentation())


def test_every_decision_has_its_record():
    records = sorted(p.name[:2] for p in (ROOT / "docs" / "decisions").glob("[0-9][0-9]-*.md"))
    assert records == [f"{n:02}" for n in range(1, DECISIONS + 1)]


def test_links_between_pages_lead_somewhere():
    broken = []
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text()):
            if not (page.parent / link).exists():
                broken.append(f"{page.relative_to(ROOT)} → {link}")
    assert not broken


def test_only_one_module_reads_the_environment():
    """``os.environ`` stands in env.py, and where a process is started, and nowhere else."""
    allowed = {"school/settings/env.py", "school/settings/test.py", "school/celery.py"}
    allowed |= {"school/wsgi.py"}
    readers = [
        path.relative_to(ROOT).as_posix()
        for folder in ("school", "courses", "quizzes", "search", "media")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"os\.(environ|getenv)", path.read_text())
    ]
    assert set(readers) <= allowed
