"""Moments of a film as people write them."""

import re

_WRITTEN = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):([0-5]?\d)")


def parse_moment(text: str) -> int:
    """Seconds of ``3:12``, ``1:02:03`` or ``192``; a full-width colon will do.

    Raises:
        ValueError: it is none of these.
    """
    written = text.strip().replace("：", ":")
    if written.isascii() and written.isdigit():
        return int(written)
    found = _WRITTEN.fullmatch(written)
    if found is None:
        raise ValueError(text)
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return (hours * 60 + minutes) * 60 + seconds


def printed_moment(seconds: int) -> str:
    """``3:12``, or ``1:02:03`` from an hour on."""
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
