"""System checks of search: where the index lives."""

import os
from pathlib import Path

from django.conf import settings
from django.core.checks import Error, register


@register()
def index_directory(app_configs, **kwargs):
    """The embedded index needs a writable folder on a local disk."""
    if settings.SEARCH_ENGINE != "tantivy":
        return []
    folder = Path(settings.SEARCH_INDEX_DIR)
    existing = folder if folder.exists() else folder.parent
    if os.access(existing, os.W_OK):
        return []
    return [
        Error(
            f"搜索索引目录不可写：{folder}",
            hint="检查目录权限，或用 DATA_DIR 换一个目录。",
            id="search.E001",
        )
    ]
