"""Hostile and odd files: refused with a reason, and nothing else is read."""

import shutil

import pytest

from media import ffmpeg, process
from media.errors import Rejected
from media.probe import probe, sniff
from tests.factories.media import clip, made, turned

SECRET = "secret.mp4"


@pytest.fixture
def private(tmp_path):
    """Another video on the same disk that must not become readable."""
    target = tmp_path / SECRET
    target.write_bytes(clip().read_bytes())
    return target


def written(tmp_path, data: bytes):
    path = tmp_path / "given.mp4"
    path.write_bytes(data)
    return path


@pytest.mark.pure
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "空的"),
        ("党课讲稿".encode(), "不是视频"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "图片"),
        (b"%PDF-1.7" + bytes(64), "文档"),
        (b"PK\x03\x04" + bytes(64), "压缩包"),
        (b"ID3\x04" + bytes(64), "音频"),
        (bytes(range(256)) * 4, "不是视频"),
    ],
)
def test_what_is_no_video_is_refused_by_its_signature(tmp_path, data, reason):
    with pytest.raises(Rejected, match=reason):
        probe(written(tmp_path, data))


@pytest.mark.pure
@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{secret}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{name}'\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet>'
        "<Representation><BaseURL>{secret}</BaseURL></Representation></AdaptationSet></Period>"
        "</MPD>",
    ],
    ids=["hls", "ffconcat", "dash"],
)
def test_a_playlist_in_disguise_reads_no_other_file(tmp_path, private, text):
    path = written(tmp_path, text.format(secret=private, name=SECRET).encode())
    with pytest.raises(Rejected):
        probe(path)
    # Even past the signature, the whitelists of the encoder refuse it.
    command = ffmpeg.poster(path, 0, tmp_path / "out.jpg")
    with pytest.raises(process.EncoderFailed):
        process.encode(command, wall_seconds=20)
    assert not (tmp_path / "out.jpg").exists()


@pytest.mark.pure
def test_a_playlist_behind_a_video_signature_is_refused_by_ffprobe(tmp_path, private):
    disguised = b"\x00\x00\x00\x18ftypisom" + f"\n#EXTM3U\n{private}\n".encode()
    with pytest.raises(Rejected):
        probe(written(tmp_path, disguised))


@pytest.mark.pure
def test_a_file_without_its_index_is_refused(tmp_path):
    whole = clip().read_bytes()
    with pytest.raises(Rejected, match="损坏|不完整"):
        probe(written(tmp_path, whole[: len(whole) // 2]))


@pytest.mark.pure
def test_sound_with_a_cover_picture_is_no_video(tmp_path):
    command = ["-f", "lavfi", "-i", "sine=duration=1", "-c:a", "aac"]
    with pytest.raises(Rejected, match="没有画面"):
        probe(made(command, ".m4a"))


@pytest.mark.pure
def test_limits_of_size_and_length_are_named(settings):
    wide = clip(seconds=1, size="8194x100", rate="15", sound="")
    with pytest.raises(Rejected, match="画面过大"):
        probe(wide)
    settings.VIDEO_MAX_SECONDS = 1
    with pytest.raises(Rejected, match="最长"):
        probe(clip(seconds=2))


@pytest.mark.pure
@pytest.mark.parametrize("name", ["-i.mp4", "a:b.mp4", "concat:x|y.mp4", "a b'c.mp4"])
def test_names_that_look_like_options_or_addresses_are_only_names(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(clip().read_bytes())
    assert probe(path).source.width == 320


@pytest.mark.pure
def test_containers_of_the_field_are_accepted():
    for suffix, extra in ((".mkv", ""), (".mov", ""), (".ts", ""), (".flv", ""), (".avi", "")):
        path = clip(seconds=1, suffix=suffix, extra=extra)
        sniff(path)
        assert probe(path).source.has_audio


# Clips that differ in one thing each, and what both probes must say of them.
TOLD_APART = {
    "plain": (lambda: clip(seconds=1), {"width": 320, "height": 180, "interlaced": False}),
    "without sound": (lambda: clip(seconds=1, sound=""), {"has_audio": False}),
    "an odd rate": (lambda: clip(seconds=1, rate="30000/1001"), {"frame_rate": 30000 / 1001}),
    "stretched": (lambda: clip(seconds=1, extra="-vf setsar=4/3"), {"width": 427}),
    "turned": (lambda: turned(clip(seconds=1)), {"width": 180, "height": 320}),
    "interlaced": (
        lambda: clip(seconds=1, extra="-flags +ilme+ildct -x264opts tff=1"),
        {"interlaced": True},
    ),
    "high range": (
        lambda: clip(seconds=1, extra="-vf setparams=color_trc=smpte2084 -color_trc smpte2084"),
        {"transfer": "smpte2084"},
    ),
    **{
        suffix: (lambda suffix=suffix: clip(seconds=1, suffix=f".{suffix}"), {"has_audio": True})
        for suffix in ("mkv", "mov", "ts", "flv", "avi")
    },
}


@pytest.fixture
def without_ffprobe(settings):
    """A machine set up without root: PyAV answers."""
    settings.FFPROBE_BIN = "/nowhere/ffprobe"


@pytest.mark.pure
@pytest.mark.parametrize("what", TOLD_APART)
def test_pyav_says_what_is_in_a_file(without_ffprobe, what):
    make, expected = TOLD_APART[what]
    said = probe(make()).source
    assert {name: getattr(said, name) for name in expected} == expected


@pytest.mark.pure
@pytest.mark.skipif(not shutil.which("ffprobe"), reason="needs ffprobe to hold PyAV against")
@pytest.mark.parametrize("what", TOLD_APART)
def test_pyav_and_ffprobe_say_the_same(settings, what):
    path = TOLD_APART[what][0]()
    by_ffprobe = probe(path).source
    settings.FFPROBE_BIN = "/nowhere/ffprobe"
    assert probe(path).source == by_ffprobe


@pytest.mark.pure
@pytest.mark.parametrize(
    "test",
    [test_a_file_without_its_index_is_refused, test_sound_with_a_cover_picture_is_no_video],
)
def test_pyav_refuses_what_ffprobe_refuses(without_ffprobe, tmp_path, test):
    test(tmp_path)


@pytest.mark.pure
def test_a_playlist_behind_a_video_signature_is_refused_by_pyav(without_ffprobe, tmp_path, private):
    disguised = b"\x00\x00\x00\x18ftypisom" + f"\n#EXTM3U\n{private}\n".encode()
    with pytest.raises(Rejected):
        probe(written(tmp_path, disguised))
