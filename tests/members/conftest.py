"""What tests of people start from: a tree, who leads it, a folder of their own for rosters."""

import pytest

from tests.factories import members as make


@pytest.fixture(autouse=True)
def roster_dir(settings, tmp_path):
    settings.ROSTER_DIR = tmp_path / "rosters"
    return settings.ROSTER_DIR


@pytest.fixture
def tree(db):
    return make.tree()


@pytest.fixture
def admin(tree):
    return make.officer(tree[0], "committee_admin")
