"""The demo lessons as real videos: slides, speech (or a quiet tone), captions that match.

A film is kept under the data directory by the digest of everything it is made from, so seeding
again, or seeding another database, makes none twice.
"""

import hashlib
import json
import math
import shutil
import struct
import subprocess
import tempfile
import wave
from array import array
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from school.core.errors import DomainError
from school.demo import drawing
from school.demo.texts import Lesson

RECIPE = "3"
RATE = 22_050
PAUSE_MS, SLIDE_PAUSE_MS = 450, 900
CHARACTERS_PER_SECOND = 4
FRAMES = 5


@dataclass(frozen=True)
class Film:
    """A made film: its file, its cues (start ms, end ms, text) and whether a voice speaks."""

    path: Path
    cues: list[tuple[int, int, str]]
    spoken: bool


def speaker() -> str:
    """The speech program of this machine, or empty."""
    return shutil.which("espeak-ng") or shutil.which("espeak") or ""


def make(lesson: Lesson) -> Film:
    """The film of a lesson, from the cache or made now.

    Raises:
        DomainError: ffmpeg is missing or refused the work.
    """
    folder = settings.DATA_DIR / "demo-cache"
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / _digest(lesson)
    film, notes = stem.with_suffix(".mp4"), stem.with_suffix(".json")
    if not (film.exists() and notes.exists()):
        with tempfile.TemporaryDirectory(dir=folder) as work:
            cues = _render(lesson, Path(work))
            notes.write_text(json.dumps(cues, ensure_ascii=False), encoding="utf-8")
            (Path(work) / "film.mp4").replace(film)
    return Film(film, [tuple(cue) for cue in json.loads(notes.read_text("utf-8"))], bool(speaker()))


def _digest(lesson: Lesson) -> str:
    said = repr((RECIPE, bool(speaker()), lesson.head.get("title"), lesson.slides))
    return hashlib.sha256(said.encode()).hexdigest()[:20]


def speak(lesson: Lesson, work: Path) -> tuple[array, list[tuple[int, int, str]], list[int]]:
    """What is heard of a lesson: samples, cues (start ms, end ms, text), samples of each slide."""
    sound = array("h")
    cues: list[tuple[int, int, str]] = []
    shown: list[int] = []
    for slide in lesson.slides:
        begin = len(sound)
        for index, sentence in enumerate(slide.sentences):
            start = len(sound)
            sound.extend(_say(sentence, work))
            cues.append((_ms(start), _ms(len(sound)), sentence))
            last = index == len(slide.sentences) - 1
            sound.extend(_silence(SLIDE_PAUSE_MS if last else PAUSE_MS))
        shown.append(len(sound) - begin)
    return sound, cues, shown


def _render(lesson: Lesson, work: Path) -> list[tuple[int, int, str]]:
    """Write film.mp4 into ``work``; returns the cues."""
    sound, cues, shown = speak(lesson, work)
    frames: list[tuple[Path, int]] = []
    for number, (slide, samples) in enumerate(zip(lesson.slides, shown, strict=True), start=1):
        picture = work / f"{number:02}.png"
        drawn = drawing.slide(
            slide, number=number, total=len(lesson.slides), lesson=lesson.head["title"]
        )
        drawn.save(picture)
        frames.append((picture, samples))
    _write_wave(work / "sound.wav", sound)
    listing = "".join(f"file '{p.name}'\nduration {n / RATE:.3f}\n" for p, n in frames)
    (work / "slides.txt").write_text(f"{listing}file '{frames[-1][0].name}'\n")
    _assemble(work, len(sound) / RATE)
    return cues


def _ms(samples: int) -> int:
    return samples * 1000 // RATE


def _say(sentence: str, work: Path) -> array:
    """A sentence as samples: spoken where a voice is installed, else a quiet tone of its length."""
    if not speaker():
        return _tone(len(sentence) * RATE // CHARACTERS_PER_SECOND)
    target = work / "said.wav"
    _run([speaker(), "-v", "cmn", "-s", "150", "-a", "140", "-w", str(target), sentence])
    with wave.open(str(target)) as spoken:
        if (spoken.getframerate(), spoken.getnchannels(), spoken.getsampwidth()) != (RATE, 1, 2):
            raise DomainError(_("语音合成程序输出的格式不符，请更新 espeak-ng。"))
        return array("h", spoken.readframes(spoken.getnframes()))


def _silence(milliseconds: int) -> array:
    return array("h", bytes(2 * (milliseconds * RATE // 1000)))


def _tone(samples: int) -> array:
    return array("h", (round(500 * math.sin(n * 2 * math.pi * 220 / RATE)) for n in range(samples)))


def _write_wave(path: Path, samples: array) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))


def _assemble(work: Path, seconds: float) -> None:
    _run(
        [
            settings.FFMPEG_BIN, "-hide_banner", "-loglevel", "error", "-y",
            "-f", "concat", "-safe", "0", "-i", str(work / "slides.txt"),
            "-i", str(work / "sound.wav"),
            "-vf", f"fps={FRAMES},format=yuv420p",
            "-c:v", "libx264", "-preset", "ultrafast", "-tune", "stillimage", "-crf", "24",
            "-g", str(FRAMES * 4), "-c:a", "aac", "-b:a", "96k", "-ar", "44100",
            "-t", f"{seconds:.3f}", "-movflags", "+faststart", "-threads", "2",
            str(work / "film.mp4"),
        ]
    )  # fmt: skip


def _run(arguments: list[str]) -> None:
    try:
        subprocess.run(arguments, check=True, capture_output=True, timeout=300)
    except FileNotFoundError as error:
        raise DomainError(
            _("没有找到程序 %(name)s，请安装后重新运行。") % {"name": arguments[0]}
        ) from error
    except subprocess.CalledProcessError as error:
        tail = error.stderr.decode(errors="replace").strip()[-300:]
        raise DomainError(_("制作示范视频失败：%(tail)s") % {"tail": tail}) from error
