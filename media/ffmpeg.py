"""Graphs in, argument lists out: the only module that knows ffmpeg-python.

The library builds the filter graph and its command line; we run the list ourselves
(``media.process``), because its own runner has no timeout, no limits and no progress.
Paths always carry the ``file:`` prefix and inputs always carry whitelists: a playlist saved as
``.mp4`` must not make ffmpeg open another file or an address.
"""

from pathlib import Path

import ffmpeg
from django.conf import settings

from media.rules.ladder import AUDIO_KBITS, SEGMENT_SECONDS, Plan, Source

# Demuxers of real containers. Everything else (hls, dash, concat, image sequences …) is refused.
CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf"
INPUT_LIMITS = {"protocol_whitelist": "file", "format_whitelist": CONTAINERS}
SAMPLE_RATE = 48_000


def arguments(graph, *, verbosity: str = "error") -> list[str]:
    """The complete command of an output graph, without wrapper, progress on standard output."""
    flags = ["-hide_banner", "-nostdin", "-nostats", "-y", "-v", verbosity]
    return [settings.FFMPEG_BIN, *flags, "-progress", "pipe:1", *ffmpeg.get_args(graph)]


def located(path: Path) -> str:
    """A path as ffmpeg must see it; guards names that begin with ``-`` or hold a colon."""
    return f"file:{path}"


def source_input(path: Path, **options):
    """An uploaded file as graph input, with whitelists."""
    return ffmpeg.input(located(path), **INPUT_LIMITS, **options)


def loudness(path: Path, source: Source) -> list[str]:
    """Command that decodes the sound alone and prints an EBU R128 summary on standard error."""
    sound = source_input(path)[str(source.audio_index)]
    measured = sound.filter("ebur128", peak="true", framelog="verbose")
    return arguments(ffmpeg.output(measured, "-", format="null"), verbosity="info")


def ladder(path: Path, folder: Path, plan: Plan, source: Source, gain_db: float) -> list[str]:
    """Command for the whole package: decode once, every rung and the shared sound in one process.

    Args:
        path: the source file.
        folder: where ``<rung>.mp4``, ``<rung>.m3u8`` and ``audio.*`` go; must exist.
        plan: rungs and frame rate.
        source: what was probed (stream numbers).
        gain_db: linear gain of the sound, in dB.
    """
    given = source_input(path)
    outputs = _pictures(given[str(source.video_index)], plan)
    streams = [f"v:{i},{'agroup:audio,' if plan.has_audio else ''}name:{rung.name}"
               for i, rung in enumerate(plan.rungs)]  # fmt: skip
    if plan.has_audio:
        outputs.append(_sound(given[str(source.audio_index)], gain_db))
        streams.append("a:0,agroup:audio,default:yes,name:audio")
    return arguments(
        ffmpeg.output(
            *outputs,
            located(folder / "%v.m3u8"),
            **_video_options(plan),
            **({"c:a": "aac", "b:a": f"{AUDIO_KBITS}k"} if plan.has_audio else {}),
            **_hls_options(folder, " ".join(streams)),
        )
    )


def _pictures(picture, plan: Plan) -> list:
    if plan.deinterlace:
        picture = picture.filter("yadif", deint="interlaced")
    picture = picture.filter("fps", plan.frame_rate)
    if plan.tonemap:
        picture = _tonemapped(picture)
    copies = picture.filter_multi_output("split", len(plan.rungs))
    return [
        copies[i]
        .filter("scale", rung.width, rung.height, flags="lanczos")
        .filter("setsar", 1)
        .filter("format", "yuv420p")
        for i, rung in enumerate(plan.rungs)
    ]


def _tonemapped(picture):
    return (
        picture.filter("zscale", t="linear", npl=100)
        .filter("format", "gbrpf32le")
        .filter("zscale", p="bt709")
        .filter("tonemap", "hable", desat=0)
        .filter("zscale", t="bt709", m="bt709", r="tv")
    )


def _sound(sound, gain_db: float):
    # Sound that starts late is padded, so that picture and sound share their zero.
    resampled = sound.filter("aresample", SAMPLE_RATE, **{"async": 1, "first_pts": 0})
    stereo = resampled.filter("aformat", channel_layouts="stereo", sample_rates=SAMPLE_RATE)
    return stereo.filter("volume", f"{gain_db:.2f}dB") if gain_db else stereo


def _video_options(plan: Plan) -> dict:
    options: dict = {
        "c:v": "libx264",
        "g": plan.gop,
        "keyint_min": plan.gop,
        "sc_threshold": 0,
        "map_metadata": -1,
        "max_muxing_queue_size": 2048,
    }
    for i, rung in enumerate(plan.rungs):
        quality = rung.quality
        options |= {
            f"crf:v:{i}": quality.crf,
            f"preset:v:{i}": quality.preset,
            f"profile:v:{i}": quality.profile,
            f"maxrate:v:{i}": f"{quality.cap_kbits}k",
            f"bufsize:v:{i}": f"{2 * quality.cap_kbits}k",
        }
    return options


def _hls_options(folder: Path, stream_map: str) -> dict:
    return {
        "format": "hls",
        "hls_time": SEGMENT_SECONDS,
        "hls_playlist_type": "vod",
        "hls_segment_type": "fmp4",
        "hls_flags": "single_file+independent_segments",
        "hls_segment_filename": located(folder / "%v.mp4"),
        "var_stream_map": stream_map,
    }


def fallback(folder: Path, rung: str, has_audio: bool, target: Path) -> list[str]:
    """Command that copies one rung and the sound into a progressive MP4 (no re-encoding)."""
    streams = [source_input(folder / f"{rung}.mp4")["v"]]
    if has_audio:
        streams.append(source_input(folder / "audio.mp4")["a"])
    return arguments(
        ffmpeg.output(*streams, located(target), format="mp4", c="copy", movflags="+faststart")
    )


def poster(video: Path, at_ms: int, target: Path) -> list[str]:
    """Command that takes one picture of a rendition as JPEG."""
    seen = source_input(video, ss=f"{at_ms / 1000:.3f}").video
    return arguments(
        ffmpeg.output(seen, located(target), format="image2", vframes=1, update=1, **{"q:v": 4})
    )
