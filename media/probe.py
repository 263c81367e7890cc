"""Sniff and probe: is this file a video the school can use, and what is in it.

Nothing here trusts the name of a file. Order: signature, then ffprobe (or PyAV where ffprobe is
absent) under whitelists and a timeout, then limits.
"""

import json
import shutil
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from media import process
from media.errors import Rejected, ToolMissing
from media.ffmpeg import CONTAINERS, located
from media.rules.ladder import Source

TIMEOUT_SECONDS = 30
MAX_PIXELS = 16_777_216
MAX_SIDE = 8192
MIN_MS = 500
_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot")
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM")


@dataclass(frozen=True)
class Probe:
    """What the probe said (``raw``, kept for the record) and what the plan needs (``source``)."""

    raw: dict
    source: Source


def sniff(path: Path) -> None:
    """Refuse by signature what is no video container.

    Raises:
        Rejected: empty, a text, a picture or anything else that is no video.
    """
    with path.open("rb") as handle:
        head = handle.read(512)
    if not head:
        raise Rejected(_("文件是空的（0 字节），请检查后重新选择。"))
    if _is_container(head):
        return
    if head.startswith(_IMAGES):
        raise Rejected(_("这是一张图片，不是视频。请选择 MP4、MOV、MKV 等视频文件。"))
    if head.startswith((b"%PDF", b"PK\x03\x04")):
        raise Rejected(_("这是文档或压缩包，不是视频。请选择 MP4、MOV、MKV 等视频文件。"))
    if head.startswith((b"ID3", b"OggS", b"fLaC")):
        raise Rejected(_("这是音频文件，没有画面。请选择 MP4、MOV、MKV 等视频文件。"))
    raise Rejected(_("文件内容不是视频。请选择 MP4、MOV、MKV、AVI、FLV、WMV、MPEG 视频文件。"))


def _is_container(head: bytes) -> bool:
    return (
        head[4:8] in _MP4_BOXES
        or head.startswith((b"\x1a\x45\xdf\xa3", b"FLV", b"\x30\x26\xb2\x75", b"\x00\x00\x01\xba"))
        or (head.startswith(b"RIFF") and head[8:12] == b"AVI ")
        or (head[0:1] == b"G" and head[188:189] == b"G")
        or (head[4:5] == b"G" and head[196:197] == b"G")
    )


def probe(path: Path) -> Probe:
    """Everything the plan needs to know about a file.

    Raises:
        Rejected: it cannot be read as video, or breaks a limit; says which.
        ToolMissing: neither ffprobe nor PyAV is there.
    """
    sniff(path)
    if shutil.which(settings.FFPROBE_BIN):
        raw = _ffprobe(path)
    else:
        raw = _pyav(path)
    source = _source(raw)
    _limits(source)
    return Probe(raw, source)


def _ffprobe(path: Path) -> dict:
    command = [settings.FFPROBE_BIN, "-v", "error", "-protocol_whitelist", "file"]
    command += ["-format_whitelist", CONTAINERS, "-of", "json"]
    command += ["-show_format", "-show_streams", located(path)]
    try:
        code, out, _err = process.capture(command, timeout=TIMEOUT_SECONDS)
    except process.EncoderFailed as error:
        raise Rejected(_("读取视频信息超时，文件可能已损坏。请重新导出后再上传。")) from error
    if code:
        raise Rejected(_("视频文件已损坏或不完整，无法读取。请重新导出后再上传。"))
    raw = json.loads(out)
    raw.get("format", {}).pop("filename", None)
    return raw


def _pyav(path: Path) -> dict:
    """The same facts through PyAV, in ffprobe's words."""
    try:
        import av
    except ImportError as error:
        raise ToolMissing(_("服务器上没有 ffprobe，请管理员安装 ffmpeg 后重试。")) from error
    options = {"protocol_whitelist": "file", "format_whitelist": CONTAINERS}
    try:
        with av.open(located(path), options=options, timeout=TIMEOUT_SECONDS) as container:
            streams = [_pyav_stream(container, s) for s in container.streams]
            length = container.duration
            name = container.format.name
    except av.FFmpegError as error:
        raise Rejected(_("视频文件已损坏或不完整，无法读取。请重新导出后再上传。")) from error
    found = {"format_name": name}
    if length:
        found["duration"] = f"{length / 1_000_000:.6f}"
    return {"format": found, "streams": streams}


