"""The only reader of the environment.

Every variable the product understands is declared here once, with its default and its meaning;
``docs/settings.md`` is checked against this table.
"""

import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Variable:
    """One environment variable: its name, default (as text) and what it is for."""

    name: str
    default: str
    meaning: str


VARIABLES: dict[str, Variable] = {
    v.name: v
    for v in (
        Variable("PORT", "8000", "Port of the web server that `make demo` starts."),
        Variable("BIND", "127.0.0.1", "Address the web server listens on."),
        Variable("DATA_DIR", str(BASE_DIR / ".data"), "Folder for everything the school writes."),
        Variable("DATABASE_URL", "", "sqlite:///… or postgres://…; empty: SQLite in DATA_DIR."),
        Variable("REDIS_URL", "", "redis://…: cache and, if no broker is named, the broker."),
        Variable("STUDY_SINK", "direct", "direct, or buffered: reports go through Redis."),
        Variable("STUDY_REDIS_URL", "", "Redis of buffered reports; empty: database 2 there."),
        Variable("CELERY_BROKER_URL", "", "Broker; empty: REDIS_URL, else files in DATA_DIR."),
        Variable("ELASTICSEARCH_URL", "", "http(s)://…: learner search on Elasticsearch 8 or 9."),
        Variable("ELASTICSEARCH_PREFIX", "school", "Prefix of the index names."),
        Variable("FFMPEG_BIN", "ffmpeg", "The ffmpeg program."),
        Variable("FFPROBE_BIN", "ffprobe", "The ffprobe program; absent: PyAV probes."),
        Variable("VIDEO_ACCEL_PREFIX", "", "Internal nginx location of the packages, e.g. /-/v/."),
        Variable("SECRET_KEY", "", "Signs sessions and study tokens; required in production."),
        Variable("FIELD_KEY", "", "Encrypts identity and mobile numbers; required in production."),
        Variable("FIELD_KEYS_OLD", "", "Earlier values of FIELD_KEY, by commas, until rotated."),
        Variable("AUDIT_KEY", "", "Seals the audit trail; required in production, not FIELD_KEY."),
        Variable("AUDIT_KEYS_OLD", "", "Earlier values of AUDIT_KEY, by commas; for good."),
        Variable("ALLOWED_HOSTS", "", "Host names, separated by commas; required in production."),
        Variable("HOLIDAYS", "", "Weekdays off, as 2026-10-01, separated by commas."),
        Variable("WORKED_WEEKENDS", "", "Weekend days worked in return, written like HOLIDAYS."),
        Variable("SITE_URL", "", "Public address, e.g. https://school.example; used in messages."),
        Variable("TRUSTED_PROXY", "", "1 when a proxy sets X-Forwarded-Proto and X-Forwarded-For."),
        Variable("SECOND_STEP_ROLES", "", "Roles that need a second step, by commas; or none."),
        Variable("OIDC_URL", "", "Address of an OpenID provider; members may sign in through it."),
        Variable("OIDC_CLIENT_ID", "", "Name of the school at the OpenID provider."),
        Variable("OIDC_CLIENT_SECRET", "", "Secret of the school at the OpenID provider."),
        Variable("OIDC_NAME", "单位统一认证", "What the sign-in page calls it."),
        Variable("OIDC_CLAIM", "preferred_username", "Claim with the staff or mobile number."),
        Variable("OIDC_SCOPE", "openid profile phone", "What the provider is asked to tell."),
        Variable("DINGTALK_CLIENT_ID", "", "钉钉: Client ID; switches it on."),
        Variable("DINGTALK_CLIENT_SECRET", "", "钉钉: Client Secret."),
        Variable("FEISHU_CLIENT_ID", "", "飞书: App ID; switches it on."),
        Variable("FEISHU_CLIENT_SECRET", "", "飞书: App Secret."),
        Variable("WECOM_CORP_ID", "", "企业微信: the corporation's ID; switches it on."),
        Variable("WECOM_AGENT_ID", "", "企业微信: AgentId of the corporation's application."),
        Variable("WECOM_SECRET", "", "企业微信: Secret of that application."),
        Variable("WECOM_API_URL", "https://qyapi.weixin.qq.com", "企业微信: its interface."),
        Variable(
            "WECOM_LOGIN_URL",
            "https://login.work.weixin.qq.com/wwlogin/sso/login",
            "企业微信: the page with the code to scan.",
        ),
        Variable(
            "WECOM_INSIDE_URL",
            "https://open.weixin.qq.com/connect/oauth2/authorize",
            "企业微信: where its own browser is sent.",
        ),
        Variable("LDAP_URL", "", "ldap(s)://…: passwords are also checked by this directory."),
        Variable("LDAP_BIND_DN", "", "Account that searches the directory; empty: anonymous."),
        Variable("LDAP_BIND_PASSWORD", "", "Its password."),
        Variable("LDAP_BASE", "", "Where people are, e.g. ou=people,dc=example,dc=cn."),
        Variable("LDAP_FILTER", "(uid=%(user)s)", "Finds a person by the staff number."),
        Variable("LDAP_START_TLS", "", "1 encrypts an ldap:// connection."),
        Variable("DEBUG", "", "1 shows Django's debug pages; never in production."),
    )
}


