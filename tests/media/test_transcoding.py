"""The job: state, signals, retry, a worker killed half way."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.core.management.base import CommandError
from wagtail.models import Collection

from media import checks, process, services, storage
from media.errors import DiskFull, Rejected
from media.models import Video, VideoRevision
from media.rules.ladder import settings_hash
from media.services.transcoding import KIND, latest_job
from media.signals import captions_changed, video_ready
from school.core import clock, jobs
from school.core.errors import Conflict, DomainError
from school.core.models import Job
from tests.factories.media import CUES, clip, package_files, ready_video, revision_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard():
    """Signals that were sent, with their arguments."""
    found = []

    def ready(sender, revision, **_):
        found.append(("ready", revision.pk))

    def changed(sender, revision, captions, **_):
        found.append(("captions", revision.pk, len(captions)))

    video_ready.connect(ready)
    captions_changed.connect(changed)
    yield found
    video_ready.disconnect(ready)
    captions_changed.disconnect(changed)


def test_ingest_to_playable_by_the_job(instructor, heard, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        video = services.ingest(path=clip(), title=" 开好组织生活会 ", by=instructor, captions=CUES)
    video.refresh_from_db()
    revision = video.current
    assert video.title == "开好组织生活会"
    assert revision.state == VideoRevision.State.READY
    assert revision.settings_hash == settings_hash(django_settings.VIDEO_RUNGS)
    assert len(revision.sha256) == 64
    assert {r.file_name for r in revision.renditions.all()} == {
        "360p.mp4",
        "audio.mp4",
        "fallback.mp4",
    }
    assert package_files(revision) >= {"master.m3u8", "poster.jpg"}
    assert latest_job(revision).state == Job.State.DONE
    assert ("captions", revision.pk, 1) in heard
    assert ("ready", revision.pk) in heard


def test_a_second_run_changes_nothing(heard, django_capture_on_commit_callbacks):
    video = ready_video()
    before = [r.pk for r in video.current.renditions.all()]
    with django_capture_on_commit_callbacks(execute=True):
        services.transcode(revision=video.current, tell=lambda share, step: None)
    assert [r.pk for r in video.current.renditions.all()] == before
    assert heard == []


def test_a_replaced_file_plays_once_it_is_ready(instructor, django_capture_on_commit_callbacks):
    video = ready_video(by=instructor)
    old = video.current_id
    revision = services.replace_file(video=video, path=clip(seconds=1), name="b.mp4", by=instructor)
    video.refresh_from_db()
    assert video.current_id == old
    services.transcode(revision=revision, tell=lambda share, step: None)
    video.refresh_from_db()
    assert video.current_id == revision.pk


def cut_file(tmp_path):
    whole = clip(seconds=6, size="640x360", extra="-movflags +faststart -g 15").read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole[: len(whole) * 6 // 10])
    return path


def test_a_cut_file_fails_with_a_reason_and_without_files(tmp_path, instructor):
    video = services.ingest(path=cut_file(tmp_path), title="断了", by=instructor)
    revision = video.revisions.get()
    original = storage.original(revision.original)
    jobs.run(latest_job(revision).pk)
    revision.refresh_from_db()
    job = latest_job(revision)
    assert (job.state, job.attempts) == (Job.State.FAILED, 1)
    assert "不完整" in job.reason
    assert revision.state == VideoRevision.State.FAILED
    assert revision.reason == job.reason
    assert list(storage.folder("published").iterdir()) == []
    assert list(storage.folder("work").iterdir()) == []
    assert original.exists() is False or revision.original == ""
    with pytest.raises(Conflict, match="重新上传"):
        services.retry(revision=revision, by=instructor)


def test_a_full_disk_keeps_the_original_for_a_retry(instructor, monkeypatch):
    video = services.ingest(path=clip(), title="满了", by=instructor)
    revision = video.revisions.get()
    monkeypatch.setattr(storage, "RESERVE_BYTES", 1 << 60)
    jobs.run(latest_job(revision).pk)
    revision.refresh_from_db()
    assert "磁盘空间不足" in revision.reason
    assert storage.original(revision.original).exists()
    monkeypatch.undo()
    services.retry(revision=revision, by=instructor)
    jobs.run(latest_job(revision).pk)
    revision.refresh_from_db()
    assert revision.state == VideoRevision.State.READY
    assert revision.reason == ""


def test_enospc_from_the_encoder_is_said_in_words(monkeypatch, tmp_path):
    script = tmp_path / "ffmpeg"
    script.write_text(
        "#!/bin/sh\necho 'av_interleaved_write_frame(): No space left on device' >&2\nexit 1\n"
    )
    script.chmod(0o755)
    with pytest.raises(DiskFull, match="磁盘空间不足"):
        process.encode([str(script)], wall_seconds=10)


def test_a_program_that_stalls_or_runs_too_long_is_ended():
    began = time.monotonic()
    with pytest.raises(process.EncoderFailed, match="没有进展"):
        process.encode(["sleep", "60"], wall_seconds=50, stall_seconds=1)
    with pytest.raises(process.EncoderFailed, match="超过"):
        process.encode(["sleep", "60"], wall_seconds=1)
    assert time.monotonic() - began < 45


def test_missing_ffmpeg_is_said_by_the_check_and_by_the_job(instructor, settings):
    assert checks.tools() == []
    video = services.ingest(path=clip(), title="缺工具", by=instructor)
    settings.FFMPEG_BIN = "/nowhere/ffmpeg"
    assert [m.id for m in checks.tools()] == ["media.W001"]
    revision = video.revisions.get()
    jobs.run(latest_job(revision).pk)
    revision.refresh_from_db()
    assert "请管理员安装 ffmpeg" in revision.reason
    assert storage.original(revision.original).exists()


def test_an_ffmpeg_without_its_parts_is_named(settings, tmp_path):
    poor = tmp_path / "ffmpeg"
    poor.write_text("#!/bin/sh\nexit 0\n")
    poor.chmod(0o755)
    settings.FFMPEG_BIN = str(poor)
    [problem] = checks.tools()
    assert problem.id == "media.E001"
    assert "libx264" in problem.msg


def test_ingest_refuses_what_is_no_video_and_leaves_nothing(tmp_path, instructor):
    path = tmp_path / "a.mp4"
    path.write_text("讲稿")
    with pytest.raises(Rejected):
        services.ingest(path=path, title="讲稿", by=instructor)
    with pytest.raises(DomainError, match="没有这个文件"):
        services.ingest(path=tmp_path / "b.mp4", title="无", by=instructor)
    with pytest.raises(DomainError, match="标题"):
        services.ingest(path=clip(), title="  ", by=instructor)
    assert not Video.objects.exists()
    assert [p for p in storage.folder("originals").rglob("*") if p.is_file()] == []


def test_the_command_takes_files_and_says_which_failed(tmp_path, capsys):
    broken = tmp_path / "坏的.mp4"
    broken.write_bytes(b"")
    with pytest.raises(CommandError):
        call_command("ingest_video", str(clip()), str(broken))
    out = capsys.readouterr()
    assert "共 2 个，收进 1 个，失败 1 个" in out.out
    assert "坏的.mp4:文件是空的" in out.err
    assert Video.objects.count() == 1


def test_files_stay_until_the_deletion_is_certain(instructor):
    video = ready_video(by=instructor)
    package = storage.package(video.current.package)
    services.delete_video(video=video, by=instructor)
    assert not Video.objects.exists()
    assert package.exists()  # until the transaction commits


def test_deleting_removes_all_files(instructor, django_capture_on_commit_callbacks):
    video = ready_video(by=instructor)
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_video(video=video, by=instructor)
    assert list(storage.folder("published").iterdir()) == []
    assert [p for p in storage.folder("originals").rglob("*") if p.is_file()] == []


# What a worker does once it has claimed the job: the real pipeline, in a process of its own.
WORKER = """
import sys
from pathlib import Path
import django
django.setup()
from django.conf import settings
settings.VIDEO_ROOT = Path(sys.argv[1])
from media import pipeline
from media.probe import probe
path = Path(sys.argv[2])
pipeline.produce(path, probe(path).source, revision_id=int(sys.argv[3]), name=sys.argv[4],
                 rungs=settings.VIDEO_RUNGS, tell=lambda share, step: None)
