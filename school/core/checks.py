"""System checks of the machine: can the school write where it must."""

import os
import shutil

from django.conf import settings
from django.core.checks import Error, Warning, register

LOW_DISK_BYTES = 1 * 1024**3
# 网络安全法: network logs at least six months.
SHORTEST_RETENTION_DAYS = 180


@register()
def data_directory(app_configs, **kwargs):
    """The data directory must be writable and should not be nearly full."""
    if not os.access(settings.DATA_DIR, os.W_OK):
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
