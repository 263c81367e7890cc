"""Behind a TLS proxy, on PostgreSQL and Redis; refuses to start without its secrets."""

from school.settings import env
from school.settings.base import *  # noqa: F403

SECRETS = ["SECRET_KEY", "FIELD_KEY", "AUDIT_KEY"]
env.require([*SECRETS, "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL", "SITE_URL"])
env.require_strong(SECRETS)

DEBUG = False
DEMO_ACCOUNTS = False
SECRET_KEY = env.text("SECRET_KEY")
FIELD_KEY = env.text("FIELD_KEY")
AUDIT_KEY = env.text("AUDIT_KEY")
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = [env.text("SITE_URL")]
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
if TRUSTED_PROXY:  # noqa: F405
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Wagtail's editor shows previews in a frame of the same origin.
SILENCED_SYSTEM_CHECKS = ["security.W019"]
# Administrators sign in with a second step unless the host says otherwise (SECOND_STEP_ROLES).
SIGN_IN_SECOND_STEP_ROLES = (
    SIGN_IN_SECOND_STEP_ROLES if env.text("SECOND_STEP_ROLES") else ADMINISTRATORS  # noqa: F405
)