def text(name: str) -> str:
    """Value of a declared variable, or its default. Raises KeyError for an undeclared one."""
    return os.environ.get(name, "").strip() or VARIABLES[name].default


def flag(name: str) -> bool:
    """Whether a declared variable is switched on."""
    return text(name).lower() in {"1", "true", "yes", "on"}


def items(name: str) -> list[str]:
    """A comma-separated variable as a list, empty parts dropped."""
    return [part.strip() for part in text(name).split(",") if part.strip()]


def require(names: Iterable[str]) -> None:
    """Refuse to start when a variable is missing, naming all that are.

    Raises:
        ImproperlyConfigured: at least one of the variables has no value.
    """
    missing = [n for n in names if not text(n)]
    if missing:
        raise ImproperlyConfigured("Missing environment variables: " + ", ".join(missing))


def require_strong(names: Iterable[str]) -> None:
    """Refuse to start with secrets that are short, monotonous, unlistable or one and the same.

    Raises:
        ImproperlyConfigured: names every secret that is too weak.
    """
    weak = [n for n in names if _is_weak(text(n))]
    values = [text(n) for n in names]
    if weak:
        raise ImproperlyConfigured(
            "Weak secrets (at least 32 characters, 12 different ones, no commas or spaces): "
            + ", ".join(weak)
        )
    if len(set(values)) < len(values):
        raise ImproperlyConfigured("Each of these secrets must differ: " + ", ".join(names))


def _is_weak(secret: str) -> bool:
    return len(secret) < 32 or len(set(secret)) < 12 or any(c in ", \t" for c in secret)


def data_dir() -> Path:
    """The data directory, made if absent (mode 0700 when it is ours to make)."""
    path = Path(text("DATA_DIR")).resolve()
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def local_secret(name: str) -> str:
    """A secret for a machine that was given none: made once, kept in the data directory."""
    path = data_dir() / "secrets" / name
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass  # another process made it a moment ago
        else:
            with os.fdopen(descriptor, "w") as handle:
                handle.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


def database(url: str) -> dict:
    """Django's DATABASES entry for a URL; empty means SQLite in the data directory."""
    import environ

    if not url:
        url = f"sqlite:///{data_dir() / 'school.sqlite3'}"
    config = environ.Env.db_url_config(url)
    if config["ENGINE"].endswith("sqlite3"):
        # WAL lets readers pass the one writer; IMMEDIATE takes the write lock at BEGIN, so two
        # writers wait for each other instead of failing half way; FULL survives a power cut.
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            " PRAGMA cache_size=-16000; PRAGMA temp_store=MEMORY;",
        }
    else:
        config["CONN_HEALTH_CHECKS"] = True
    # A new connection costs SQLite four PRAGMAs and all the pages it had read.
    config["CONN_MAX_AGE"] = 60
    return config


def study_redis_url() -> str:
    """The Redis that holds reports of study on their way: named, else REDIS_URL's, database 2.

    Never the cache's own database: clearing the cache would clear evidence.
    """
    if named := text("STUDY_REDIS_URL"):
        return named
    redis = text("REDIS_URL")
    return urlsplit(redis)._replace(path="/2").geturl() if redis else ""


def broker_url() -> str:
    """The Celery broker: named, else Redis (database 1), else the filesystem transport."""
    if named := text("CELERY_BROKER_URL"):
        return named
    if redis := text("REDIS_URL"):
        return urlsplit(redis)._replace(path="/1").geturl()
    return "filesystem://"
