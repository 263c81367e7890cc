"""Which renditions a source gets. Figures were measured on lecture material (slides, speech)."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction

SEGMENT_SECONDS = 6
AUDIO_KBITS = 96
FRAME_RATES = (15, 24, 25, 30)
HDR_TRANSFERS = frozenset({"smpte2084", "arib-std-b67"})
# Raised whenever the same settings would give other bytes, so old packages are told apart.
RECIPE = 1


@dataclass(frozen=True)
class Quality:
    """x264 settings of one rung: rate factor, cap in kbit/s, preset and profile."""

    crf: int
    cap_kbits: int
    preset: str
    profile: str


QUALITIES: dict[int, Quality] = {
    1080: Quality(25, 2500, "faster", "high"),
    720: Quality(24, 1400, "faster", "high"),
    480: Quality(23, 750, "veryfast", "main"),
    360: Quality(23, 450, "veryfast", "main"),
}


@dataclass(frozen=True)
class Source:
    """What the probe found, upright: width and height are as the viewer sees them.

    ``duration_ms`` is the container's length; ``frame_rate`` the average rate in frames a second.
    """

    duration_ms: int
    width: int
    height: int
    frame_rate: float
    has_audio: bool
    transfer: str = ""
    interlaced: bool = False
    video_index: int = 0
    audio_index: int | None = None


@dataclass(frozen=True)
class Rung:
    """One video rendition: ``short_side`` names it (480 → ``480p``), sizes in pixels."""

    short_side: int
    width: int
    height: int
    quality: Quality

    @property
    def name(self) -> str:
        return f"{self.short_side}p"


@dataclass(frozen=True)
class Plan:
    """All outputs of one encoding, tallest rung first."""

    rungs: tuple[Rung, ...]
    frame_rate: int
    has_audio: bool
    tonemap: bool
    deinterlace: bool

    @property
    def gop(self) -> int:
        """Frames between key frames; equal on all rungs so that players may switch anywhere."""
        return SEGMENT_SECONDS * self.frame_rate

    @property
    def fallback(self) -> Rung:
        """The rung a player without HLS gets: 480p, or the nearest below or above it."""
        below = [r for r in self.rungs if r.short_side <= 480]
        return below[0] if below else self.rungs[-1]


def _even(value: Fraction) -> int:
    return max(2, 2 * round(value / 2))


def snap_frame_rate(rate: float) -> int:
    """The nearest allowed rate that loses no frames; above 30 every second frame (50 → 25)."""
    if rate > 30.5:
        return 25 if abs(rate - 50) < 0.5 else 30
    return next((allowed for allowed in FRAME_RATES if rate <= allowed + 0.5), 30)


def plan(source: Source, allowed: Sequence[int]) -> Plan:
    """Choose the rungs: by the short side, never larger than the source, at least one.

    Args:
        source: what was probed.
        allowed: short sides in pixels that the school encodes (setting VIDEO_RUNGS).
    """
    short = min(source.width, source.height)
    sides = sorted((s for s in allowed if s <= short and s in QUALITIES), reverse=True)
    rungs = [_rung(source, side, side) for side in sides]
    if not rungs:
        # Smaller than the smallest rung: keep its own size, named by the smallest.
        rungs = [_rung(source, min(s for s in allowed if s in QUALITIES), short)]
    return Plan(
        rungs=tuple(rungs),
        frame_rate=snap_frame_rate(source.frame_rate),
        has_audio=source.has_audio,
        tonemap=source.transfer in HDR_TRANSFERS,
        deinterlace=source.interlaced,
    )


def _rung(source: Source, name: int, side: int) -> Rung:
    scale = Fraction(side, min(source.width, source.height))
    return Rung(name, _even(source.width * scale), _even(source.height * scale), QUALITIES[name])


def settings_hash(allowed: Sequence[int]) -> str:
    """Eight hex digits that change when the same source would be encoded differently."""
    described = {
        "recipe": RECIPE,
        "segment": SEGMENT_SECONDS,
        "audio": AUDIO_KBITS,
        "rungs": {s: asdict(QUALITIES[s]) for s in sorted(allowed) if s in QUALITIES},
    }
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()[:8]


def length_problem(expected_ms: int, produced_ms: int) -> str:
    """Why an output is too short to be the whole source; empty when it is whole.

    An encoder ends without complaint on a file that was cut off; only the length tells.
    """
    tolerance = max(1000, expected_ms // 50)
    if expected_ms - produced_ms <= tolerance:
        return ""
    return (
        f"视频文件不完整：应有 {expected_ms / 1000:.0f} 秒，只能读出 {produced_ms / 1000:.0f} 秒。"
        "请重新导出或重新上传原文件。"
    )
