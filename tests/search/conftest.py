"""Each test has its own empty index; the Elasticsearch one runs where a server is named."""

import os
import secrets

import pytest

from search import analysis, engines, registry


@pytest.fixture(autouse=True)
def own_index(settings, tmp_path):
    """No test sees the index or the glossary of another."""
    settings.SEARCH_ENGINE = "tantivy"
    settings.ELASTICSEARCH_URL = ""
    settings.SEARCH_INDEX_DIR = tmp_path / "search"
    engines.forget()
    analysis.forget()
    known = dict(registry._registrations)
    yield
    registry._registrations.clear()
    registry._registrations.update(known)
    engines.forget()


def _use_elasticsearch(settings):
    settings.SEARCH_ENGINE = "elasticsearch"
    settings.ELASTICSEARCH_URL = os.environ["ELASTICSEARCH_URL"]
    settings.ELASTICSEARCH_PREFIX = f"test-{secrets.token_hex(4)}"


@pytest.fixture(params=["tantivy", pytest.param("elasticsearch", marks=pytest.mark.services)])
def engine(request, settings):
    """The engine under test, empty."""
    if request.param == "elasticsearch":
        _use_elasticsearch(settings)
    made = engines.get_engine()
    made.ensure()
    yield made
    if request.param == "elasticsearch":
        client = made._client.options(request_timeout=30)
        for name in client.indices.get(index=f"{settings.ELASTICSEARCH_PREFIX}-*"):
            client.indices.delete(index=name)
