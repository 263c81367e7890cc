"""HLS playlists: read what ffmpeg wrote for a rendition, write our own master (RFC 8216)."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

_EXTINF = re.compile(r"^#EXTINF:([0-9.]+)")
_BYTERANGE = re.compile(r"^#EXT-X-BYTERANGE:(\d+)")


@dataclass(frozen=True)
class Measured:
    """Of one media playlist: peak segment and average bit rate (bit/s), length (ms)."""

    peak: int
    average: int
    duration_ms: int


@dataclass(frozen=True)
class Variant:
    """One line of the master: file, size, codec string and measured rates of the video alone."""

    uri: str
    width: int
    height: int
    codec: str
    peak: int
    average: int


def measure(text: str) -> Measured:
    """Bit rates from the byte ranges of a media playlist.

    The peak counts segments of at least half the longest, as RFC 8216 4.3.4.2 does by way of the
    target duration: a last segment of a few frames says nothing about the line that is needed.

    Raises:
        ValueError: the playlist names no segment.
    """
    durations = [float(m[1]) for line in text.splitlines() if (m := _EXTINF.match(line))]
    sizes = [int(m[1]) for line in text.splitlines() if (m := _BYTERANGE.match(line))]
    if not durations or len(durations) != len(sizes):
        raise ValueError("media playlist without segments")
    total = sum(durations)
    weighty = [
        8 * size / length
        for size, length in zip(sizes, durations, strict=True)
        if length >= max(durations) / 2
    ]
    return Measured(
        peak=math.ceil(max(weighty)),
        average=math.ceil(8 * sum(sizes) / total),
        duration_ms=round(total * 1000),
    )


def master(
    variants: Sequence[Variant],
    *,
    frame_rate: int,
    audio: Measured | None,
    audio_uri: str = "audio.m3u8",
) -> str:
    """The master playlist. Rates include the shared sound, so a player chooses by what it loads.

    ffmpeg derives BANDWIDTH from the rate cap; on slides that is up to seven times too high and
    would hold a slow line at the lowest picture.
    """
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    if audio:
        lines.append(
            '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="原声",LANGUAGE="zh",'
            f'DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="{audio_uri}"'
        )
    for variant in variants:
        peak = variant.peak + (audio.peak if audio else 0)
        average = variant.average + (audio.average if audio else 0)
        codecs = variant.codec + (",mp4a.40.2" if audio else "")
        lines.append(
            f"#EXT-X-STREAM-INF:BANDWIDTH={max(peak, average)},AVERAGE-BANDWIDTH={average},"
            f'CODECS="{codecs}",RESOLUTION={variant.width}x{variant.height},'
            f"FRAME-RATE={frame_rate:.3f}" + (',AUDIO="audio"' if audio else "")
        )
        lines.append(variant.uri)
    return "\n".join(lines) + "\n"


def h264_codec(head: bytes) -> str:
    """The codec string (``avc1.640028``) from the avcC box in the first bytes of an mp4.

    Raises:
        ValueError: there is no avcC box.
    """
    at = head.find(b"avcC")
    if at < 0 or len(head) < at + 8:
        raise ValueError("no avcC box")
    return "avc1." + head[at + 5 : at + 8].hex()
