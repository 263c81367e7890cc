"""Wagtail's admin search on Chinese text: the database backends with character bigrams.

Stock backends take a run of Han characters for one word, so only titles that begin with the query
are found. Here a run becomes its bigrams (and its last character alone) when indexed, and a phrase
of bigrams when queried; one character becomes a prefix. A query without any letter finds nothing.
modelsearch's internals are subclassed: its version is pinned and the probes of
``tests/search/test_wagtail_backend.py`` run on every upgrade.
"""

from functools import cache, reduce

from django.db import connection
from modelsearch.backends.database import SearchBackend as stock_backend
from modelsearch.query import And, Boost, Fuzzy, Not, Or, Phrase, PlainText, SearchQuery

from search.text import Run, fold, run_grams, runs


def index_text(text: str) -> str:
    """Tokens of a field as indexed, joined by blanks."""
    return " ".join(token for run in runs(fold(text)) for token in _indexed(run))


def _indexed(run: Run) -> list[str]:
    """Bigrams and the last character: so that each character begins some token."""
    if run.is_han and len(run.text) > 1:
        return [*run_grams(run), run.text[-1]]
    return run_grams(run)


def phrase_tokens(text: str) -> list[str]:
    """Tokens that stand side by side in the index exactly where the text does."""
    found = list(runs(fold(text)))
    tokens = [token for run in found[:-1] for token in _indexed(run)]
    return tokens + (run_grams(found[-1]) if found else [])


def prune(query: SearchQuery | None) -> SearchQuery | None:
    """The query without parts that hold no letter; None when nothing is left."""
    match query:
        case PlainText() | Phrase() | Fuzzy():
            return query if any(runs(fold(query.query_string))) else None
        case Not():
            inner = prune(query.subquery)
            return Not(inner) if inner is not None else None
        case Boost():
            inner = prune(query.subquery)
            return Boost(inner, query.boost) if inner is not None else None
        case And() | Or():
            kept = [inner for inner in map(prune, query.subqueries) if inner is not None]
            if not kept:
                return None
            return kept[0] if len(kept) == 1 else type(query)(kept)
    return query


@cache
def _sqlite_backend():
    from django.utils.encoding import force_str
    from modelsearch.backends.database.sqlite import sqlite
    from modelsearch.backends.database.sqlite.query import Lexeme, SearchQueryExpression
    from modelsearch.utils import get_content_type_pk

    class Indexer(sqlite.ObjectIndexer):
        def prepare_field(self, obj, field):
            for current, value in super().prepare_field(obj, field):
                yield current, index_text(force_str(value))

    class Index(sqlite.SQLiteIndex):
        def add_items(self, model, objs):
            if not model.get_search_fields():
                return
            content_type = get_content_type_pk(model)
            entries = self.entries.filter(content_type_id=content_type)
            indexers = [Indexer(obj, self.backend) for obj in objs]
            known = set(
                entries.filter(object_id__in=[i.id for i in indexers]).values_list(
                    "object_id", flat=True
                )
            )
            fresh = []
            for indexer in indexers:
                texts = {
                    "title": indexer.title,
                    "autocomplete": indexer.autocomplete,
                    "body": indexer.body,
                }
                if indexer.id in known:
                    entries.filter(object_id=indexer.id).update(**texts)
                else:
                    fresh.append(
                        sqlite.IndexEntry(
                            content_type_id=content_type, object_id=indexer.id, **texts
                        )
                    )
            self.entries.bulk_create(fresh)
            if indexers:
                self._refresh_title_norms()

    class Compiling:
        def build_search_query_content(self, query, config=None):
            if isinstance(query, Phrase):
                return SearchQueryExpression(Lexeme(" ".join(phrase_tokens(query.query_string))))
            if not isinstance(query, PlainText):
                return super().build_search_query_content(query, config=config)
            found = list(runs(fold(query.query_string)))
            lexemes = [
                Lexeme(
                    " ".join(run_grams(run)),
                    prefix=_is_prefix(run, self.LAST_TERM_IS_PREFIX and run is found[-1]),
                )
                for run in found
            ]
            wants_all = query.operator.upper() == "AND"
            return SearchQueryExpression(
                reduce(lambda a, b: a & b if wants_all else a | b, lexemes), config=config
            )

        def search(self, config, start, stop, score_field=None):
            self.query = prune(self.query)
            if self.query is None:
                return self.queryset.none()
            return super().search(config, start, stop, score_field=score_field)

    class Compiler(Compiling, sqlite.SQLiteSearchQueryCompiler):
        pass

    class AutocompleteCompiler(Compiling, sqlite.SQLiteAutocompleteQueryCompiler):
        pass

    class Backend(sqlite.SQLiteSearchBackend):
        index_class = Index
        query_compiler_class = Compiler
        autocomplete_query_compiler_class = AutocompleteCompiler

    return Backend


