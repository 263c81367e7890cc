"""HTTP byte ranges (RFC 9110 section 14)."""

import re
from dataclasses import dataclass

_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")


class NotSatisfiable(ValueError):
    """The range lies outside the file: answer 416."""


@dataclass(frozen=True)
class Span:
    """A half-open run of bytes: ``start`` to ``stop``."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        return self.stop - self.start


def parse(header: str, size: int) -> Span | None:
    """The one run of bytes a Range header asks for; None means the whole file.

    A header of another unit, several ranges or nonsense is ignored, as the RFC allows.

    Args:
        header: the value of the Range header, may be empty.
        size: of the file, in bytes.

    Raises:
        NotSatisfiable: the range starts behind the end, or asks for the last 0 bytes.
    """
    match = _RANGE.match(header.strip())
    if not match or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        if int(last) == 0 or size == 0:
            raise NotSatisfiable
        return Span(max(0, size - int(last)), size)
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise NotSatisfiable
    return Span(start, min(int(last) + 1, size) if last else size)
