"""tus: offsets, resume, expiry, refusal; what is no video leaves nothing behind."""

import base64
import fcntl
from datetime import timedelta

import pytest
from django.urls import reverse

from media import storage
from media.models import Upload, Video, VideoRevision
from media.services import sweep
from school.core import clock
from school.core.models import Job
from tests.factories.media import MemberFactory, clip

pytestmark = pytest.mark.django_db
BYTES = "application/offset+octet-stream"


def metadata(**values: str) -> str:
    return ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in values.items())


def begin(client, length: int, **more: str):
    meta = {"filename": "讲课.mp4", "declared": "1"} | more
    headers = {"Upload-Length": str(length), "Upload-Metadata": metadata(**meta)}
    return client.post(reverse("media:uploads"), headers=headers | {"Tus-Resumable": "1.0.0"})


def send(client, location: str, at: int, data: bytes):
    headers = {"Upload-Offset": str(at), "Tus-Resumable": "1.0.0"}
    return client.patch(location, data, content_type=BYTES, headers=headers)


def leftovers() -> list:
    found = [*storage.folder("incoming").iterdir()]
    return found + [p for p in storage.folder("originals").rglob("*") if p.is_file()]


@pytest.fixture
def desk(client, instructor):
    client.force_login(instructor)
    return client


def test_a_file_in_pieces_becomes_a_video_with_a_job(desk, instructor):
    data = clip().read_bytes()
    location = begin(desk, len(data), title="安全生产")["Location"]
    half = len(data) // 2
    first = send(desk, location, 0, data[:half])
    assert (first.status_code, first["Upload-Offset"]) == (204, str(half))
    last = send(desk, location, half, data[half:])
    assert (last.status_code, last["Upload-Offset"]) == (204, str(len(data)))
    video = Video.objects.get()
    assert last["X-Video-Url"] == reverse("videos:detail", args=[video.pk])
    assert (video.title, video.uploaded_by, video.no_secrets) == ("安全生产", instructor, True)
    revision = video.revisions.get()
    assert storage.original(revision.original).read_bytes() == data
    assert Job.objects.get().subject_id == str(revision.pk)
    assert Upload.objects.get().state == Upload.State.DONE


def test_the_title_is_the_file_name_when_none_is_given(desk):
    data = clip().read_bytes()
    send(desk, begin(desk, len(data))["Location"], 0, data)
    assert Video.objects.get().title == "讲课"


def test_a_wrong_offset_is_a_conflict_and_the_right_one_is_told(desk):
    location = begin(desk, 1000)["Location"]
    send(desk, location, 0, b"x" * 300)
    assert send(desk, location, 200, b"x" * 100).status_code == 409
    assert send(desk, location, 400, b"x" * 100).status_code == 409
    head = desk.head(location)
    assert (head["Upload-Offset"], head["Upload-Length"]) == ("300", "1000")
    assert head["Cache-Control"] == "no-store"


def test_more_bytes_than_announced_are_refused(desk):
    location = begin(desk, 100)["Location"]
    assert send(desk, location, 0, b"x" * 101).status_code == 422


def test_two_writers_do_not_mix(desk):
    location = begin(desk, 1000)["Location"]
    token = Upload.objects.get().token
    with storage.incoming(token).open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert send(desk, location, 0, b"x").status_code == 423


def test_bytes_that_arrived_before_a_crash_count(desk):
    """The file decides, so a row that was not written in time loses nothing."""
    location = begin(desk, 1000)["Location"]
    storage.incoming(Upload.objects.get().token).write_bytes(b"x" * 123)
    assert desk.head(location)["Upload-Offset"] == "123"


def test_a_last_answer_that_was_lost_can_be_asked_for_again(desk):
    data = clip().read_bytes()
    location = begin(desk, len(data))["Location"]
    send(desk, location, 0, data)
    head = desk.head(location)
    assert head["Upload-Offset"] == str(len(data))
    assert "X-Video-Url" in head
    assert send(desk, location, len(data), b"").status_code == 204
    assert Video.objects.count() == 1


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n" + bytes(99), "讲稿".encode() * 40])
def test_what_is_no_video_is_refused_and_leaves_nothing(desk, data):
    location = begin(desk, len(data))["Location"]
    answer = send(desk, location, 0, data)
    assert answer.status_code == 422
    assert "不是视频" in answer.json()["error"]
    assert not Upload.objects.exists()
    assert not Video.objects.exists()
    assert not Job.objects.exists()
    assert leftovers() == []


def test_a_broken_video_is_refused_and_leaves_nothing(desk):
    data = clip().read_bytes()
    data = data[: len(data) // 2]
    answer = send(desk, begin(desk, len(data))["Location"], 0, data)
    assert answer.status_code == 422
    assert not Video.objects.exists()
    assert leftovers() == []


def test_an_empty_or_too_large_file_is_refused_before_a_byte_moves(desk, settings):
    assert "空的" in begin(desk, 0).json()["error"]
    settings.VIDEO_MAX_BYTES = 10
    assert begin(desk, 11).status_code == 422
    assert not Upload.objects.exists()


def test_the_declarations_are_required(desk):
    answer = begin(desk, 100, declared="0")
    assert answer.status_code == 400
    assert "涉密" in answer.json()["error"]


def test_who_may_not_upload_is_refused_before_a_byte_moves(client, member):
    client.force_login(member)
    assert begin(client, 100).status_code == 403
    client.logout()
    assert begin(client, 100).status_code == 403
    assert not Upload.objects.exists()


def test_somebody_elses_upload_does_not_exist(client, desk):
    location = begin(desk, 100)["Location"]
    client.force_login(MemberFactory(is_superuser=True))
    assert client.head(location).status_code == 404
    assert send(client, location, 0, b"x").status_code == 404
    assert client.delete(location).status_code == 404


def test_an_upload_can_be_forgotten(desk):
    location = begin(desk, 100)["Location"]
    assert desk.delete(location).status_code == 204
    assert desk.head(location).status_code == 404
    assert leftovers() == []


def test_an_expired_upload_is_gone_and_swept(desk, instructor):
    location = begin(desk, 100)["Location"]
    send(desk, location, 0, b"x" * 10)
    with clock.at(clock.now() + timedelta(hours=49)):
        desk.logout()  # the session has ended for want of activity
        desk.force_login(instructor)
        assert desk.head(location).status_code == 410
        assert sweep() == 1
    assert leftovers() == []
    assert not Upload.objects.exists()


def test_the_protocol_names_its_version_and_limits(desk, settings):
    answer = desk.options(reverse("media:uploads"))
    assert answer["Tus-Version"] == "1.0.0"
    assert answer["Tus-Max-Size"] == str(settings.VIDEO_MAX_BYTES)
    other = desk.post(reverse("media:uploads"), headers={"Tus-Resumable": "0.2.2"})
    assert other.status_code == 412


def test_a_form_of_another_site_cannot_upload(instructor):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(instructor)
    assert begin(strict, 100).status_code == 403


def test_replacing_the_file_makes_a_new_revision(desk):
    data = clip().read_bytes()
    send(desk, begin(desk, len(data))["Location"], 0, data)
    video = Video.objects.get()
    other = clip(seconds=1).read_bytes()
    send(desk, begin(desk, len(other), video=str(video.pk))["Location"], 0, other)
    assert Video.objects.count() == 1
    assert list(VideoRevision.objects.values_list("number", flat=True)) == [2, 1]
