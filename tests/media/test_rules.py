"""Ladder, playlists, ranges, loudness and captions as pure rules."""

import pysubs2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.rules import captions, ladder, loudness, playlists, ranges
from media.rules.ladder import Source

pytestmark = pytest.mark.pure
RUNGS = (1080, 720, 480, 360)


def source(width=1920, height=1080, rate=30.0, **more) -> Source:
    return Source(60_000, width, height, rate, True, audio_index=1, **more)


@given(st.integers(2, 8192), st.integers(2, 8192))
def test_no_rung_is_larger_than_the_source_and_all_are_even(width, height):
    plan = ladder.plan(source(width, height), RUNGS)
    assert plan.rungs
    for rung in plan.rungs:
        assert rung.width % 2 == rung.height % 2 == 0
        assert rung.width <= width + 1
        assert rung.height <= height + 1
    sides = [r.short_side for r in plan.rungs]
    assert sides == sorted(sides, reverse=True)


def test_an_upright_video_is_measured_by_its_short_side():
    plan = ladder.plan(source(1080, 1920), RUNGS)
    assert [(r.width, r.height) for r in plan.rungs][0] == (1080, 1920)
    assert [r.name for r in plan.rungs] == ["1080p", "720p", "480p", "360p"]


@pytest.mark.parametrize(
    ("rate", "snapped"),
    [(60, 30), (59.94, 30), (50, 25), (30, 30), (29.97, 30), (25, 25), (23.976, 24), (10, 15)],
)
def test_frame_rates_snap_without_losing_frames_below_30(rate, snapped):
    assert ladder.snap_frame_rate(rate) == snapped


def test_the_fallback_is_480p_or_the_next_that_exists():
    assert ladder.plan(source(), RUNGS).fallback.name == "480p"
    assert ladder.plan(source(), (1080, 720)).fallback.name == "720p"
    assert ladder.plan(source(320, 180), RUNGS).fallback.name == "360p"


def test_other_settings_have_another_address():
    assert ladder.settings_hash((720, 480)) != ladder.settings_hash((720, 360))
    assert ladder.settings_hash((480, 720)) == ladder.settings_hash((720, 480))


def test_an_output_may_miss_a_second_or_two_percent_but_no_more():
    assert ladder.length_problem(60_000, 58_900) == ""
    assert ladder.length_problem(60_000, 58_700) != ""
    assert ladder.length_problem(3_600_000, 3_540_000) == ""


PLAYLIST = """#EXTM3U
#EXT-X-MAP:URI="480p.mp4",BYTERANGE="800@0"
#EXTINF:6.000000,
#EXT-X-BYTERANGE:75000@800
480p.mp4
#EXTINF:6.000000,
#EXT-X-BYTERANGE:150000@75800
480p.mp4
#EXTINF:0.500000,
#EXT-X-BYTERANGE:50000@225800
480p.mp4
"""


def test_rates_come_from_the_bytes_and_a_tiny_last_segment_is_no_peak():
    measured = playlists.measure(PLAYLIST)
    assert measured.peak == 200_000
    assert measured.average == 176_000
    assert measured.duration_ms == 12_500


def test_the_master_adds_the_shared_sound_to_every_rung():
    audio = playlists.Measured(100_000, 96_000, 12_500)
    variant = playlists.Variant("480p.m3u8", 854, 480, "avc1.4d401e", 200_000, 176_000)
    text = playlists.master([variant], frame_rate=30, audio=audio)
    assert "BANDWIDTH=300000,AVERAGE-BANDWIDTH=272000" in text
    assert 'CODECS="avc1.4d401e,mp4a.40.2"' in text
    assert "AUDIO=" not in playlists.master([variant], frame_rate=30, audio=None)


@given(st.binary(min_size=1, max_size=300), st.text(alphabet="0123456789-,= bytesx", max_size=24))
def test_a_range_header_never_reaches_outside_the_file(data, header):
    try:
        span = ranges.parse(header, len(data))
    except ranges.NotSatisfiable:
        return
    if span is not None:
        assert 0 <= span.start < span.stop <= len(data)


@given(st.integers(1, 1000), st.integers(0, 1200), st.integers(0, 1200))
def test_a_range_is_the_slice_it_names(size, first, last):
    data = bytes(i % 256 for i in range(size))
    try:
        span = ranges.parse(f"bytes={first}-{last}", size)
    except ranges.NotSatisfiable:
        assert first >= size
        return
    if last < first:
        assert span is None
        return
    assert data[span.start : span.stop] == data[first : last + 1]


