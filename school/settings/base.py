"""Settings shared by every way of running the school. Needs no server beside this process."""

from django.utils.translation import gettext_lazy as _

from school.settings import env
from school.settings.parts.celery import *  # noqa: F403
from school.settings.parts.csp import *  # noqa: F403
from school.settings.parts.gatherings import *  # noqa: F403
from school.settings.parts.logging import *  # noqa: F403
from school.settings.parts.roster import *  # noqa: F403
from school.settings.parts.school import *  # noqa: F403
from school.settings.parts.search import *  # noqa: F403
from school.settings.parts.signin import *  # noqa: F403
from school.settings.parts.storage import *  # noqa: F403
from school.settings.parts.wagtail import *  # noqa: F403

BASE_DIR = env.BASE_DIR
VERSION = "0.1.0"
DATA_DIR = env.data_dir()

INSTALLED_APPS = [
    "school.demo",
    "school.reports",
    "quizzes",
    "courses",
    "media",
    "search",
    "school.gatherings",
    "school.plans",
    "school.study",
    "school.notices",
    "school.members",
    "school.core",
    "wagtail.contrib.settings",
    "wagtail.contrib.redirects",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.embeds",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "django_htmx",
    "csp",
    *ALLAUTH_APPS,
    "django.forms",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Answers reports of study before sessions and members are read; only with the buffered sink.
    "school.study.middleware.ReportMiddleware",
    "school.core.middleware.OriginMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "school.core.middleware.ChosenLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "school.core.middleware.DomainErrorMiddleware",
    "school.members.middleware.SessionMiddleware",
    "school.members.middleware.FirstRunMiddleware",
]

ROOT_URLCONF = "school.urls"
WSGI_APPLICATION = "school.wsgi.application"
# Widgets of our own lie in templates/ like everything else that is shown.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "wagtail.contrib.settings.context_processors.settings",
                "school.core.context_processors.school",
            ],
        },
    }
]

# Keys that no longer write but still read (docs/operators.md tells how keys are changed).
FIELD_KEYS_OLD = env.items("FIELD_KEYS_OLD")
AUDIT_KEYS_OLD = env.items("AUDIT_KEYS_OLD")

DATABASES = {"default": env.database(env.text("DATABASE_URL"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if env.text("REDIS_URL"):
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": env.text("REDIS_URL"),
        }
    }
else:
    # Shared by all processes of the machine; a per-process cache would let limits be dodged.
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "core_cache",
        }
    }

AUTH_USER_MODEL = "members.Member"
AUTHENTICATION_BACKENDS = SIGN_IN_BACKENDS
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "school.members.validators.CharacterClassValidator"},
    {"NAME": "school.members.validators.OwnNumberValidator"},
    {"NAME": "school.members.validators.EarlierPasswordValidator"},
]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
SESSION_ENGINE = "school.members.session_store"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "school.core.views.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "school" / "locale"]
USE_I18N = True
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

X_FRAME_OPTIONS = "SAMEORIGIN"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
FORMS_URLFIELD_ASSUME_HTTPS = True
TRUSTED_PROXY = env.flag("TRUSTED_PROXY")
