"""The document that an app hands to search, and how it is numbered."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

PUBLIC = "public"
MEMBERS = "members"

_BORDER = re.compile(r"(?<=[\u3400-\u9fff])\n(?=[\u3400-\u9fff])")


def document_id(model_label: str, pk: object) -> str:
    """The stable number of a document: ``app.model:pk``; the kind may change, this does not."""
    return f"{model_label.lower()}:{pk}"


@dataclass(frozen=True)
class Cue:
    """One caption: integer milliseconds and its text."""

    start_ms: int
    end_ms: int
    text: str


@dataclass(frozen=True)
class SearchDocData:
    """What a registered builder returns for one object.

    Args:
        kind: a kind named at registration, e.g. ``article``.
        title: at most 255 characters are kept.
        body: plain text of the page.
        url: path on this site, e.g. ``/news/a/``.
        audience: ``public``, ``members`` or ``a:<id>`` (``members.selectors.audiences.token``).
        cues: captions in order; their joined text is the transcript.
        facets: values by facet, e.g. ``{"topic": ["安全"], "year": ["2026"]}``.
        weight: multiplies the score; 1.0 for ordinary things, at least 0.25.
    """

    kind: str
    title: str
    url: str
    body: str = ""
    audience: str = MEMBERS
    cues: Sequence[Cue] = ()
    tags: Sequence[str] = ()
    facets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    published_at: datetime | None = None
    weight: float = 1.0

    @property
    def transcript(self) -> str:
        """All that is said. Captions cut sentences anywhere, so Han text is joined again."""
        return _BORDER.sub("", "\n".join(cue.text for cue in self.cues)).replace("\n", " ")


@dataclass(frozen=True)
class EngineDoc:
    """A numbered document on its way to an engine; ``version`` grows with every change."""

    doc_id: str
    data: SearchDocData
    version: int
