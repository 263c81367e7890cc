"""The engine for many machines: Elasticsearch 8 or 9, without plugins and without scripts.

All analysis is ours: fields hold our tokens, the server splits them at blanks. Indices are named
``<prefix>-<version>-<time>``; the alias ``<prefix>-current`` names the one in use. Versions are
ours too, so a late write never overtakes a newer one.
"""

import logging
import re
import time
from collections.abc import Callable, Iterable, Sequence

from elasticsearch import ApiError, TransportError
from elasticsearch.helpers import BulkIndexError, streaming_bulk
from elasticsearch_dsl import A, Index, Q, Search, connections

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

logger = logging.getLogger(__name__)

SEARCH_TIMEOUT = 2.0
WRITE_TIMEOUT = 30.0
# After a failure searches go straight to the database for this long.
BREAK_SECONDS = 5.0
MOST_FACETS = 200
CHUNK = 200
CONFLICT = 409
MISSING = 404


def _mapping() -> dict:
    tokens = {"type": "text", "analyzer": "whitespace"}
    properties: dict[str, dict] = {
        name: {"type": "keyword"} for name in ("doc_id", "kind", "audience", "facet")
    }
    for name in FIELD_WEIGHTS:
        properties[f"{name}_w"] = {**tokens, "index_options": "freqs"}
        properties[f"{name}_g"] = tokens
    for name in ("characters", "title_characters"):
        properties[name] = {**tokens, "index_options": "freqs"}
    properties["published"] = {"type": "long"}
    properties["weight"] = {"type": "float"}
    return {"dynamic": "strict", "properties": properties}


def _source(doc: EngineDoc, analyzer: Analyzer) -> dict:
    return {
        "doc_id": doc.doc_id,
        "kind": doc.data.kind,
        "audience": doc.data.audience,
        "facet": facet_tokens(doc),
        "published": seconds(doc.data.published_at),
        "weight": doc.data.weight,
        **text_fields(doc, analyzer),
    }


def translate(node: Node) -> Q:
    """From the neutral tree to the query DSL."""
    match node:
        case Term(field, token, boost):
            return Q("term", **{field: {"value": token, "boost": boost}})
        case Phrase(field, tokens, boost):
            return Q("match_phrase", **{field: {"query": " ".join(tokens), "boost": boost}})
        case AnyOf(field, values):
            return Q("terms", **{field: list(values)})
        case Constant(inner, score):
            return Q("constant_score", filter=translate(inner), boost=score)
        case Bool(must, should, filters, minimum):
            return Q(
                "bool",
                must=[translate(n) for n in must],
                should=[translate(n) for n in should],
                filter=[translate(n) for n in filters],
                minimum_should_match=minimum,
            )
    raise TypeError(node)


