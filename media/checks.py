"""System check of the tools: does ffmpeg have what the pipeline needs."""

import shutil
import subprocess

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

NEEDED = {
    "-encoders": ("libx264", "aac"),
    "-muxers": ("hls", "mp4"),
    "-filters": ("scale", "fps", "ebur128"),
}
WANTED = {"-filters": ("zscale", "tonemap", "yadif")}
HINT = "Debian、Ubuntu:apt install ffmpeg;或者用 FFMPEG_BIN、FFPROBE_BIN 指明程序的位置。"


@register()
def tools(app_configs=None, **kwargs) -> list[CheckMessage]:
    """Ask ffmpeg for encoders, muxers and filters; absent parts are named."""
    if not shutil.which(settings.FFMPEG_BIN):
        text = f"找不到 ffmpeg({settings.FFMPEG_BIN}),上传的视频无法转码。"
        return [Warning(text, hint=HINT, id="media.W001")]
    missing = _missing(NEEDED)
    if missing:
        text = f"ffmpeg 缺少 {'、'.join(missing)}，上传的视频无法转码。"
        return [Error(text, hint=HINT, id="media.E001")]
    found: list[CheckMessage] = []
    if missing := _missing(WANTED):
        text = f"ffmpeg 缺少 {'、'.join(missing)},HDR 或隔行视频的画面会不准确。"
        found.append(Warning(text, hint=HINT, id="media.W002"))
    if not shutil.which(settings.FFPROBE_BIN) and not _has_pyav():
        text = f"找不到 ffprobe({settings.FFPROBE_BIN}),也没有 PyAV，上传的视频无法检查。"
        found.append(Warning(text, hint=HINT, id="media.W003"))
    return found


def _missing(parts: dict[str, tuple[str, ...]]) -> list[str]:
    return [name for option, names in parts.items() for name in names if name not in _has(option)]


def _has(option: str) -> set[str]:
    listed = subprocess.run(
        [settings.FFMPEG_BIN, "-hide_banner", option],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    words = (line.split() for line in listed.stdout.splitlines())
    return {line[1] for line in words if len(line) > 1}


def _has_pyav() -> bool:
    from importlib.util import find_spec

    return find_spec("av") is not None
