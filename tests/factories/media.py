"""Clips made by ffmpeg once and kept by content; videos that are already encoded."""

import hashlib
import os
import shutil
import subprocess
import uuid
from pathlib import Path

import factory
from django.conf import settings
from wagtail.models import Collection

from media import pipeline, services, storage
from media.models import Video, VideoRevision
from media.probe import probe
from media.services.transcoding import transcode
from school.core import clock
from school.members.models import Member

CUES = [(0, 900, "坚持理论联系实际"), (900, 1900, "开好组织生活会")]
SPEECH = "sine=frequency=440:sample_rate=48000"


def clip(*, seconds: float = 2, size: str = "320x180", rate: str = "30", **more: str) -> Path:
    """A small H.264 + AAC file in MP4 (or ``suffix``), made once for the same arguments.

    Args:
        seconds: length.
        size: of the picture.
        rate: frames a second.
        more: ``sound`` ("" for none), ``suffix``, ``extra`` (ffmpeg options before the output).
    """
    sound, suffix = more.get("sound", SPEECH), more.get("suffix", ".mp4")
    command = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}"]
    if sound:
        command += ["-f", "lavfi", "-i", f"{sound}:duration={seconds}"]
    command += ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    command += (["-c:a", "aac"] if sound else []) + more.get("extra", "").split()
    return made(command, suffix)


def made(command: list[str], suffix: str) -> Path:
    """The output of an ffmpeg command without its output name, kept by its arguments."""
    key = hashlib.sha256(" ".join(command).encode()).hexdigest()[:20]
    folder = Path(settings.DATA_DIR) / "test-clips"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{key}{suffix}"
    if not target.exists():
        part = folder / f"{key}-{uuid.uuid4().hex}{suffix}"
        base = [settings.FFMPEG_BIN, "-v", "error", "-nostdin", "-y"]
        subprocess.run([*base, *command, str(part)], check=True, timeout=120)
        os.replace(part, target)
    return target


def turned(path: Path) -> Path:
    """A copy of an MP4 whose picture is stored lying and shown upright, as phones record.

    Written by hand: the option of ffmpeg for it has another name in each of its versions.
    """
    one, none = (1 << 16).to_bytes(4, "big"), bytes(4)
    back, last = (-(1 << 16)).to_bytes(4, "big", signed=True), (1 << 30).to_bytes(4, "big")
    as_it_lies = b"".join((one, none, none, none, one, none, none, none, last))
    by_a_quarter = b"".join((none, one, none, back, none, none, none, none, last))
    data = path.read_bytes()
    at = data.index(as_it_lies, data.index(b"tkhd"))
    target = path.with_name(f"{path.stem}-turned{path.suffix}")
    target.write_bytes(data[:at] + by_a_quarter + data[at + len(by_a_quarter) :])
    return target


class MemberFactory(factory.django.DjangoModelFactory):
    """A plain member; give ``is_superuser=True`` for one who may do everything."""

    class Meta:
        model = Member

    staff_number = factory.Sequence(lambda n: f"MEDIA{n:05d}")
    name = factory.Sequence(lambda n: f"讲师{n}")
    first_run_done_at = factory.LazyFunction(clock.now)
    must_set_password = False


def ready_video(*, title: str = "组织生活怎样开", captions=CUES, by=None, **more) -> Video:
    """A video that plays: really encoded, the package kept by the clip and the settings.

    Args:
        title: of the video.
        captions: cues ``(start_ms, end_ms, text)`` or None.
        by: who uploaded it.
        more: arguments of ``clip``.
    """
    path = clip(**more)
    video = Video.objects.create(
        title=title,
        uploaded_by=by,
        collection=Collection.get_first_root_node(),
        created_at=clock.now(),
    )
    revision = revision_of(video, path)
    transcode(revision=revision, tell=_lend_package(revision, path))
    _keep_package(revision, path)
    if captions:
        services.set_captions(revision=revision, cues=captions)
    video.refresh_from_db()
    return video


def revision_of(video: Video, path: Path) -> VideoRevision:
    """The next revision of a video from a file, waiting for its encoding, without a job."""
    stored = storage.new_original()
    shutil.copyfile(path, storage.original(stored))
    probed = probe(path)
    return VideoRevision.objects.create(
        video=video,
        number=video.revisions.count() + 1,
        original=stored,
        original_name=path.name,
        bytes=path.stat().st_size,
        probe=probed.raw,
        duration_ms=probed.source.duration_ms,
        width=probed.source.width,
        height=probed.source.height,
        created_at=clock.now(),
    )


def _name(revision: VideoRevision) -> str:
    from media.rules.ladder import settings_hash

    return f"{revision.pk}-{settings_hash(settings.VIDEO_RUNGS)}"


def _kept(revision: VideoRevision, path: Path) -> Path:
    mark = _name(revision).split("-", 1)[1]
    return Path(settings.DATA_DIR) / "test-clips" / f"{path.stem}-{mark}"


def _lend_package(revision: VideoRevision, path: Path):
    """Put a package encoded earlier from the same clip in place; nothing is faked by it."""
    target = storage.package(_name(revision))
    shutil.rmtree(target, ignore_errors=True)
    kept = _kept(revision, path)
    if kept.is_dir():
        shutil.copytree(kept, target)
    return lambda share, step: None


def _keep_package(revision: VideoRevision, path: Path) -> None:
    kept = _kept(revision, path)
    if not kept.is_dir():
        part = kept.with_name(f"{kept.name}-{uuid.uuid4().hex}")
        shutil.copytree(storage.package(_name(revision)), part)
        try:
            os.rename(part, kept)
        except OSError:
            shutil.rmtree(part)


def package_files(revision: VideoRevision) -> set[str]:
    """Names of the files that were published for a revision."""
    return {p.name for p in storage.package(revision.package).iterdir()}


__all__ = [
    "CUES",
    "MemberFactory",
    "clip",
    "made",
    "package_files",
    "pipeline",
    "ready_video",
    "turned",
]
