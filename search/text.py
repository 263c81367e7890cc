"""Text analysis of the learner search: folding, runs, words and character bigrams.

``fold`` maps traditional to simplified characters, full to half width and upper to lower case,
character by character, so that offsets into the folded text are offsets into the original.
A text then becomes *words* (rjieba, precise mode, with the host's glossary) and *grams* (bigrams of
every run of Han characters, whole tokens elsewhere). Ranking uses both; a segmentation mistake
therefore never loses a hit.
"""

import hashlib
import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# Raised whenever tokens change, so that existing indexes are rebuilt.
ANALYSIS_REVISION = "1"
LONGEST_TOKEN = 60

_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(f"[{_HAN}]+|(?:(?![{_HAN}])[^\\W_])+")
_HAN_CHARACTER = re.compile(f"[{_HAN}]")
_TABLE_RANGES = ((0x21, 0xD800), (0xE000, 0x10000), (0x20000, 0x2FA20))

_lock = threading.Lock()
_table: dict[int, int] | None = None


def _build_table() -> dict[int, int]:
    """The 1:1 folding table from OpenCC's ``t2s`` and NFKC, without mappings that change length."""
    import opencc

    characters = [chr(c) for start, stop in _TABLE_RANGES for c in range(start, stop)]
    simple = []
    for character in characters:
        folded = unicodedata.normalize("NFKC", character).lower()
        simple.append(folded if len(folded) == 1 and not folded.isspace() else character)
    converted = opencc.OpenCC("t2s").convert("\n".join(simple)).split("\n")
    table = {
        ord(source): ord(target)
        for source, target in zip(characters, converted, strict=True)
        if len(target) == 1 and source != target
    }
    # Close the table, so that folding twice equals folding once (a variant of a variant).
    for source, target in table.items():
        seen = {source}
        while target in table and target not in seen:
            seen.add(target)
            target = table[target]
        table[source] = target
    return table


def fold(text: str) -> str:
    """Fold a text; the result has the same length, character for character."""
    global _table
    if _table is None:
        with _lock:
            if _table is None:
                _table = _build_table()
    return text.translate(_table)


@dataclass(frozen=True)
class Run:
    """A stretch of Han characters, or of letters and digits, in a folded text."""

    text: str
    start: int
    end: int

    @property
    def is_han(self) -> bool:
        return _HAN_CHARACTER.match(self.text) is not None


def runs(folded: str) -> Iterator[Run]:
    """The runs of a folded text, in order; everything between them is a separator."""
    for match in _RUN.finditer(folded):
        yield Run(match.group(), match.start(), match.end())


def run_grams(run: Run) -> list[str]:
    """Bigrams of a Han run (a lone character is its own gram); any other run is one token."""
    if not run.is_han:
        return [run.text[:LONGEST_TOKEN]]
    if len(run.text) == 1:
        return [run.text]
    return [run.text[i : i + 2] for i in range(len(run.text) - 1)]


class Analyzer:
    """Cuts texts into tokens; the same object serves indexing and queries.

    Args:
        glossary: words of the host's field that must stay whole.
    """

    def __init__(self, glossary: Iterable[str] = ()) -> None:
        self.glossary = tuple(sorted({fold(term) for term in glossary if term.strip()}))
        digest = hashlib.sha256("\n".join((ANALYSIS_REVISION, *self.glossary)).encode())
        self.version = digest.hexdigest()[:12]
        self._segmenter = None
        self._guard = threading.Lock()

    def _cut(self, folded: str) -> list[str]:
        with self._guard:
            if self._segmenter is None:
                import rjieba

                segmenter = rjieba.Jieba()
                for term in self.glossary:
                    segmenter.add_word(term, None, None)
                self._segmenter = segmenter
        return self._segmenter.cut(folded)

    def words(self, text: str) -> list[str]:
        """Words in reading order, punctuation dropped."""
        found = []
        for piece in self._cut(fold(text)):
            found.extend(run.text[:LONGEST_TOKEN] for run in runs(piece))
        return found

    def grams(self, text: str) -> list[str]:
        """Bigrams and whole non-Han tokens in reading order; adjacent exactly where the text is."""
        return [gram for run in runs(fold(text)) for gram in run_grams(run)]

    def characters(self, text: str) -> list[str]:
        """Single Han characters and whole non-Han tokens, for one-character queries."""
        found: list[str] = []
        for run in runs(fold(text)):
            found.extend(run.text) if run.is_han else found.append(run.text[:LONGEST_TOKEN])
        return found
