"""`manage.py check` says when the index has no place to live."""

import pytest

from search import checks

pytestmark = pytest.mark.pure


def test_an_index_whose_folder_cannot_be_made_is_an_error(settings, tmp_path):
    settings.SEARCH_ENGINE = "tantivy"
    settings.SEARCH_INDEX_DIR = tmp_path / "gone" / "index"
    [error] = checks.index_directory(None)
    assert error.id == "search.E001" and str(settings.SEARCH_INDEX_DIR) in error.msg


def test_an_index_that_is_still_to_be_made_in_a_folder_of_ours_is_fine(settings, tmp_path):
    settings.SEARCH_ENGINE = "tantivy"
    for folder in (tmp_path, tmp_path / "index"):
        settings.SEARCH_INDEX_DIR = folder
        assert checks.index_directory(None) == []


def test_another_engine_needs_no_folder_here(settings, tmp_path):
    settings.SEARCH_ENGINE = "elasticsearch"
    settings.SEARCH_INDEX_DIR = tmp_path / "gone" / "index"
    assert checks.index_directory(None) == []