class ElasticsearchEngine:
    """Learner search on a cluster."""

    capabilities = frozenset({"facets"})

    def __init__(self, url: str, prefix: str, analyzer: Callable[[], Analyzer]) -> None:
        self._alias = f"{prefix}-current"
        self._prefix = prefix
        self._analyzer = analyzer
        self._broken_until = 0.0
        self._client = connections.create_connection(
            alias=f"search-{prefix}", hosts=[url], request_timeout=SEARCH_TIMEOUT, max_retries=0
        )
        self._writer = self._client.options(request_timeout=WRITE_TIMEOUT, max_retries=1)

    @property
    def version(self) -> str:
        """Version of schema and analysis that a new index would get."""
        return f"{SCHEMA_REVISION}-{self._analyzer().version}"

    def _down(self, error: Exception) -> EngineDown:
        self._broken_until = time.monotonic() + BREAK_SECONDS
        logger.warning("Elasticsearch does not answer: %s", str(error)[:200])
        return EngineDown(str(error))

    # -- writing ------------------------------------------------------------------------------

    def _create(self) -> str:
        name = f"{self._prefix}-{self.version}-{time.time_ns()}"
        index = Index(name, using=self._writer)
        index.settings(number_of_shards=1, auto_expand_replicas="0-1", refresh_interval="1s")
        body = index.to_dict()
        body["mappings"] = {**_mapping(), "_meta": {"version": self.version}}
        self._writer.indices.create(index=name, **body)
        return name

    def ensure(self) -> bool:
        """Make an empty index behind the alias if there is none or it has another schema."""
        try:
            if self._version().split("-")[0] == SCHEMA_REVISION:
                return False
            self._point_to(self._create())
        except (ApiError, TransportError) as error:
            raise self._down(error) from error
        return True

    def _indices(self) -> list[str]:
        """Indices behind the alias: one, or none yet."""
        try:
            return list(self._writer.indices.get_alias(name=self._alias))
        except ApiError as error:
            if error.status_code == MISSING:
                return []
            raise

    def _version(self) -> str:
        for mapping in self._mappings().values():
            return mapping["mappings"].get("_meta", {}).get("version", "")
        return ""

    def _mappings(self) -> dict:
        try:
            return self._writer.indices.get_mapping(index=self._alias).body
        except ApiError as error:
            if error.status_code == MISSING:
                return {}
            raise

    def _point_to(self, name: str) -> list[str]:
        """Move the alias in one call; returns the indices it left."""
        previous = self._indices()
        actions = [{"remove": {"index": old, "alias": self._alias}} for old in previous]
        actions.append({"add": {"index": name, "alias": self._alias}})
        self._writer.indices.update_aliases(actions=actions)
        return previous

    def _bulk(self, actions: Iterable[dict]) -> None:
        """Send actions; an older version losing or a missing document is no error."""
        try:
            for accepted, item in streaming_bulk(
                self._writer, actions, chunk_size=CHUNK, raise_on_error=False
            ):
                (answer,) = item.values()
                if not accepted and answer.get("status") not in (CONFLICT, MISSING):
                    raise EngineDown(str(answer)[:500])
        except (ApiError, TransportError, BulkIndexError) as error:
            raise self._down(error) from error

    def _write_action(self, doc: EngineDoc, index: str, analyzer: Analyzer) -> dict:
        return {
            "_op_type": "index",
            "_index": index,
            "_id": doc.doc_id,
            "version": doc.version,
            "version_type": "external_gte",
            "_source": _source(doc, analyzer),
        }

    @staticmethod
    def _delete_action(doc_id: str, version: int, index: str) -> dict:
        return {
            "_op_type": "delete",
            "_index": index,
            "_id": doc_id,
            "version": version,
            "version_type": "external_gte",
        }

    def apply(self, upserts: Sequence[EngineDoc], deletes: Sequence[tuple[str, int]]) -> None:
        """Write and remove in bulk, then make it visible."""
        self.ensure()
        analyzer = self._analyzer()
        actions = [self._write_action(doc, self._alias, analyzer) for doc in upserts]
        actions += [self._delete_action(doc_id, v, self._alias) for doc_id, v in deletes]
        self._bulk(actions)
        self._refresh(self._alias)

    def _refresh(self, index: str) -> None:
        try:
            self._writer.indices.refresh(index=index)
        except (ApiError, TransportError) as error:
            raise self._down(error) from error

    def rebuild(self) -> "ElasticsearchRebuild":
        """Start a new index beside the one in use."""
        return ElasticsearchRebuild(self)

    # -- reading ------------------------------------------------------------------------------

    def search(self, query: EngineQuery) -> EngineResult:
        """Answer one query."""
        if time.monotonic() < self._broken_until:
            raise EngineDown("waiting after a failure")
        try:
            response = self._request(query).execute()
        except (ApiError, TransportError) as error:
            raise self._down(error) from error
        hits = tuple(EngineHit(hit.meta.id, float(hit.meta.score or 0)) for hit in response.hits)
        facets = response.aggregations.facets.it.buckets
        return EngineResult(
            hits=hits,
            total=response.hits.total.value,
            kinds={b.key: b.doc_count for b in response.aggregations.kinds.buckets},
            facets={split_facet(b.key): b.doc_count for b in facets},
        )

    def _request(self, query: EngineQuery) -> Search:
        filters = [translate(AnyOf("audience", query.audience))]
        filters += [Q("term", facet=f"{name}={value}") for name, value in query.facets]
        scored = Q("bool", must=[translate(query.node)], filter=filters)
        weighted = Q(
            "function_score",
            query=scored,
            functions=[{"field_value_factor": {"field": "weight", "missing": 1}}],
            boost_mode="multiply",
        )
        kinds = Q("terms", kind=list(query.kinds)) if query.kinds else Q("match_all")
        request = Search(using=self._client, index=self._alias).query(weighted)
        request = request.source(False).extra(track_total_hits=True)
        # Kinds narrow the hits after counting, so that the other kinds keep their counts.
        request = request.post_filter(kinds)
        request.aggs.bucket("kinds", A("terms", field="kind", size=MOST_FACETS))
        request.aggs.bucket("facets", A("filter", kinds)).bucket(
            "it", A("terms", field="facet", size=MOST_FACETS)
        )
        if query.sort == "newest":
            request = request.sort("-published")
        return request[query.start : query.start + query.size]

    def health(self) -> EngineHealth:
        """State of the index."""
        try:
            # GET / is not offered by every build; the health of the cluster always is.
            status = self._client.cluster.health()["status"]
            names = self._indices()
            if not names:
                return EngineHealth("elasticsearch", True, detail=f"{status}, no index yet")
            docs = self._client.count(index=self._alias)["count"]
            return EngineHealth(
                "elasticsearch", True, docs, self._version(), detail=f"{status}, {names[0]}"
            )
        except (ApiError, TransportError) as error:
            return EngineHealth("elasticsearch", False, detail=str(error)[:200])


class ElasticsearchRebuild:
    """A new index filled by bulk requests; the alias moves at the end."""

    def __init__(self, engine: ElasticsearchEngine) -> None:
        self._engine = engine
        self._analyzer = engine._analyzer()
        try:
            self._name = engine._create()
        except (ApiError, TransportError) as error:
            raise engine._down(error) from error

    def add(self, docs: Iterable[EngineDoc]) -> None:
        """Write documents, replacing those with the same number."""
        engine = self._engine
        engine._bulk(engine._write_action(doc, self._name, self._analyzer) for doc in docs)

    def delete(self, doc_ids: Sequence[str]) -> None:
        """Remove documents."""
        self._engine._bulk(
            {"_op_type": "delete", "_index": self._name, "_id": doc_id} for doc_id in doc_ids
        )

    def swap(self) -> None:
        """Move the alias; the index before stays until the next rebuild."""
        engine = self._engine
        try:
            engine._writer.indices.refresh(index=self._name)
            previous = engine._point_to(self._name)
            # Only names of our own making: another school's prefix may begin like ours.
            ours = re.compile(re.escape(engine._prefix) + r"-\d+-[0-9a-f]{12}-\d+")
            for name in engine._writer.indices.get(index=f"{engine._prefix}-*"):
                if ours.fullmatch(name) and name != self._name and name not in previous:
                    engine._writer.indices.delete(index=name)
        except (ApiError, TransportError) as error:
            raise engine._down(error) from error

    def abort(self) -> None:
        """Throw the new index away."""
        try:
            self._engine._writer.indices.delete(index=self._name)
        except (ApiError, TransportError) as error:
            raise self._engine._down(error) from error
