"""Engines of the learner search; ``get_engine`` gives the configured one."""

import threading

from django.conf import settings

from search.engines.base import SearchEngine

_lock = threading.Lock()
_engines: dict[tuple, SearchEngine] = {}


def get_engine() -> SearchEngine:
    """The engine the settings name; one object per process and configuration."""
    key = (
        settings.SEARCH_ENGINE,
        str(settings.SEARCH_INDEX_DIR),
        settings.ELASTICSEARCH_URL,
        settings.ELASTICSEARCH_PREFIX,
    )
    with _lock:
        if key not in _engines:
            _engines[key] = _make()
        return _engines[key]


def _make() -> SearchEngine:
    from search.analysis import current_analyzer

    if settings.SEARCH_ENGINE == "elasticsearch":
        from search.engines.elasticsearch import ElasticsearchEngine

        return ElasticsearchEngine(
            settings.ELASTICSEARCH_URL, settings.ELASTICSEARCH_PREFIX, current_analyzer
        )
    from search.engines.tantivy import TantivyEngine

    return TantivyEngine(settings.SEARCH_INDEX_DIR, current_analyzer)


def forget() -> None:
    """Open the engine anew at the next use; tests change the settings."""
    with _lock:
        _engines.clear()
