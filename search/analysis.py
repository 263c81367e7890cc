"""The analyzer in use: built from the glossary, kept in the process, renewed when it changes."""

import threading
import time

from search.models import GlossaryTerm
from search.text import Analyzer, fold

# Other processes see a changed glossary after this long; bigrams keep search right meanwhile.
RENEW_SECONDS = 30.0

_lock = threading.Lock()
_analyzer: Analyzer | None = None
_synonyms: dict[str, tuple[str, ...]] = {}
_read_at = 0.0


def _read() -> None:
    global _analyzer, _synonyms, _read_at
    terms = list(GlossaryTerm.objects.order_by("term"))
    words = [word for term in terms for word in (term.term, *term.synonym_list)]
    fresh = Analyzer(words)
    if _analyzer is None or fresh.version != _analyzer.version:
        _analyzer = fresh
    table: dict[str, tuple[str, ...]] = {}
    for term in terms:
        group = [fold(word) for word in (term.term, *term.synonym_list)]
        if len(group) > 1:
            for word in group:
                table[word] = tuple(other for other in group if other != word)
    _synonyms = table
    _read_at = time.monotonic()


def _renew() -> None:
    with _lock:
        if _analyzer is None or time.monotonic() - _read_at > RENEW_SECONDS:
            _read()


def current_analyzer() -> Analyzer:
    """The analyzer with today's glossary; at most one query every RENEW_SECONDS."""
    _renew()
    return _analyzer


def current_synonyms() -> dict[str, tuple[str, ...]]:
    """Folded term → its other folded forms."""
    _renew()
    return _synonyms


def forget() -> None:
    """Read the glossary anew at the next use (it was edited in this process)."""
    global _read_at
    _read_at = -RENEW_SECONDS - 1.0