@cache
def _postgres_backend():
    from django.contrib.postgres.search import SearchQuery as TextSearchQuery
    from modelsearch.backends.database.postgres import postgres
    from modelsearch.backends.database.postgres.query import CombinedLexeme, Lexeme
    from modelsearch.utils import get_content_type_pk

    class Indexer(postgres.ObjectIndexer):
        def as_vector(self, texts, for_autocomplete=False):
            tokens = [(index_text(text), weight) for text, weight in texts]
            return super().as_vector(tokens, for_autocomplete)

    class Index(postgres.PostgresIndex):
        def add_items(self, model, objs):
            if not model.get_search_fields():
                return
            content_type = get_content_type_pk(model)
            fields = ("title", "autocomplete", "body", "title_text", "body_text")
            entries = [
                postgres.IndexEntry(
                    content_type_id=content_type,
                    object_id=indexer.id,
                    title_norm=1.0,
                    **{name: getattr(indexer, name) for name in fields},
                )
                for indexer in (Indexer(obj, self.backend) for obj in objs)
            ]
            if not entries:
                return
            self.entries.bulk_create(
                entries,
                update_conflicts=True,
                unique_fields=["content_type", "object_id"],
                update_fields=[*fields, "title_norm"],
            )
            self._refresh_title_norms()

    class Compiling:
        def build_tsquery_content(self, query, config=None, invert=False):
            if isinstance(query, Phrase):
                lexeme = _side_by_side(phrase_tokens(query.query_string))
            elif isinstance(query, PlainText):
                found = list(runs(fold(query.query_string)))
                lexemes = [
                    _side_by_side(
                        run_grams(run),
                        _is_prefix(run, self.LAST_TERM_IS_PREFIX and run is found[-1]),
                    )
                    for run in found
                ]
                wants_all = query.operator.upper() == "AND"
                lexeme = reduce(lambda a, b: a & b if wants_all else a | b, lexemes)
            else:
                return super().build_tsquery_content(query, config=config, invert=invert)
            return TextSearchQuery(lexeme, search_type="raw", config=config, invert=invert)

        def search(self, config, start, stop, score_field=None, backend=None):
            self.query = prune(self.query)
            if self.query is None:
                return self.queryset.none()
            return super().search(config, start, stop, score_field=score_field, backend=backend)

    def _side_by_side(tokens, prefix=False):
        lexemes = [Lexeme(token) for token in tokens[:-1]]
        lexemes.append(Lexeme(tokens[-1], prefix=prefix))
        return reduce(lambda a, b: CombinedLexeme(a, "<->", b), lexemes)

    class Compiler(Compiling, postgres.PostgresSearchQueryCompiler):
        pass

    class AutocompleteCompiler(Compiling, postgres.PostgresAutocompleteQueryCompiler):
        pass

    class Backend(postgres.PostgresSearchBackend):
        index_class = Index
        query_compiler_class = Compiler
        autocomplete_query_compiler_class = AutocompleteCompiler

        def __init__(self, params):
            super().__init__(params)
            # Our tokens need no stemming and no stop words.
            self.config = params.get("SEARCH_CONFIG", "simple")

    return Backend


def _is_prefix(run: Run, is_last_of_autocomplete: bool) -> bool:
    """One Han character is the beginning of its bigrams; a last Latin word may be unfinished."""
    return (run.is_han and len(run.text) == 1) or (is_last_of_autocomplete and not run.is_han)


def SearchBackend(params):  # noqa: N802  (the name Wagtail looks for)
    """The backend for the default database; without full-text tables modelsearch's own."""
    stock = stock_backend(params)
    makers = {"sqlite": _sqlite_backend, "postgresql": _postgres_backend}
    if make := makers.get(connection.vendor):
        backend = make()
        # SQLite may lack FTS5; then the stock choice is modelsearch's plain fallback.
        if isinstance(stock, backend.__base__):
            return backend(params)
    return stock
