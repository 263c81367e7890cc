"""From what a person typed to what is searched for. Nothing typed is ever query syntax."""

import re
from dataclasses import dataclass

from search.text import Analyzer, Run, fold, run_grams, runs

LONGEST_QUERY = 200
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


@dataclass(frozen=True)
class ParsedQuery:
    """A cleaned query and its tokens.

    ``text`` is what is shown back, ``shortened`` tells that the rest was left out.
    ``terms`` are the runs of the folded text without duplicates; ``alternatives`` are synonyms
    of the whole query or of a term, folded.
    """

    text: str
    shortened: bool
    terms: tuple[Run, ...]
    words: tuple[str, ...]
    grams: tuple[str, ...]
    alternatives: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing searchable is left (only signs or blanks)."""
        return not self.terms

    @property
    def needles(self) -> tuple[str, ...]:
        """The folded runs as strings, longest first."""
        return tuple(sorted({run.text for run in self.terms}, key=len, reverse=True))


def clean(text: str) -> tuple[str, bool]:
    """Strip control characters and surplus blanks; cut to LONGEST_QUERY.

    Returns:
        The cleaned text and whether something was cut off.
    """
    tidy = " ".join(_UNPRINTABLE.sub(" ", text[: LONGEST_QUERY * 20]).split())
    return tidy[:LONGEST_QUERY].strip(), len(tidy) > LONGEST_QUERY


def parse(
    text: str, analyzer: Analyzer, synonyms: dict[str, tuple[str, ...]] | None = None
) -> ParsedQuery:
    """Parse what was typed.

    Args:
        text: as typed, of any length and with any characters.
        analyzer: the analyzer of the index.
        synonyms: folded term → other folded ways to say it.
    """
    tidy, shortened = clean(text)
    folded = fold(tidy)
    seen: dict[str, Run] = {}
    for run in runs(folded):
        seen.setdefault(run.text, run)
    terms = tuple(seen.values())
    grams = tuple(dict.fromkeys(gram for run in terms for gram in run_grams(run)))
    alternatives = [
        other
        for term, others in (synonyms or {}).items()
        if term in folded
        for other in others
        if other not in folded
    ]
    return ParsedQuery(
        text=tidy,
        shortened=shortened,
        terms=terms,
        words=tuple(dict.fromkeys(analyzer.words(tidy))),
        grams=grams,
        alternatives=tuple(dict.fromkeys(alternatives)),
    )