def _pyav_stream(container, stream) -> dict:
    found: dict = {"index": stream.index, "codec_type": stream.type, "disposition": {}}
    if stream.type not in ("video", "audio"):
        return found
    found["codec_name"] = stream.codec_context.name
    found["disposition"]["attached_pic"] = int("attached_pic" in str(stream.disposition))
    if stream.duration and stream.time_base:
        found["duration"] = f"{float(stream.duration * stream.time_base):.6f}"
    if stream.type == "video":
        context = stream.codec_context
        found |= {"width": context.width, "height": context.height}
        found["avg_frame_rate"] = str(stream.average_rate or "0/1")
        found["sample_aspect_ratio"] = str(stream.sample_aspect_ratio or "1:1").replace("/", ":")
        frame = next(container.decode(stream), None)
        container.seek(0)
        if frame is not None:
            found["side_data_list"] = [{"rotation": getattr(frame, "rotation", 0)}]
            found["field_order"] = "tt" if frame.interlaced_frame else "progressive"
            transfer = {16: "smpte2084", 18: "arib-std-b67"}
            found["color_transfer"] = transfer.get(int(getattr(frame, "color_trc", 0) or 0), "")
    return found


def _chosen(streams: list[dict], kind: str) -> dict | None:
    real = [
        s
        for s in streams
        if s.get("codec_type") == kind
        and s.get("codec_name")
        and not s.get("disposition", {}).get("attached_pic")
    ]
    default = [s for s in real if s.get("disposition", {}).get("default")]
    return (default or real or [None])[0]


def _source(raw: dict) -> Source:
    streams = raw.get("streams", [])
    picture, sound = _chosen(streams, "video"), _chosen(streams, "audio")
    if picture is None:
        raise Rejected(_("文件里没有画面。请选择带画面的视频文件。"))
    width, height = _upright_size(picture)
    return Source(
        duration_ms=_duration_ms(raw, picture),
        width=width,
        height=height,
        frame_rate=_rate(picture),
        has_audio=sound is not None,
        transfer=picture.get("color_transfer", ""),
        interlaced=picture.get("field_order", "") in ("tt", "bb", "tb", "bt"),
        video_index=picture["index"],
        audio_index=sound["index"] if sound else None,
    )


def _upright_size(picture: dict) -> tuple[int, int]:
    width, height = int(picture.get("width") or 0), int(picture.get("height") or 0)
    aspect = _fraction(picture.get("sample_aspect_ratio", "1:1").replace(":", "/"))
    if aspect > 0:
        width = round(width * aspect)
    sides = picture.get("side_data_list", [])
    turn = next((int(s["rotation"]) for s in sides if "rotation" in s), 0)
    return (height, width) if turn % 180 else (width, height)


def _duration_ms(raw: dict, picture: dict) -> int:
    text = raw.get("format", {}).get("duration") or picture.get("duration")
    if not text:
        raise Rejected(_("读不出视频的长度。请用转换工具重新封装为 MP4 后再上传。"))
    return round(float(text) * 1000)


def _rate(picture: dict) -> float:
    average = _fraction(picture.get("avg_frame_rate", "0/1"))
    return float(average or _fraction(picture.get("r_frame_rate", "0/1")) or 25)


def _fraction(text: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        return Fraction(0)


def _limits(source: Source) -> None:
    longest = settings.VIDEO_MAX_SECONDS
    if min(source.width, source.height) < 2:
        raise Rejected(_("读不出画面的尺寸，文件可能已损坏。请重新导出后再上传。"))
    if source.width * source.height > MAX_PIXELS or max(source.width, source.height) > MAX_SIDE:
        size = f"{source.width}×{source.height}"
        raise Rejected(_("画面过大（%(size)s），最大 4096×4096。请缩小后再上传。") % {"size": size})
    if source.duration_ms < MIN_MS:
        raise Rejected(_("视频不到半秒，无法作为课程内容。请选择完整的视频。"))
    if source.duration_ms > longest * 1000:
        limit = longest // 60
        raise Rejected(
            _("视频长 %(minutes)s 分钟，最长 %(limit)s 分钟。请分段上传。")
            % {"minutes": source.duration_ms // 60000, "limit": limit}
        )
