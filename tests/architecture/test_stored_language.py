"""What is stored for others to read is composed in the school's language, whoever acts."""

import ast

import pytest

from tests.architecture.layers import ROOT

pytestmark = pytest.mark.pure

DOOR = "school_language"
SENDING = {"tell", "remind"}


def _calls(node, name) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _covered(node) -> bool:
    """Whether a function or a with-block goes through the door."""
    if isinstance(node, ast.With):
        return any(_calls(item.context_expr, DOOR) for item in node.items)
    return any(_calls(each, DOOR) for each in getattr(node, "decorator_list", []))


def _outside(tree) -> list[int]:
    """Lines that compose a sentence outside of the door in a call that stores a message."""
    found = []

    def walk(node, inside):
        inside = inside or _covered(node)
        if any(_calls(node, name) for name in SENDING) and not inside:
            found.extend(each.lineno for each in ast.walk(node) if _calls(each, "_"))
        for child in ast.iter_child_nodes(node):
            walk(child, inside)

    walk(tree, False)
    return found


def test_messages_are_written_in_the_schools_language():
    wrong = []
    for path in sorted(ROOT.rglob("*.py")):
        if path.relative_to(ROOT).parts[0] not in ("school", "courses", "quizzes", "media"):
            continue
        text = path.read_text()
        if "from school.notices.services import" not in text:
            continue
        wrong += [f"{path.relative_to(ROOT)}:{line}" for line in _outside(ast.parse(text))]
    assert not wrong, f"compose in `with {DOOR}():`: {wrong}"


def test_the_rule_sees_a_sentence_in_the_language_of_who_acts():
    bad = "def act():\n    tell(member_ids=[1], title=_('好'))\n"
    good = "@school_language()\n" + bad
    assert _outside(ast.parse(bad)) and not _outside(ast.parse(good))
