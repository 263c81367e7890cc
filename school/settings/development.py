"""One machine, no servers: what `make demo` and a developer run."""

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from school.settings import env
from school.settings.base import *  # noqa: F403

_LOOPBACK = ("localhost", "127.", "::1", "%2f", "/")  # the last two: a socket's folder


def _refuse_a_shared_database() -> None:
    """Secrets made on this machine would write into a school that others read with theirs.

    Raises:
        ImproperlyConfigured: the database is another machine's, and a secret is not named.
    """
    host = urlsplit(env.text("DATABASE_URL")).hostname or "localhost"
    missing = [n for n in ("SECRET_KEY", "FIELD_KEY", "AUDIT_KEY") if not env.text(n)]
    if missing and not host.lower().startswith(_LOOPBACK):
        raise ImproperlyConfigured(
            f"DATABASE_URL names another machine ({host}) and these are not set: "
            + ", ".join(missing)
            + ". For a school in production set DJANGO_SETTINGS_MODULE=school.settings.production."
        )


_refuse_a_shared_database()

DEBUG = env.flag("DEBUG")
SECRET_KEY = env.text("SECRET_KEY") or env.local_secret("secret-key")
FIELD_KEY = env.text("FIELD_KEY") or env.local_secret("field-key")
AUDIT_KEY = env.text("AUDIT_KEY") or env.local_secret("audit-key")
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS") or ["*"]
PATTERN_PAGE = True
