"""What a person is told in a refusal can be said in every language of the school."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure

ROOT = Path(__file__).parents[2]
PACKAGES = ("school", "courses", "media", "search", "quizzes", "deploy", "benchmarks")
HAN = re.compile(r"[\u4e00-\u9fff]")
WRAPPERS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext"}


def name_of(node: ast.expr) -> str:
    """``Conflict`` of both ``Conflict`` and ``errors.Conflict``."""
    return getattr(node, "id", None) or getattr(node, "attr", "")


def sources() -> dict[Path, ast.Module]:
    files = (path for top in PACKAGES for path in (ROOT / top).rglob("*.py"))
    return {path: ast.parse(path.read_text()) for path in files}


def refusals(trees: list[ast.Module]) -> set[str]:
    """``DomainError`` and every class below it."""
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    names, grown = {"DomainError"}, True
    while grown:
        below = {each.name for each in classes if names & {name_of(base) for base in each.bases}}
        grown = not below <= names
        names |= below
    return names


def spoken(node: ast.AST, constants: dict[str, ast.expr]) -> Iterator[str]:
    """Chinese literals of an expression that no wrapper translates; names are looked up once."""
    if isinstance(node, ast.Call) and name_of(node.func) in WRAPPERS:
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and HAN.search(node.value):
        yield node.value
    if isinstance(node, ast.Name) and node.id in constants:
        yield from spoken(constants[node.id], {})
    for child in ast.iter_child_nodes(node):
        yield from spoken(child, constants)


def unwrapped(tree: ast.Module, names: set[str]) -> Iterator[tuple[int, str]]:
    constants = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node.func) in names:
            for argument in node.args:
                for text in spoken(argument, constants):
                    yield node.lineno, text


def test_every_refusal_is_wrapped_for_translation():
    trees = sources()
    names = refusals(list(trees.values()))
    assert {"NotAllowed", "BadReport", "Rejected"} <= names
    found = [
        f"{path.relative_to(ROOT)}:{line} {text}"
        for path, tree in trees.items()
        for line, text in unwrapped(tree, names)
    ]
    assert not found, "wrap with gettext as _:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ('raise Conflict("已上报。")', 1),
        ('raise Conflict(f"{n} 已上报。")', 1),
        ('raise errors.Conflict("已上报。" if a else _("未上报。"))', 1),
        ('WORDS = "已上报。"\nraise Conflict(WORDS)', 1),
        ('raise Conflict("第 %s 行" % n)', 1),
        ('raise Conflict(_("已上报。"))', 0),
        ('raise Conflict(_("第 %(n)s 行") % {"n": n})', 0),
        ('raise ValueError("已上报。")', 0),
    ],
)
def test_the_check_itself_sees_what_is_not_wrapped(source, count):
    assert len(list(unwrapped(ast.parse(source), {"Conflict"}))) == count
