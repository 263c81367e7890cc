"""Photos and PDFs of signed sheets: what they are is sniffed, pictures are written anew."""

import io
import os
import stat

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from school.core.errors import Conflict, DomainError
from school.gatherings.models import EvidenceFile
from school.gatherings.services import cancel_gathering, close_gathering
from school.gatherings.services.evidence import add_file, path_of, remove_file
from tests.factories import gatherings as made
from tests.factories import members as make

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.GATHERING_DIR = tmp_path / "gatherings"
    return settings.GATHERING_DIR


@pytest.fixture
def scene():
    home = make.branch()
    secretary = make.officer(home)
    return made.over(home, secretary), secretary


def photo(form="JPEG", size=(80, 40), **more):
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, form, **more)
    return out.getvalue()


def add(scene, content, name="签到表.jpg"):
    gathering, secretary = scene
    return add_file(gathering=gathering, upload=SimpleUploadedFile(name, content), by=secretary)


def test_a_photo_is_written_anew_without_where_and_with_what_it_was_taken(scene):
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "SecretCamera", 6
    hidden = photo(exif=exif) + b"<script>alert(1)</script>"
    kept = path_of(add(scene, hidden)).read_bytes()
    assert b"SecretCamera" not in kept and b"script" not in kept
    # Taken upright: the turn is in the picture now.
    assert Image.open(io.BytesIO(kept)).size == (40, 80)
    assert not Image.open(io.BytesIO(kept)).getexif()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_pictures_of_known_kinds_become_jpeg_whatever_they_are_called(scene, form):
    file = add(scene, photo(form), "签到表.exe")
    assert (file.kind, file.name) == (EvidenceFile.Kind.PICTURE, "签到表.jpg")
    assert path_of(file).read_bytes().startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"GIF89a" + b"\x00" * 50,
        b"\xff\xd8\xff\xe0broken",
        photo()[:60],
        b"%PDF-1.7 cut off",
        b"PK\x03\x04",
    ],
)
def test_anything_else_is_refused_and_nothing_stays(scene, folder, content):
    with pytest.raises(DomainError):
        add(scene, content)
    assert not folder.exists() or not os.listdir(folder)
    assert not EvidenceFile.objects.exists()


def test_a_picture_made_to_fill_the_memory_is_refused_before_it_is_unpacked(scene, settings):
    settings.GATHERING_PICTURE_PIXELS = 1_000
    with pytest.raises(DomainError, match="像素"):
        add(scene, photo("PNG", (100, 100)))


def test_a_file_over_the_limit_is_refused(scene, settings):
    settings.GATHERING_FILE_BYTES = 100
    with pytest.raises(DomainError):
        add(scene, PDF + b" " * 100)


def test_the_same_file_is_kept_once_and_only_so_many_of_them(scene, settings, folder):
    assert add(scene, PDF).pk == add(scene, PDF, "又一份.pdf").pk
    assert len(os.listdir(folder)) == 1
    settings.GATHERING_FILES = 1
    with pytest.raises(Conflict):
        add(scene, photo())


def test_what_is_stored_has_a_random_name_and_only_the_school_may_open_it(scene):
    file = add(scene, PDF, "../../etc/passwd.pdf")
    path = path_of(file)
    assert file.name == "passwd.pdf" and len(path.name) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_is_delivered_to_who_may_see_the_gathering_and_to_nobody_else(scene, client):
    gathering, secretary = scene
    file, picture = add(scene, PDF, "签到表.pdf"), add(scene, photo())
    address = reverse("gatherings:file", args=[gathering.pk, file.pk])
    client.force_login(secretary)
    answer = client.get(address)
    assert b"".join(answer.streaming_content) == PDF
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    shown = client.get(reverse("gatherings:file", args=[gathering.pk, picture.pk]))
    assert shown["Content-Type"] == "image/jpeg"
    assert b"".join(shown.streaming_content).startswith(b"\xff\xd8")
    other = made.over(gathering.branch, secretary, title="另一场")
    assert client.get(reverse("gatherings:file", args=[other.pk, file.pk])).status_code == 404
    for stranger in (make.officer(make.branch()), make.member(gathering.branch)):
        client.force_login(stranger)
        assert client.get(address).status_code == 404


def test_what_was_booked_on_stays_and_before_it_goes_with_its_file(
    scene, django_capture_on_commit_callbacks
):
    gathering, secretary = scene
    file = add(scene, PDF)
    with django_capture_on_commit_callbacks(execute=True):
        remove_file(file=file, by=secretary)
    assert not path_of(file).exists()
    kept = add(scene, PDF)
    close_gathering(gathering=gathering, states={}, by=secretary)
    kept.refresh_from_db()
    with pytest.raises(Conflict):
        remove_file(file=EvidenceFile.objects.get(pk=kept.pk), by=secretary)
    assert path_of(kept).exists()
    cancel_gathering(gathering=gathering, reason="没有开", by=secretary)
    gathering.refresh_from_db()
    with pytest.raises(Conflict):
        add((gathering, secretary), photo())


def test_the_page_takes_a_file(scene, client):
    gathering, secretary = scene
    client.force_login(secretary)
    detail = reverse("gatherings:detail", args=[gathering.pk])
    answer = client.post(
        reverse("gatherings:file_add", args=[gathering.pk]),
        {"file": SimpleUploadedFile("签到表.png", photo("PNG"))},
    )
    assert answer.url == detail
    assert "签到表.jpg" in client.get(detail).content.decode()
