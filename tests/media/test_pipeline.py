"""Real ffmpeg on small files: what comes in is what is published, or is refused with a reason."""

from pathlib import Path

import pytest

from media import pipeline, storage
from media.errors import DiskFull, Rejected
from media.probe import probe
from media.rules.ladder import settings_hash
from tests.factories.media import clip, turned

RUNGS = (1080, 720, 480, 360)
NAME = f"1-{settings_hash(RUNGS)}"


def produce(path: Path, tell=lambda share, step: None) -> pipeline.Package:
    source = probe(path).source
    return pipeline.produce(path, source, revision_id=1, name=NAME, rungs=RUNGS, tell=tell)


def streams(path: Path) -> list[dict]:
    """What is in a file, in ffprobe's words also where PyAV stands in for it."""
    return probe(path).raw["streams"]


def test_a_clip_becomes_a_package_with_its_own_master(video_root):
    told = []
    package = produce(clip(size="854x480", seconds=3), lambda share, step: told.append(share))
    folder = storage.package(NAME)
    names = {p.name for p in folder.iterdir()}
    assert names >= {"master.m3u8", "480p.mp4", "360p.mp4", "audio.mp4", "fallback.mp4"}
    assert names >= {"poster.jpg", "manifest.json", "480p.m3u8", "audio.m3u8"}
    assert "720p.mp4" not in names
    assert abs(package.duration_ms - 3000) < 120
    master = (folder / "master.m3u8").read_text()
    measured = {f.file_name: f for f in package.files}
    peak = measured["480p.mp4"].bandwidth_peak + measured["audio.mp4"].bandwidth_peak
    assert f"BANDWIDTH={peak}," in master
    assert 'CODECS="avc1.4d40' in master
    assert told == sorted(told)
    assert told[-1] >= 0.9


def test_the_fallback_holds_picture_and_sound_and_starts_at_once(video_root):
    produce(clip(size="640x360"))
    fallback = storage.package(NAME) / "fallback.mp4"
    assert {s["codec_type"] for s in streams(fallback)} == {"video", "audio"}
    head = fallback.read_bytes()[:65536]
    assert head.find(b"moov") < head.find(b"mdat")


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({"size": "320x180"}, (320, 180)),
        ({"size": "1279x719", "extra": "-pix_fmt yuv444p -profile:v high444"}, (854, 480)),
        ({"size": "360x640", "sound": ""}, (360, 640)),
        ({"size": "640x360", "suffix": ".mkv"}, (640, 360)),
    ],
)
def test_odd_shapes_keep_theirs(video_root, given, size):
    package = produce(clip(seconds=1, **given))
    tallest = next(f for f in package.files if f.kind == "video")
    seen = streams(storage.package(NAME) / tallest.file_name)[0]
    assert (seen["width"], seen["height"]) == size


def test_a_phone_video_stored_turned_comes_out_upright(video_root):
    film = turned(clip(size="640x360", seconds=1))
    source = probe(film).source
    assert (source.width, source.height) == (360, 640)
    produce(film)
    seen = streams(storage.package(NAME) / "360p.mp4")[0]
    assert (seen["width"], seen["height"]) == (360, 640)


def test_running_it_twice_reads_what_is_there(video_root):
    first = produce(clip())
    stamp = (storage.package(NAME) / "master.m3u8").stat().st_mtime_ns
    assert produce(clip()) == first
    assert (storage.package(NAME) / "master.m3u8").stat().st_mtime_ns == stamp


def test_a_file_cut_off_is_refused_by_its_length(video_root, tmp_path):
    whole = clip(seconds=6, size="640x360", extra="-movflags +faststart -g 15").read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: len(whole) * 6 // 10])
    with pytest.raises(Rejected, match="不完整"):
        produce(cut)
    assert not storage.package(NAME).exists()
    assert list(storage.folder("work").iterdir()) == []


def test_a_full_disk_is_said_before_encoding(video_root, monkeypatch):
    monkeypatch.setattr(storage, "RESERVE_BYTES", 1 << 60)
    with pytest.raises(DiskFull, match="磁盘空间不足"):
        produce(clip())
    assert list(storage.folder("work").iterdir()) == []


def test_whoever_lost_the_job_leaves_nothing(video_root):
    class Lost(Exception):
        pass

    def tell(share, step):
        raise Lost

    with pytest.raises(Lost):
        produce(clip(), tell)
    assert list(storage.folder("work").iterdir()) == []
    assert not storage.package(NAME).exists()
