"""Search documents for tests, without any page behind them."""

import itertools
from collections.abc import Sequence

from search.documents import Cue, EngineDoc, SearchDocData
from search.services import documents

_numbers = itertools.count(1)


def cues(*texts: str, seconds: int = 4) -> list[Cue]:
    """Captions one after the other, each so many seconds long."""
    step = seconds * 1000
    return [Cue(i * step, (i + 1) * step, text) for i, text in enumerate(texts)]


def document(title: str = "支部工作", **values) -> SearchDocData:
    """One document for members; any field can be given."""
    return SearchDocData(
        **({"kind": "article", "title": title, "url": f"/a/{next(_numbers)}/"} | values)
    )


def numbered(*data: SearchDocData, version: int = 1) -> list[EngineDoc]:
    """Documents with numbers ``test.doc:1``, ``:2`` … in the order given."""
    return [EngineDoc(f"test.doc:{i}", d, version) for i, d in enumerate(data, start=1)]


def indexed(engine, *data: SearchDocData) -> Sequence[EngineDoc]:
    """Write documents to the engine and their copies to the database."""
    docs = numbered(*data)
    documents.store(docs)
    engine.apply(docs, [])
    return docs
