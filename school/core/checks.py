"""System checks of the machine: can the school write where it must, and each in its own place."""

import itertools
import os
import shutil
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from django.core.checks import Error, Warning, register

LOW_DISK_BYTES = 1 * 1024**3
# 网络安全法: network logs at least six months.
SHORTEST_RETENTION_DAYS = 180
REDIS_PORT = 6379
REDIS_SOCKETS = {"unix", "redis+socket"}
THIS_HOST = {None, "localhost", "127.0.0.1", "::1"}


@register()
def data_directory(app_configs, **kwargs):
    """The data directory must be writable and should not be nearly full."""
    if not (os.path.isdir(settings.DATA_DIR) and os.access(settings.DATA_DIR, os.W_OK)):
        return [Error(f"数据目录不可写：{settings.DATA_DIR}", id="core.E001")]
    free = shutil.disk_usage(settings.DATA_DIR).free
    if free < LOW_DISK_BYTES:
        return [
            Warning(
                f"数据目录所在磁盘只剩 {free // 1024**2} MB，上传和转码可能失败。",
                hint="清理磁盘，或用 DATA_DIR 换一个目录。",
                id="core.W001",
            )
        ]
    return []


@register()
def audit_retention(app_configs, **kwargs):
    """Logs of a network operator are kept for at least six months."""
    if settings.AUDIT_RETENTION_DAYS < SHORTEST_RETENTION_DAYS:
        return [
            Error(
                f"审计记录至少保存 {SHORTEST_RETENTION_DAYS} 天，"
                f"AUDIT_RETENTION_DAYS 现为 {settings.AUDIT_RETENTION_DAYS}。",
                id="core.E002",
            )
        ]
    return []


@register()
def redis_databases(app_configs, **kwargs):
    """Whoever clears the cache must not clear messages or evidence: three databases."""
    used = {name: place for name, url in _redis_urls() if (place := redis_place(url))}
    return [
        Error(
            f"{one} 和 {other} 用的是同一个 Redis 数据库（{used[one][0]}，{used[one][1]} 号），"
            "清空缓存会连带清空另一边的数据。",
            hint="给 REDIS_URL、CELERY_BROKER_URL、STUDY_REDIS_URL 写上不同的数据库编号。",
            id="core.E003",
        )
        for one, other in itertools.combinations(used, 2)
        if used[one] == used[other]
    ]


def _redis_urls():
    """What writes to Redis, by the variable that names it; evidence only where it goes there."""
    yield "REDIS_URL", str(settings.CACHES["default"].get("LOCATION", ""))
    yield "CELERY_BROKER_URL", settings.CELERY_BROKER_URL
    if settings.STUDY_SINK == "buffered":
        yield "STUDY_REDIS_URL", settings.STUDY_REDIS_URL


def redis_place(url: str) -> tuple[str, str] | None:
    """(server, database) of an address of Redis, however it is spelled; None for any other."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    if parts.scheme in REDIS_SOCKETS:
        return parts.path, query.get("db") or query.get("virtual_host") or "0"
    if parts.scheme not in {"redis", "rediss"}:
        return None
    host = "localhost" if parts.hostname in THIS_HOST else parts.hostname
    return f"{host}:{parts.port or REDIS_PORT}", query.get("db") or parts.path.strip("/") or "0"
