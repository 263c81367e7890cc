"""What a person can set or run is explained in the documentation."""

import ast
import re

import pytest

from school.settings import env
from tests.architecture.layers import ROOT

pytestmark = pytest.mark.pure
APPS = ("school/*", "courses", "quizzes", "search", "media")
APPS_OF_OURS = (
    "school.core",
    "school.members",
    "school.notices",
    "school.study",
    "school.plans",
    "school.gatherings",
    "school.reports",
    "courses",
    "quizzes",
    "search",
    "media",
)
MEANING = ("rules", "services", "selectors", "permissions")
DECISIONS = 17
# Settings of Django, Wagtail, Celery and django-allauth, which explain them themselves.
OF_LIBRARIES = ("WAGTAIL", "CELERY_", "STATIC", "ACCOUNT_", "MFA_", "SOCIALACCOUNT_", "AUTH_LDAP_")
NOT_OURS = {
    "ALLAUTH_APPS",
    "CONTENT_SECURITY_POLICY",
    "DEFAULT_EXCEPTION_REPORTER_FILTER",
    "LOGGING",
    "MEDIA_ROOT",
    "MEDIA_URL",
    "STORAGES",
    "_PROVIDERS",
}
# Variables that a shell, pytest or Playwright's own needs set, nobody who uses the product.
NOT_CHOSEN = {"PATH", "PYTEST_XDIST_WORKER", "DJANGO_ALLOW_ASYNC_UNSAFE"}
GROUPS = ("courses", "quizzes", "search", "reports", "study", "members", "core", "demo")
# What looks like a figure in the benchmarks and is none: audit actions, a table, a prefix.
NO_FIGURES = {
    "demo.scale",
    "members.enrolled",
    "members.member",
    "members.signed_in",
    "reports.exported",
    "core.audit",
}


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def quoted(text: str) -> set[str]:
    """What stands in back-ticks, word for word."""
    return set(re.findall(r"`([^`\n]+)`", text))


def constants(path) -> list[str]:
    """Names of the settings a file assigns at its top level, also under a condition."""
    names = []
    statements = list(ast.parse(path.read_text()).body)
    while statements:
        node = statements.pop(0)
        if isinstance(node, ast.If):
            statements += [*node.body, *node.orelse]
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        names += [t.id for t in targets if isinstance(t, ast.Name) and t.id.isupper()]
    return names


def presets() -> list[str]:
    """Settings of parts/ that are the school's own."""
    paths = sorted((ROOT / "school" / "settings" / "parts").glob("*.py"))
    names = {name for path in paths for name in constants(path)}
    return sorted(n for n in names if n not in NOT_OURS and not n.startswith(OF_LIBRARIES))


def commands() -> list[str]:
    """Our own management commands."""
    paths = [p for app in APPS for p in ROOT.glob(f"{app}/management/commands/*.py")]
    return sorted(p.stem for p in paths if not p.stem.startswith("_"))


def targets() -> list[str]:
    """Make targets that `make help` lists."""
    return re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.M)


def read_outside() -> list[str]:
    """Variables that set-up, tests and benchmarks read, beyond those of env.py."""
    found = set()
    for folder in ("deploy", "tests", "benchmarks"):
        for path in (ROOT / folder).rglob("*.py"):
            found |= set(re.findall(r"environ(?:\.get\(|\[)\s*\"([A-Z_]+)\"", path.read_text()))
    return sorted(found - set(env.VARIABLES) - NOT_CHOSEN)


def figures() -> list[str]:
    """Names of figures in the benchmarks; of those put together, the part that never changes."""
    found = set()
    for path in (ROOT / "benchmarks").glob("*.py"):
        found |= set(re.findall(rf'"((?:{"|".join(GROUPS)})\.[a-z0-9_.]+)', path.read_text()))
    return sorted({name.rstrip(".") for name in found} - NO_FIGURES)


@pytest.mark.parametrize("name", sorted(env.VARIABLES))
def test_every_environment_variable_is_explained(name):
    assert name in quoted(page("settings.md"))


@pytest.mark.parametrize("name", read_outside())
def test_every_variable_of_set_up_tests_and_benchmarks_is_explained(name):
    assert name in quoted(page("settings.md"))


@pytest.mark.parametrize("name", presets())
def test_every_preset_of_the_school_is_explained(name):
    assert name in quoted(page("settings.md"))


@pytest.mark.parametrize("name", sorted(NOT_OURS))
def test_what_is_left_out_of_the_presets_exists(name):
    paths = (ROOT / "school" / "settings" / "parts").glob("*.py")
    assert name in {each for path in paths for each in constants(path)}


@pytest.mark.parametrize("name", commands())
def test_every_command_is_explained(name):
    assert name in quoted(page("operators.md"))


@pytest.mark.parametrize("name", targets())
def test_every_make_target_is_explained(name):
    assert f"make {name}" in quoted(page("operators.md"))


@pytest.mark.parametrize("name", figures())
def test_every_figure_is_explained(name):
    known = quoted(page("benchmarks.md"))
    assert any(each == name or each.startswith(f"{name}.") for each in known)


@pytest.mark.parametrize("name", sorted({name.partition(".")[0] for name in figures()}))
def test_every_group_of_figures_is_named(name):
    assert name in quoted(page("benchmarks.md"))


def test_every_documented_way_to_serve_is_in_production():
    lines = re.findall(
        r"`[^`\n]*(?:gunicorn school|celery -A school)[^`\n]*`", page("operators.md")
    )
    assert len(lines) == 5
    assert [x for x in lines if "DJANGO_SETTINGS_MODULE=school.settings.production" not in x] == []


def test_the_guide_and_the_example_of_a_proxy_deliver_the_same_folder():
    alias = re.compile(r"location (\S+) \{\s*internal;\s*alias (\S+);")
    example = alias.findall((ROOT / "deploy" / "nginx.conf").read_text())
    assert example and alias.findall(page("operators.md")) == example
    for _location, folder in example:
        assert folder.endswith("/videos/published/")  # media.storage.package


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


def test_the_architecture_page_knows_which_app_lacks_which_file():
    told = re.findall(
        r"^\| `([a-z.]+)` \| ((?:`[a-z]+`(?:, )?)+) \| ", page("architecture.md"), re.M
    )
    lacking = {}
    for app in APPS_OF_OURS:
        folder = ROOT / app.replace(".", "/")
        absent = {n for n in MEANING if not any((folder / f).exists() for f in (n, f"{n}.py"))}
        if absent:
            lacking[app] = absent
    assert {app: quoted(names) for app, names in told} == lacking
