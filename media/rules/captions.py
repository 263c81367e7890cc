"""Captions: any usual subtitle file in, clean cues and safe WebVTT out."""

import re
from collections.abc import Iterable, Sequence
from html import escape, unescape

import pysubs2

Cue = tuple[int, int, str]

MAX_BYTES = 5 * 1024 * 1024
MAX_CUES = 20_000
ALLOWED_TAGS = ("i", "b", "u", "ruby", "rt")
_TAG = re.compile(r"&lt;(/?(?:" + "|".join(ALLOWED_TAGS) + r"))&gt;")
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>")
_TIMESTAMP = re.compile(r"<\d[\d:.]*>")


class BadCaptions(ValueError):
    """The file is no subtitle file that can be read; the message is Chinese."""


def decode(data: bytes) -> str:
    """Text of a subtitle file: UTF-8, UTF-16 by its mark, else GB18030 (most Chinese tools).

    Raises:
        BadCaptions: none of the three.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadCaptions("字幕文件的编码无法识别，请另存为 UTF-8 后再上传。")


def read(data: bytes) -> list[Cue]:
    """Cues of an SRT, VTT, ASS, SSA or TTML file, in order of their start (ms).

    Raises:
        BadCaptions: too large, not a subtitle file, or without a single cue.
    """
    if len(data) > MAX_BYTES:
        raise BadCaptions("字幕文件超过 5 MB，请检查是否选错了文件。")
    text = decode(data).replace("\r\n", "\n").replace("\r", "\n")
    try:
        parsed = pysubs2.SSAFile.from_string(text)
    except Exception as error:
        # pysubs2 raises whatever its parsers stumble over; to a person they are all one thing.
        raise BadCaptions("字幕文件无法读取，支持 SRT、VTT、ASS、SSA、TTML。") from error
    cues = clean((e.start, e.end, _plain(e)) for e in parsed.events if not e.is_comment)
    if not cues:
        raise BadCaptions("字幕文件里没有一条字幕。")
    return cues


def _plain(event: pysubs2.SSAEvent) -> str:
    # ASS override codes go; \N is its line break.
    text = re.sub(r"\{\\[^}]*\}", "", event.text)
    return text.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")


def clean(cues: Iterable[Sequence]) -> list[Cue]:
    """Ordered cues with whole milliseconds and text without blank lines; empty ones dropped.

    Raises:
        BadCaptions: more than 20,000 cues.
    """
    kept: list[Cue] = []
    for start, end, text in cues:
        start, end = max(0, int(start)), max(0, int(end))
        normal = str(text).replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
        lines = [line.strip() for line in normal.split("\n")]
        body = "\n".join(line for line in lines if line)
        if body and end > start:
            kept.append((start, end, body))
    if len(kept) > MAX_CUES:
        raise BadCaptions("字幕超过 20000 条，请检查文件。")
    return sorted(kept, key=lambda cue: (cue[0], cue[1]))


def spoken(text: str) -> str:
    """A cue's text as read aloud: one line, no markup; for transcript and search."""
    return unescape(_MARKUP.sub("", _TIMESTAMP.sub("", text))).replace("\n", " ").strip()


def _time(ms: int) -> str:
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{ms:03d}"


def _safe(text: str) -> str:
    # Escape everything, then let the few allowed tags back in; entities already there stay one.
    return _TAG.sub(r"<\1>", escape(unescape(text), quote=False))


def write_vtt(cues: Sequence[Cue]) -> str:
    """WebVTT of clean cues (W3C WebVTT section 4.1); only a few inline tags survive."""
    blocks = ["WEBVTT"]
    for start, end, text in cues:
        blocks.append(f"{_time(start)} --> {_time(end)}\n{_safe(text)}")
    return "\n\n".join(blocks) + "\n"
