"""Public templates run under a policy without inline code and load nothing from elsewhere."""

import re
from pathlib import Path

import pytest

from tests.architecture.layers import ROOT, TEMPLATES

pytestmark = pytest.mark.pure
# Shown inside Wagtail's admin, which has a policy of its own.
ADMIN = re.compile(r"(^|/)(admin|wagtailadmin|panels|choosers?)(/|$)")
RULES = {
    "inline script": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", re.I),
    "inline style element": re.compile(r"<style\b", re.I),
    "style attribute": re.compile(r"<[^>{]*\sstyle\s*=", re.I),
    "event attribute": re.compile(r"<[a-z][^>]*\son[a-z]+\s*=\s*[\"']", re.I),
    "javascript: address": re.compile(r"[\"']javascript:", re.I),
    "other people's server": re.compile(
        r"<(script|link|img|iframe|source)[^>]*[\"'](https?:)?//", re.I
    ),
    "hx-on (evaluates text)": re.compile(r"\shx-on|hx-vals=[\"']js:", re.I),
}
PUBLIC = [
    p
    for p in sorted(TEMPLATES.rglob("*.html"))
    if not ADMIN.search(str(p.parent.relative_to(TEMPLATES)))
]


def without_comments(text: str) -> str:
    text = re.sub(r"{#.*?#}|<!--.*?-->", "", text, flags=re.S)
    return re.sub(r"{%\s*comment.*?endcomment\s*%}", "", text, flags=re.S)


@pytest.mark.parametrize("path", PUBLIC, ids=lambda p: str(p.relative_to(TEMPLATES)))
def test_a_public_template_needs_nothing_inline_and_nobody_else(path: Path):
    text = without_comments(path.read_text())
    broken = {name: m.group()[:80] for name, rule in RULES.items() if (m := rule.search(text))}
    assert not broken


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / "school" / "static").rglob("*.[cj]s*")),
    ids=lambda p: p.name,
)
def test_styles_and_scripts_load_nothing_from_elsewhere_and_evaluate_nothing(path: Path):
    text = path.read_text()
    assert not re.search(r"(url\(|@import\s|from\s|import\()\s*[\"']?(https?:)?//", text)
    if path.suffix == ".js":
        assert not re.search(r"\beval\(|new Function\(|\.style\.cssText|document\.write\(", text)


def test_the_rules_recognise_what_they_forbid():
    samples = {
        "inline script": "<script>x()</script>",
        "style attribute": '<p class="a" style="x">',
        "event attribute": '<a onclick="x()">',
        "other people's server": '<script src="//cdn.example/x.js">',
    }
    for name, sample in samples.items():
        assert RULES[name].search(sample)
    assert not RULES["inline script"].search('<script type="module" src="/a.js">')
    assert not RULES["inline script"].search('<script id="x" type="application/json">')
