"""The layers of the house, read from the import contract, for code and templates alike."""

import re
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
# Namespaces of URLs that belong to packages below all of ours.
FOREIGN = ("wagtail", "admin", "django")
# Namespaces of viewsets that an app registers in Wagtail's admin.
VIEWSETS = {
    "audit": "school.core",
    "videos": "media",
    "roles": "school.members",
    "branches": "school.members",
    "target_sets": "school.plans",
    "people": "school.members",
    "hour_entries": "school.study",
    "hour_rules": "school.study",
    "hour_years": "school.study",
    "late_arrivals": "school.study",
}


@cache
def ranks() -> dict[str, int]:
    """Height of each package, 0 at the bottom, by the contract in pyproject.toml."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = contract["contracts"][0]["layers"]
    return {
        name.strip(): height
        for height, layer in enumerate(reversed(layers))
        for name in layer.split("|")
    }


@cache
def packages() -> dict[str, str]:
    """Package by the short name its templates and URLs carry."""
    return {name.rpartition(".")[2]: name for name in ranks()}


@cache
def libraries() -> dict[str, str]:
    """Package of each template tag library of ours."""
    found = {}
    for path in ROOT.glob("*/templatetags/*.py"):
        found[path.stem] = path.parts[-3]
    for path in ROOT.glob("school/*/templatetags/*.py"):
        found[path.stem] = f"school.{path.parts[-3]}"
    found.pop("__init__", None)
    return found


def owner(template: str) -> str:
    """Package a template belongs to: its folder's; shared ones belong to the core.

    ``demo`` and other unknown folders raise KeyError: a template must have an owner.
    """
    folder = template.split("/")[0] if "/" in template else "components"
    if folder in {"components", "wagtailadmin"}:
        return "school.core"
    return packages()[folder]


def references(text: str) -> list[tuple[str, str]]:
    """What a template leans on: (how, package) for each load, include, extends and url tag."""
    found = []
    for names in re.findall(r"{%-?\s*load\s+(.*?)-?%}", text):
        found += [
            ("load " + n, libraries()[n])
            for n in names.split(" from ")[-1].split()
            if n in libraries()
        ]
    for kind, name in re.findall(r"""{%-?\s*(include|extends)\s+["']([^"']+)["']""", text):
        if (TEMPLATES / name).exists():
            found.append((f"{kind} {name}", owner(name)))
    for name in re.findall(r"""{%-?\s*url\s+["']([^"']+)["']""", text):
        namespace = name.split(":")[0]
        if ":" in name and not namespace.startswith(FOREIGN):
            found.append((f"url {name}", VIEWSETS.get(namespace) or packages()[namespace]))
    return found