"""


def encoders_of(root) -> list[int]:
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as handle:
                    line = handle.read()
            except OSError:
                continue
            if str(root).encode() in line and b"-filter_complex" in line:
                found.append(int(entry))
    return found


def test_a_worker_killed_half_way_is_followed_by_one_that_finishes_once(instructor, video_root):
    video = Video.objects.create(
        title="很长",
        uploaded_by=instructor,
        collection=Collection.get_first_root_node(),
        created_at=clock.now(),
    )
    revision = revision_of(video, clip(seconds=12, size="960x540"))
    job = Job.objects.create(
        kind=KIND,
        queue="video",
        subject_type=revision._meta.label_lower,
        subject_id=str(revision.pk),
        payload={"revision": revision.pk},
        created_at=clock.now(),
        sent_at=clock.now(),
    )
    jobs.claim(job.pk)
    name = f"{revision.pk}-{settings_hash(django_settings.VIDEO_RUNGS)}"
    original = str(storage.original(revision.original))
    command = [sys.executable, "-c", WORKER, str(video_root), original, str(revision.pk), name]
    worker = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    try:
        deadline = time.monotonic() + 60
        while not list(storage.folder("work").glob("*/480p.mp4")):
            assert worker.poll() is None, "the worker ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert encoders_of(video_root)
    finally:
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
    deadline = time.monotonic() + 60
    while encoders_of(video_root) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert encoders_of(video_root) == []
    assert Job.objects.get(pk=job.pk).state == Job.State.RUNNING
    assert list(storage.folder("published").iterdir()) == []

    with clock.at(clock.now() + timedelta(minutes=2)):
        jobs.resend()
        jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.DONE, 2)
    assert [p.name for p in storage.folder("published").iterdir()] == [
        VideoRevision.objects.get(pk=revision.pk).package
    ]
    assert list(storage.folder("work").iterdir()) == []
    jobs.run(job.pk)
    assert len(list(storage.folder("published").iterdir())) == 1
