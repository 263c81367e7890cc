"""The embedded engine: a Tantivy index on local disk.

Folder: ``tantivy/<version>-<time>/`` holds an index and ``version.json``; ``tantivy/current`` names
the one in use and is replaced in one step. One writer at a time (the caller holds the lock of the
drain); readers in other processes notice a commit by the change of ``meta.json``.
"""

import contextlib
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import tantivy

from search.documents import EngineDoc
from search.engines.base import (
    EngineDown,
    EngineHealth,
    EngineHit,
    EngineQuery,
    EngineResult,
    facet_tokens,
    seconds,
    split_facet,
    text_fields,
)
from search.plan import FIELD_WEIGHTS, SCHEMA_REVISION, AnyOf, Bool, Constant, Node, Phrase, Term
from search.text import Analyzer

TOKENIZER = "tokens"
WRITER_HEAP = 30_000_000
MOST_FACETS = 200
# Tantivy multiplies a score by log2(2 + field), the field taken as 0 when negative. Storing
# 2^(4·weight) - 2 makes it multiply by four times the weight, for weights from 0.25; search
# divides by four again.
WEIGHT_SCALE = 4.0
Occur = tantivy.Occur


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("doc_id", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("kind", "audience", "facet"):
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    for name in FIELD_WEIGHTS:
        builder.add_text_field(f"{name}_w", tokenizer_name=TOKENIZER, index_option="freq")
        builder.add_text_field(f"{name}_g", tokenizer_name=TOKENIZER, index_option="position")
    for name in ("characters", "title_characters"):
        builder.add_text_field(name, tokenizer_name=TOKENIZER, index_option="freq")
    builder.add_integer_field("published", indexed=True, fast=True)
    builder.add_float_field("weight", indexed=False, fast=True)
    return builder.build()


def _register(index: tantivy.Index) -> tantivy.Index:
    # Tokenizers are not stored with the index: every process must register them.
    analyzer = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer(TOKENIZER, analyzer)
    return index


def _document(doc: EngineDoc, analyzer: Analyzer) -> tantivy.Document:
    document = tantivy.Document()
    document.add_text("doc_id", doc.doc_id)
    document.add_text("kind", doc.data.kind)
    document.add_text("audience", doc.data.audience)
    for token in facet_tokens(doc):
        document.add_text("facet", token)
    for name, tokens in text_fields(doc, analyzer).items():
        document.add_text(name, tokens)
    document.add_integer("published", seconds(doc.data.published_at))
    document.add_float("weight", 2.0 ** (WEIGHT_SCALE * doc.data.weight) - 2.0)
    return document


class _Translator:
    """From the neutral tree to Tantivy query objects; user text never meets a parser."""

    def __init__(self, schema: tantivy.Schema) -> None:
        self._schema = schema

    def __call__(self, node: Node) -> tantivy.Query:
        query = tantivy.Query
        match node:
            case Term(field, token, boost):
                return query.boost_query(
                    query.term_query(self._schema, field, token, "freq"), boost
                )
            case Phrase(field, tokens, boost):
                return query.boost_query(
                    query.phrase_query(self._schema, field, list(tokens)), boost
                )
            case AnyOf(field, values):
                terms = query.term_set_query(self._schema, field, list(values))
                return query.const_score_query(terms, 0.0)
            case Constant(inner, score):
                return query.const_score_query(self(inner), score)
            case Bool():
                return self._bool(node)
        raise TypeError(node)

    def _bool(self, node: Bool) -> tantivy.Query:
        query = tantivy.Query
        parts = [(Occur.Must, self(n)) for n in node.must]
        parts += [(Occur.Must, query.const_score_query(self(n), 0.0)) for n in node.filters]
        should = [(Occur.Should, self(n)) for n in node.should]
        if node.minimum and (parts or node.minimum > 1):
            inner = query.boolean_query(should, minimum_number_should_match=node.minimum)
            return query.boolean_query([*parts, (Occur.Must, inner)]) if parts else inner
        return query.boolean_query(parts + should)


class TantivyEngine:
    """Learner search without any server."""

    capabilities = frozenset({"facets"})

    def __init__(self, folder: Path, analyzer: Callable[[], Analyzer]) -> None:
        self._root = Path(folder) / "tantivy"
        self._analyzer = analyzer
        self._lock = threading.Lock()
        self._index: tantivy.Index | None = None
        self._opened: tuple[str, int] | None = None

    @property
    def version(self) -> str:
        """Version of schema and analysis that a new index would get."""
        return f"{SCHEMA_REVISION}-{self._analyzer().version}"

    # -- where the index is -------------------------------------------------------------------

    @property
    def _pointer(self) -> Path:
        return self._root / "current"

    def _current(self) -> Path | None:
        try:
            path = self._root / self._pointer.read_text().strip()
        except FileNotFoundError:
            return None
        return path if path.is_dir() else None

    def _create(self) -> tuple[Path, tantivy.Index]:
        path = self._root / f"{self.version}-{time.time_ns()}"
        path.mkdir(parents=True)
        index = _register(tantivy.Index(_schema(), path=str(path)))
        version = {"schema": SCHEMA_REVISION, "version": self.version}
        (path / "version.json").write_text(json.dumps(version))
        return path, index

    def _point_to(self, path: Path) -> None:
        temporary = self._root / f"current.{os.getpid()}.{threading.get_ident()}"
        temporary.write_text(path.name)
        temporary.replace(self._pointer)

    def _open(self) -> tantivy.Index:
        """The index in use, re-opened after a swap and reloaded after a commit."""
        path = self._current()
        if path is None:
            raise EngineDown("no index yet")
        try:
            state = (path.name, (path / "meta.json").stat().st_mtime_ns)
            with self._lock:
                if self._opened is None or self._opened[0] != state[0]:
                    if self._version_of(path).get("schema") != SCHEMA_REVISION:
                        raise EngineDown("index has another schema; run search_rebuild")
                    self._index = _register(tantivy.Index.open(str(path)))
                elif self._opened != state:
                    self._index.reload()
                self._opened = state
                return self._index
        except (OSError, ValueError) as error:
            raise EngineDown(str(error)) from error

    @staticmethod
    def _version_of(path: Path) -> dict:
        try:
            return json.loads((path / "version.json").read_text())
        except (OSError, ValueError):
            return {}

    # -- writing ------------------------------------------------------------------------------

    def ensure(self) -> bool:
        """Make an empty index if there is none or it has another schema."""
        path = self._current()
        if path is not None and self._version_of(path).get("schema") == SCHEMA_REVISION:
            return False
        self._root.mkdir(parents=True, exist_ok=True)
        self._point_to(self._create()[0])
        return True

    def apply(self, upserts: Sequence[EngineDoc], deletes: Sequence[tuple[str, int]]) -> None:
        """Write and remove in one commit; the caller holds the lock of the drain."""
        self.ensure()
        index = self._open()
        analyzer = self._analyzer()
        try:
            with _writer(index) as writer:
                for doc_id, _version in deletes:
                    writer.delete_documents_by_term("doc_id", doc_id)
                for doc in upserts:
                    writer.delete_documents_by_term("doc_id", doc.doc_id)
                    writer.add_document(_document(doc, analyzer))
        except (OSError, ValueError) as error:
            raise EngineDown(str(error)) from error
        index.reload()

    def rebuild(self) -> "TantivyRebuild":
        """Start a new index beside the one in use."""
        self._root.mkdir(parents=True, exist_ok=True)
        return TantivyRebuild(self, self._analyzer())

    # -- reading ------------------------------------------------------------------------------

    def search(self, query: EngineQuery) -> EngineResult:
        """Answer one query."""
        index = self._open()
        translate = _Translator(index.schema)
        filters: list[Node] = [AnyOf("audience", query.audience)]
        filters += [AnyOf("facet", (f"{name}={value}",)) for name, value in query.facets]
        kinds = [AnyOf("kind", query.kinds)] if query.kinds else []
        every = Bool(must=(query.node,), filters=tuple(filters))
        narrowed = Bool(must=(query.node,), filters=tuple(filters + kinds))
        try:
            searcher = index.searcher()
            wanted = translate(narrowed)
            newest = query.sort == "newest"
            options = {"order_by_field": "published"} if newest else {"weight_by_field": "weight"}
            found = searcher.search(wanted, query.size, True, offset=query.start, **options)
            hits = tuple(
                EngineHit(
                    searcher.doc(address).get_first("doc_id"),
                    0.0 if newest else score / WEIGHT_SCALE,
                )
                for score, address in found.hits
            )
            by_kind = _terms(searcher, translate(every), "kind")
            by_facet = _terms(searcher, wanted, "facet")
        except ValueError as error:
            raise EngineDown(str(error)) from error
        return EngineResult(
            hits=hits,
            total=found.count,
            kinds=by_kind,
            facets={split_facet(token): count for token, count in by_facet.items()},
        )

    def health(self) -> EngineHealth:
        """State of the index."""
        path = self._current()
        if path is None:
            return EngineHealth("tantivy", False, detail="no index yet")
        try:
            docs = self._open().searcher().num_docs
        except EngineDown as error:
            return EngineHealth("tantivy", False, detail=str(error))
        size = sum(file.stat().st_size for file in path.iterdir() if file.is_file())
        return EngineHealth(
            "tantivy", True, docs, self._version_of(path).get("version", ""), size, path.name
        )


@contextlib.contextmanager
def _writer(index: tantivy.Index):
    """A writer that commits at the end, or rolls back; its lock is freed either way."""
    writer = index.writer(WRITER_HEAP, 1)
    try:
        yield writer
        writer.commit()
    except BaseException:
        writer.rollback()
        raise
    finally:
        writer.wait_merging_threads()


def _terms(searcher: tantivy.Searcher, query: tantivy.Query, field: str) -> dict[str, int]:
    answer = searcher.aggregate(query, {"it": {"terms": {"field": field, "size": MOST_FACETS}}})
    return {bucket["key"]: int(bucket["doc_count"]) for bucket in answer["it"]["buckets"]}


class TantivyRebuild:
    """A new index folder, filled in large commits."""

    def __init__(self, engine: TantivyEngine, analyzer: Analyzer) -> None:
        self._engine = engine
        self._analyzer = analyzer
        self._path, self._index = engine._create()

    def add(self, docs: Iterable[EngineDoc]) -> None:
        """Write documents, replacing those with the same number."""
        with _writer(self._index) as writer:
            for doc in docs:
                writer.delete_documents_by_term("doc_id", doc.doc_id)
                writer.add_document(_document(doc, self._analyzer))

    def delete(self, doc_ids: Sequence[str]) -> None:
        """Remove documents."""
        with _writer(self._index) as writer:
            for doc_id in doc_ids:
                writer.delete_documents_by_term("doc_id", doc_id)

    def swap(self) -> None:
        """Use the new index from now on; the one before stays until the next rebuild."""
        engine = self._engine
        previous = engine._current()
        engine._point_to(self._path)
        keep = {self._path, previous}
        for folder in engine._root.iterdir():
            if folder.is_dir() and folder not in keep:
                shutil.rmtree(folder, ignore_errors=True)

    def abort(self) -> None:
        """Throw the new index away."""
        shutil.rmtree(self._path, ignore_errors=True)
