"""Tests: the development settings with a cheap hasher and plain static files."""

import os
from pathlib import Path

from school.settings import env

# In a folder of their own, so that tests never touch the school that runs beside them.
if Path(env.text("DATA_DIR")).name != "test":
    os.environ["DATA_DIR"] = str(Path(env.text("DATA_DIR")) / "test")

from school.settings.development import *  # noqa: E402, F403

DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    **STORAGES,  # noqa: F405
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
DATABASES["default"]["TEST"] = {"NAME": None}  # noqa: F405
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}  # noqa: F405
