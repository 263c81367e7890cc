"""Signed paths, byte ranges, captions and pictures."""

from datetime import timedelta

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from media import selectors, services, signing, storage
from school.core import clock
from tests.factories.media import ready_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def video():
    return ready_video()


def body(response) -> bytes:
    return response.getvalue() if response.streaming else response.content


def test_everything_the_player_needs_is_under_one_signature(client, video):
    playback = selectors.playback(video.current)
    master = client.get(playback["master"])
    assert master["Content-Type"] == "application/vnd.apple.mpegurl"
    base = playback["master"].rsplit("/", 1)[0]
    names = [line for line in body(master).decode().splitlines() if not line.startswith("#")]
    assert names == ["360p.m3u8"]
    rung = body(client.get(f"{base}/{names[0]}")).decode()
    assert 'URI="360p.mp4"' in rung
    for name in ("360p.mp4", "audio.mp4", "audio.m3u8", "poster.jpg", "fallback.mp4"):
        assert client.get(f"{base}/{name}").status_code == 200
    assert playback["duration_ms"] == pytest.approx(2000, abs=100)


def test_the_public_file_list_holds_no_original_and_no_manifest(client, video):
    base = selectors.playback(video.current)["master"].rsplit("/", 1)[0]
    for name in ("manifest.json", "..", "secret.txt", "%2e%2e%2fx.mp4", ".hidden.mp4"):
        assert client.get(f"{base}/{name}").status_code == 404


def test_a_signature_is_for_one_title_and_one_moment(client, video):
    other = ready_video(title="另一个")
    expiry = signing.expiry_after(clock.now(), timedelta(hours=1))
    package = video.current.package
    good = signing.signature(package, expiry)

    def get(package, expiry, signed):
        url = reverse("media:file", args=[expiry, signed, package, "master.m3u8"])
        return client.get(url).status_code

    assert get(package, expiry, good) == 200
    assert get(other.current.package, expiry, good) == 403
    assert get(package, expiry + 3600, good) == 403
    assert get(package, expiry, good[:-1] + ("A" if good[-1] != "A" else "B")) == 403
    with clock.at(clock.now() + timedelta(hours=3)):
        assert get(package, expiry, good) == 410


def test_links_outlive_a_long_video_and_a_guests_are_shorter(video, member):
    revision = video.current
    now = clock.now()
    guest = selectors.playback(revision)["expires"] - now.timestamp()
    mine = selectors.playback(revision, member)["expires"] - now.timestamp()
    assert 3600 <= guest <= 2 * 3600
    assert 6 * 3600 <= mine <= 7 * 3600
    revision.duration_ms = 3 * 3600 * 1000
    assert selectors.playback(revision)["expires"] - now.timestamp() >= 9 * 3600


def test_ranges_are_answered_as_the_rfc_says(client, video):
    url = selectors.playback(video.current)["fallback"]
    whole = client.get(url)
    data = body(whole)
    assert whole["Accept-Ranges"] == "bytes"
    assert whole["Content-Length"] == str(len(data))
    part = client.get(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, body(part)) == (206, data[10:20])
    assert part["Content-Range"] == f"bytes 10-19/{len(data)}"
    assert body(client.get(url, headers={"Range": "bytes=-5"})) == data[-5:]
    assert body(client.get(url, headers={"Range": f"bytes={len(data) - 3}-"})) == data[-3:]
    outside = client.get(url, headers={"Range": f"bytes={len(data)}-"})
    assert (outside.status_code, outside["Content-Range"]) == (416, f"bytes */{len(data)}")
    head = client.head(url, headers={"Range": "bytes=0-99"})
    assert (head.status_code, head["Content-Length"], body(head)) == (206, "100", b"")


def test_a_changed_file_is_sent_whole_and_an_unchanged_one_not_at_all(client, video):
    url = selectors.playback(video.current)["fallback"]
    etag = client.get(url)["ETag"]
    old = client.get(url, headers={"Range": "bytes=0-9", "If-Range": '"old"'})
    assert old.status_code == 200
    same = client.get(url, headers={"Range": "bytes=0-9", "If-Range": etag})
    assert same.status_code == 206
    assert client.get(url, headers={"If-None-Match": etag}).status_code == 304


