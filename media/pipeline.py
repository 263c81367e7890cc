"""From an uploaded file to a published package. Knows files and ffmpeg, not the database.

Order: measure loudness, encode every rung in one process, master playlist, poster, progressive
fallback, check of the length, publish by one rename. Running it twice is harmless: a package that
is already published is only read.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from media import ffmpeg, process, storage
from media.errors import Rejected
from media.rules import ladder, loudness, playlists
from media.rules.ladder import Plan, Source

MASTER = "master.m3u8"
FALLBACK = "fallback.mp4"
POSTER = "poster.jpg"
MANIFEST = "manifest.json"
# Work files together never exceed this many times the source.
SPACE_FACTOR = 3
POSTER_SHORT_SIDE = 720

Tell = Callable[[float, str], None]


@dataclass(frozen=True)
class Made:
    """One file of a package; rates in bit/s."""

    kind: str
    file_name: str
    bytes: int
    height: int = 0
    codec: str = ""
    bandwidth_peak: int = 0
    bandwidth_average: int = 0


@dataclass(frozen=True)
class Package:
    """What was published: its length and its files."""

    duration_ms: int
    files: list[Made] = field(default_factory=list)


def produce(
    original: Path, source: Source, *, revision_id: int, name: str, rungs, tell: Tell
) -> Package:
    """Make and publish the package ``name`` of a revision, or read it if it is there already.

    Args:
        original: the uploaded file.
        source: what was probed.
        revision_id: owner of the work directory.
        name: of the published directory.
        rungs: short sides the school encodes.
        tell: called often with (share 0.0–1.0, step in Chinese); may raise to stop the work.

    Raises:
        Rejected: the file turned out to be incomplete.
        DiskFull: not enough room.
        process.EncoderFailed: ffmpeg failed; trying again may help.
    """
    if (done := read(name)) is not None:
        return done
    storage.require_space(SPACE_FACTOR * original.stat().st_size)
    plan = ladder.plan(source, rungs)
    work = storage.new_work(revision_id)
    try:
        _encode(original, work, plan, source, tell)
        package = _finish(work, plan, source, tell)
        (work / MANIFEST).write_text(json.dumps(asdict(package)))
        tell(0.99, "发布")
        storage.publish(work, name)
    finally:
        # Only its own: whoever has taken the job over works in another one.
        storage.drop(work)
    return package


def read(name: str) -> Package | None:
    """The published package of this name, None if there is none."""
    manifest = storage.package(name) / MANIFEST
    if not manifest.exists():
        return None
    raw = json.loads(manifest.read_text())
    return Package(raw["duration_ms"], [Made(**made) for made in raw["files"]])


def _encode(original: Path, work: Path, plan: Plan, source: Source, tell: Tell) -> None:
    length = max(1, source.duration_ms)
    wall = max(1800, 20 * length / 1000)
    gain = 0.0
    if plan.has_audio:
        summary = process.encode(
            ffmpeg.loudness(original, source),
            wall_seconds=wall,
            progress=lambda ms: tell(0.06 * min(1, ms / length), "测量音量"),
        )
        gain = loudness.gain_db(summary)
    process.encode(
        ffmpeg.ladder(original, work, plan, source, gain),
        wall_seconds=wall,
        progress=lambda ms: tell(0.06 + 0.84 * min(1, ms / length), "转码"),
    )


def _finish(work: Path, plan: Plan, source: Source, tell: Tell) -> Package:
    tell(0.9, "检查长度")
    audio = _measured(work, "audio") if plan.has_audio else None
    videos = [_video(work, rung) for rung in plan.rungs]
    seen = max(_measured(work, plan.rungs[0].name).duration_ms, audio.duration_ms if audio else 0)
    if problem := ladder.length_problem(source.duration_ms, seen):
        raise Rejected(problem)
    _write_master(work, plan, videos, audio)
    files = list(videos)
    if audio:
        size = (work / "audio.mp4").stat().st_size
        rates = (audio.peak, audio.average)
        files.append(Made("audio", "audio.mp4", size, 0, "mp4a.40.2", *rates))
    length = max(1, seen)
    copying = "生成封面和单文件"
    tell(0.93, copying)
    files.append(_fallback(work, plan, lambda ms: tell(0.93 + 0.04 * min(1, ms / length), copying)))
    _poster(work, plan, seen, lambda _ms: tell(0.98, copying))
    return Package(seen, files)


def _measured(work: Path, name: str) -> playlists.Measured:
    return playlists.measure((work / f"{name}.m3u8").read_text())


def _video(work: Path, rung) -> Made:
    file = work / f"{rung.name}.mp4"
    measured = _measured(work, rung.name)
    with file.open("rb") as handle:
        codec = playlists.h264_codec(handle.read(16_384))
    rates = (measured.peak, measured.average)
    return Made("video", file.name, file.stat().st_size, rung.height, codec, *rates)


def _write_master(work: Path, plan: Plan, videos: list[Made], audio) -> None:
    variants = [
        playlists.Variant(
            uri=f"{rung.name}.m3u8",
            width=rung.width,
            height=rung.height,
            codec=made.codec,
            peak=made.bandwidth_peak,
            average=made.bandwidth_average,
        )
        for rung, made in zip(plan.rungs, videos, strict=True)
    ]
    text = playlists.master(variants, frame_rate=plan.frame_rate, audio=audio)
    (work / MASTER).write_text(text)


def _fallback(work: Path, plan: Plan, progress: process.Progress) -> Made:
    target = work / FALLBACK
    command = ffmpeg.fallback(work, plan.fallback.name, plan.has_audio, target)
    process.encode(command, wall_seconds=1800, progress=progress)
    return Made("fallback", target.name, target.stat().st_size, plan.fallback.height)


def _poster(work: Path, plan: Plan, duration_ms: int, progress: process.Progress) -> None:
    fitting = [r for r in plan.rungs if r.short_side <= POSTER_SHORT_SIDE] or [plan.rungs[-1]]
    at_ms = min(10_000, duration_ms // 10)
    command = ffmpeg.poster(work / f"{fitting[0].name}.mp4", at_ms, work / POSTER)
    process.encode(command, wall_seconds=120, progress=progress)
