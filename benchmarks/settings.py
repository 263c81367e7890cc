"""The development settings with a bare view to compare with and a statement counter."""

from school.settings.development import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
MIDDLEWARE = ["benchmarks.counting.StatementCounter", *MIDDLEWARE]  # noqa: F405
