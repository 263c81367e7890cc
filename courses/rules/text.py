"""The text axis: which characters of an article stand in which block. Pure, no database.

An article is measured in the characters a reader reads: white space is not counted, so neither an
editor's line breaks nor the browser's change the axis.
"""

import hashlib
import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

_TOP_LEVEL = re.compile(
    r"<(p|ul|ol|h[2-6]|blockquote|hr)\b[^>]*>.*?</\1>|<hr\b[^>]*/?>", re.DOTALL | re.IGNORECASE
)
_TAG = re.compile(r"<[^>]+>")
_BLOCK_END = re.compile(r"</(p|li|h[2-6]|blockquote)>|<br\s*/?>", re.IGNORECASE)
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Placed:
    """One block of an article: what is shown, its text, and where it lies on the axis."""

    kind: str
    value: object
    text: str
    offset: int
    length: int


def plain(markup: str) -> str:
    """The text of a piece of HTML, blocks separated by line breaks."""
    text = html.unescape(_TAG.sub("", _BLOCK_END.sub("\n", markup)))
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def characters(text: str) -> int:
    """How many characters a reader reads: all but white space."""
    return len(_SPACE.sub("", text))


def paragraphs(markup: str) -> list[str]:
    """Rich text cut into its top-level elements, so that each can come into view by itself."""
    found = [match.group(0) for match in _TOP_LEVEL.finditer(markup)]
    pieces = [piece for piece in found if plain(piece)]
    if not pieces and plain(markup):
        return [markup]
    return pieces


def place(blocks: Iterable[tuple[str, object, str]]) -> list[Placed]:
    """Lay blocks along the axis in order.

    Args:
        blocks: (kind, value, text) of each block; pictures have the text of their caption.

    Returns:
        The blocks with offsets; consecutive, without gap, the sum of lengths is the axis.
    """
    placed, offset = [], 0
    for kind, value, text in blocks:
        length = characters(text)
        placed.append(Placed(kind, value, text, offset, length))
        offset += length
    return placed


def scaled(blocks: list[Placed], stored: int) -> list[Placed]:
    """The blocks laid along an axis of another length (a minor edit keeps the stored one).

    Borders are rounded down, so blocks stay consecutive and the last one ends at ``stored``.
    """
    actual = axis_length(blocks)
    if not actual or actual == stored:
        return blocks
    made = []
    for block in blocks:
        start = block.offset * stored // actual
        end = (block.offset + block.length) * stored // actual
        made.append(replace(block, offset=start, length=end - start))
    return made


def axis_length(blocks: Iterable[Placed]) -> int:
    """Length of the whole axis in characters."""
    return sum(block.length for block in blocks)


def digest(text: str) -> str:
    """What tells two texts apart: SHA-256 of the text without white space."""
    return hashlib.sha256(_SPACE.sub("", text).encode()).hexdigest()


def reading_ms(length: int, per_minute: int) -> int:
    """Standard reading time of a text in milliseconds, rounded to whole seconds, at least one."""
    if not length:
        return 0
    return max(1, round(length * 60 / per_minute)) * 1000


def minutes(milliseconds: int) -> int:
    """Whole minutes for a label, rounded up, at least one."""
    return max(1, -(-milliseconds // 60_000))
