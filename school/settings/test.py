"""Tests: the development settings with a cheap hasher and plain static files."""

import os
from pathlib import Path

from school.settings import env

FIRST_REDIS = 40  # beyond those that the schools of the browser tests take

# In a folder of their own, so that tests never touch the school that runs beside them; and each
# process of a run that is divided in a folder and a Redis database of its own.
PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "")
folder = Path(env.text("DATA_DIR"))
if folder.name not in {"test", PROCESS}:
    folder /= "test"
if PROCESS and folder.name != PROCESS:
    folder /= PROCESS
    if env.text("REDIS_URL"):
        server = env.text("REDIS_URL").rpartition("/")[0]
        os.environ["STUDY_REDIS_URL"] = f"{server}/{FIRST_REDIS + 10 + int(PROCESS[2:])}"
        os.environ["REDIS_URL"] = f"{server}/{FIRST_REDIS + int(PROCESS.removeprefix('gw'))}"
os.environ["DATA_DIR"] = str(folder)

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
