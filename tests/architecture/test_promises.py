"""The table of docs/judge.md names tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = re.findall(r"`(test_\w+)\.(test_\w+)`", (ROOT / "docs" / "judge.md").read_text())


@pytest.mark.pure
def test_each_promise_of_the_judge_names_a_test_that_exists():
    assert len(NAMED) > 30
    sources = {path.stem: path.read_text() for path in (ROOT / "tests").rglob("test_*.py")}
    missing = [
        (module, name) for module, name in NAMED if f"def {name}(" not in sources.get(module, "")
    ]
    assert not missing
