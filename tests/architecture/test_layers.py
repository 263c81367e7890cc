"""Imports, and what templates load, include and link, point downwards only."""

from pathlib import Path

import pytest

from tests.architecture import layers

pytestmark = pytest.mark.pure


def test_imports_point_downwards_only(monkeypatch):
    from importlinter.cli import lint_imports

    monkeypatch.chdir(layers.ROOT)
    assert lint_imports(no_cache=True) == 0


@pytest.mark.parametrize(
    "path",
    sorted(layers.TEMPLATES.rglob("*.html")),
    ids=lambda path: str(path.relative_to(layers.TEMPLATES)),
)
def test_a_template_leans_only_on_its_own_layer_and_those_below(path: Path):
    name = path.relative_to(layers.TEMPLATES).as_posix()
    mine = layers.owner(name)
    height = layers.ranks()
    wrong = [
        how
        for how, package in layers.references(path.read_text())
        if package != mine and height[package] >= height[mine]
    ]
    assert not wrong, f"{name} ({mine}) leans upwards or sideways: {wrong}"


def test_the_template_reader_sees_every_kind_of_reference():
    text = '{% load core_tags %}{% include "components/card.html" %}{% url "reports:board" 1 %}'
    found = [package for _, package in layers.references(text)]
    assert "school.reports" in found


@pytest.mark.parametrize("word", ["utils", "helpers", "misc", "common"])
def test_no_module_is_named_after_nothing(word):
    folders = ("school", "courses", "quizzes", "search", "media")
    found = [p for folder in folders for p in (layers.ROOT / folder).rglob(f"{word}*")]
    assert not [p for p in found if "__pycache__" not in p.parts]