def test_media_may_be_cached_for_ever_and_playlists_briefly(client, video):
    playback = selectors.playback(video.current)
    assert "immutable" in client.get(playback["fallback"])["Cache-Control"]
    assert client.get(playback["master"])["Cache-Control"] == "private, max-age=60"
    assert client.get(playback["fallback"])["Content-Type"] == "video/mp4"


def test_delivery_asks_the_database_nothing(client, video, member, django_assert_num_queries):
    client.force_login(member)
    url = selectors.playback(video.current)["fallback"]
    with django_assert_num_queries(0):
        client.get(url, headers={"Range": "bytes=0-9"})


def test_a_proxy_can_deliver_for_django(client, video, settings):
    settings.VIDEO_ACCEL_PREFIX = "/-/v/"
    answer = client.get(selectors.playback(video.current)["fallback"])
    assert answer["X-Accel-Redirect"] == f"/-/v/{video.current.package}/fallback.mp4"
    assert answer.content == b""


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(start=st.integers(0, 40_000), stop=st.integers(0, 40_000))
def test_any_range_is_the_slice_of_the_whole(client, picture, start, stop):
    data = picture.read_bytes()
    url = reverse("media:picture", args=[picture.name])
    answer = client.get(url, headers={"Range": f"bytes={start}-{stop}"})
    if start >= len(data) and stop >= start:
        assert answer.status_code == 416
    elif stop < start:
        assert body(answer) == data
    else:
        assert body(answer) == data[start : stop + 1]


@pytest.fixture
def picture(settings):
    folder = settings.MEDIA_ROOT / "images"
    folder.mkdir(parents=True)
    path = folder / "cover.width-400.webp"
    path.write_bytes(bytes(i * 7 % 256 for i in range(20_000)))
    return path


def test_renditions_are_public_and_originals_have_no_address(client, picture, settings):
    originals = settings.MEDIA_ROOT / "original_images"
    originals.mkdir()
    (originals / "x.webp").write_bytes(b"original")
    (picture.parent / "note.txt").write_bytes(b"text")
    answer = client.get(reverse("media:picture", args=[picture.name]))
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert "public" in answer["Cache-Control"]
    for name in ("../original_images/x.webp", "..%2foriginal_images%2fx.webp", "note.txt", ".."):
        assert client.get(f"/files/images/{name}").status_code == 404
    assert client.get("/files/original_images/x.webp").status_code == 404


def test_captions_come_as_vtt_and_only_with_their_title(client, video):
    playback = selectors.playback(video.current)
    url = playback["captions"][0]["url"]
    answer = client.get(url)
    assert answer["Content-Type"] == "text/vtt; charset=utf-8"
    assert answer.content.decode().startswith("WEBVTT\n\n00:00:00.000 --> 00:00:00.900\n坚持")
    other = ready_video(title="另一个", captions=None)
    base = selectors.playback(other.current)["master"].rsplit("/", 1)[0]
    stolen = f"{base}/captions/{url.rsplit('/', 1)[1]}"
    assert client.get(stolen).status_code == 404
    assert [line["text"] for line in playback["transcript"]][0] == "坚持理论联系实际"


def test_changed_captions_have_another_address(video):
    before = selectors.playback(video.current)["captions"][0]["url"]
    services.set_captions(revision=video.current, cues=[(0, 500, "改过的话")])
    assert selectors.playback(video.current)["captions"][0]["url"] != before


def test_the_link_stays_the_same_within_an_hour(video):
    moment = clock.now().replace(minute=5, second=0)
    with clock.at(moment):
        first = selectors.poster_url(video.current)
    with clock.at(moment + timedelta(minutes=30)):
        assert selectors.poster_url(video.current) == first
    assert storage.package(video.current.package).is_dir()
