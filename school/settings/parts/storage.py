"""Where files live: uploads under the data directory, never in the ``media`` package."""

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
FFMPEG_BIN = env.text("FFMPEG_BIN")
FFPROBE_BIN = env.text("FFPROBE_BIN")
