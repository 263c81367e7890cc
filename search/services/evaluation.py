"""Search quality against a gold set: a file of queries with the documents they must find.

The file is JSON: a list of ``{"query", "expect": [url, slug or title, …], "cue"?: text}``. ``cue``
is said in the caption that the first chip of the expected hit must lead to.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

from search.services.search import Hit, search
from search.text import fold, runs

DEPTH = 10


@dataclass(frozen=True)
class Gold:
    """One query, what answers it (any of them), and where it is said."""

    query: str
    expect: tuple[str, ...]
    cue: str = ""


@dataclass
class Score:
    """Counts of a run; shares are of ``queries``, ``cues_right`` of ``cues``."""

    queries: int = 0
    at_1: int = 0
    at_3: int = 0
    at_10: int = 0
    reciprocal: float = 0.0
    cues: int = 0
    cues_right: int = 0
    misses: list[str] = field(default_factory=list)

    def share(self, count: int) -> float:
        """A count as a share of all queries."""
        return count / self.queries if self.queries else 0.0

    @property
    def mrr(self) -> float:
        """Mean reciprocal rank within the first ten."""
        return self.reciprocal / self.queries if self.queries else 0.0


def read(path: Path) -> list[Gold]:
    """Read a gold file.

    Raises:
        ValueError: naming the entry and the field that is wrong.
    """
    entries = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(entries, list):
        raise ValueError("文件应是一个列表。")
    gold = []
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict):
            raise ValueError(f"第 {number} 条应是一个对象。")
        query, expect = entry.get("query"), entry.get("expect")
        if not isinstance(query, str) or not query.strip():
            raise ValueError(f"第 {number} 条缺少 query。")
        if not isinstance(expect, list) or not expect:
            raise ValueError(f"第 {number} 条（“{query}”）的 expect 应是非空列表。")
        gold.append(Gold(query, tuple(map(str, expect)), str(entry.get("cue", ""))))
    return gold


def evaluate(gold: list[Gold], *, member=None, tell=lambda done, total: None) -> Score:
    """Ask every query as a reader and count where the expected documents stand.

    Args:
        gold: the set.
        member: whose eyes; None sees public things only.
        tell: called with (done, all) after each query.
    """
    score = Score()
    for number, case in enumerate(gold, start=1):
        score.queries += 1
        ranked = ranking(case.query, member)
        places = [i for i, hit in enumerate(ranked, start=1) if _answers(hit, case)]
        rank = places[0] if places else 0
        score.at_1 += rank == 1
        score.at_3 += 1 <= rank <= 3
        score.at_10 += 1 <= rank <= DEPTH
        score.reciprocal += 1 / rank if rank else 0
        if not 1 <= rank <= 3:
            seen = ranked[0].doc.title if ranked else "无结果"
            score.misses.append(f"“{case.query}”：第 {rank or '—'} 位，首位是《{seen}》")
        if case.cue:
            score.cues += 1
            first = ranked[rank - 1].cues[:1] if rank else []
            right = any(_letters(case.cue) in _letters(cue.text) for cue in first)
            score.cues_right += right
            if not right:
                at = f"“{first[0].text}”" if first else "—"
                score.misses.append(f"“{case.query}”：落在{at}，应在“{case.cue}”")
        tell(number, len(gold))
    return score


def ranking(text: str, member) -> list[Hit]:
    """The first ten hits over all kinds, in the engine's order."""
    return search(text, member, grouped=False).hits[:DEPTH]


def _answers(hit: Hit, case: Gold) -> bool:
    slug = hit.doc.url.rstrip("/").rpartition("/")[2]
    return any(name in case.expect for name in (hit.doc.url, slug, hit.doc.title))


def _letters(text: str) -> str:
    """A folded text without signs and blanks."""
    return "".join(run.text for run in runs(fold(text)))
