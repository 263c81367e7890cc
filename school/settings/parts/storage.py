"""Where files live: uploads under the data directory, never in the ``media`` package."""

import shutil
import sys
from pathlib import Path

from school.settings import env

MEDIA_ROOT = env.data_dir() / "uploads"
MEDIA_URL = "/files/"
VIDEO_ROOT = env.data_dir() / "videos"
STATIC_ROOT = env.data_dir() / "static"
STATIC_URL = "/static/"
STATICFILES_DIRS = [env.BASE_DIR / "school" / "static"]
if (env.BASE_DIR / "build" / "vendor").is_dir():
    STATICFILES_DIRS.append(("vendor", env.BASE_DIR / "build" / "vendor"))
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "school.core.finders.BundleFinder",
]

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "school.core.static_files.ModuleStorage"},
}
# Internal nginx location that delivers packages (deploy/nginx.conf); empty: Django delivers.
VIDEO_ACCEL_PREFIX = env.text("VIDEO_ACCEL_PREFIX")


def _program(name: str) -> str:
    """A program of PATH, else the one that set-up put beside the interpreter."""
    beside = Path(sys.executable).parent / name
    return str(beside) if not shutil.which(name) and beside.exists() else name


FFMPEG_BIN = _program(env.text("FFMPEG_BIN"))
FFPROBE_BIN = _program(env.text("FFPROBE_BIN"))