@given(st.integers(1, 1000), st.integers(1, 1200))
def test_a_suffix_range_is_the_end_of_the_file(size, count):
    span = ranges.parse(f"bytes=-{count}", size)
    assert (span.start, span.stop) == (max(0, size - count), size)


@pytest.mark.parametrize(
    ("summary", "gain"),
    [
        ("I:  -26.0 LUFS\n Peak: -20.0 dBFS", 10.0),
        ("I:  -26.0 LUFS\n Peak: -3.0 dBFS", 1.5),
        ("I:  -70.0 LUFS\n Peak: -inf dBFS", 0.0),
        ("I:  -6.0 LUFS\n Peak: 0.5 dBFS", -10.0),
        ("no summary", 0.0),
    ],
)
def test_gain_reaches_the_target_but_never_clips(summary, gain):
    assert loudness.gain_db(summary) == gain


words = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff\u2028\u2029\x85"),
    max_size=30,
)
cue = st.tuples(
    st.integers(0, 9_000_000), st.integers(1, 60_000), st.lists(words, min_size=1, max_size=3)
).map(lambda c: (c[0], c[0] + c[1], "\n".join(c[2])))


@given(st.lists(cue, max_size=12))
def test_what_is_written_is_read_back(cues):
    kept = captions.clean(cues)
    text = captions.write_vtt(kept)
    found = parse_vtt(text)
    assert [(s, e) for s, e, _ in found] == [(s, e) for s, e, _ in kept]
    for (_, _, seen), (_, _, meant) in zip(found, kept, strict=True):
        assert captions.spoken(seen) == captions.spoken(captions._safe(meant))


def parse_vtt(text: str) -> list[tuple[int, int, str]]:
    """A parser of its own, after the W3C grammar: blocks by blank lines, time line, payload."""
    head, *blocks = text.strip("\n").split("\n\n")
    assert head == "WEBVTT"
    return [block_of(b) for b in blocks]


def block_of(block: str) -> tuple[int, int, str]:
    times, _, payload = block.partition("\n")
    start, arrow, end = times.partition(" --> ")
    assert arrow
    assert "-->" not in payload
    return (ms(start), ms(end), payload)


def ms(text: str) -> int:
    hours, minutes, seconds = text.split(":")
    whole, thousandths = seconds.split(".")
    return ((int(hours) * 60 + int(minutes)) * 60 + int(whole)) * 1000 + int(thousandths)


@given(words)
def test_nothing_written_can_open_a_tag_of_its_own(text):
    vtt = captions.write_vtt([(0, 1000, f"<script>{text}</script>")])
    assert "<script" not in vtt


def test_only_harmless_tags_survive():
    vtt = captions.write_vtt([(0, 1000, "<b>重点</b> <a href=x>链接</a> A & B <i>斜</i>")])
    assert "<b>重点</b>" in vtt
    assert "<i>斜</i>" in vtt
    assert "&lt;a href=x&gt;" in vtt
    assert "A &amp; B" in vtt


SRT = (
    "1\r\n00:00:01,000 --> 00:00:02,500\r\n坚持理论联系实际\r\n\r\n"
    "2\r\n00:00:03,000 --> 00:00:04,000\r\n第二句\r\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_captions_of_every_usual_encoding_are_read(encoding):
    cues = captions.read(SRT.encode(encoding))
    assert cues == [(1000, 2500, "坚持理论联系实际"), (3000, 4000, "第二句")]


def test_ass_styles_and_positions_are_dropped():
    file = pysubs2.SSAFile()
    file.append(pysubs2.SSAEvent(start=0, end=1000, text=r"{\pos(1,2)\b1}粗体{\b0}\N第二行"))
    cues = captions.read(file.to_string("ass").encode())
    assert cues == [(0, 1000, "粗体\n第二行")]


@pytest.mark.parametrize(
    "data", [b"", b"\x00" * 50, "只是一段文字".encode(), b"\x89PNG\r\n\x1a\n", b"\xff\xfe\x00\xd8"]
)
def test_what_are_no_captions_is_refused_with_a_reason(data):
    with pytest.raises(captions.BadCaptions) as refusal:
        captions.read(data)
    assert "字幕" in str(refusal.value)


@given(st.binary(max_size=400))
def test_any_bytes_are_cues_or_a_clear_refusal(data):
    try:
        cues = captions.read(data)
    except captions.BadCaptions:
        return
    captions.write_vtt(cues)


def test_the_transcript_holds_words_only():
    assert captions.spoken("<b>第一</b>\n<00:01.000>第二 &amp; 三") == "第一 第二 & 三"
