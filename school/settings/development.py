"""One machine, no servers: what `make demo` and a developer run."""

from school.settings import env
from school.settings.base import *  # noqa: F403

DEBUG = env.flag("DEBUG")
SECRET_KEY = env.text("SECRET_KEY") or env.local_secret("secret-key")
FIELD_KEY = env.text("FIELD_KEY") or env.local_secret("field-key")
AUDIT_KEY = env.text("AUDIT_KEY") or env.local_secret("audit-key")
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS") or ["*"]
PATTERN_PAGE = True
