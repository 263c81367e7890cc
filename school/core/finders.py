"""Gives ``collectstatic`` and the development server the joined style sheet."""

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

from school.core import stylesheets


class BundleFinder(BaseFinder):
    """Finds exactly one file, and writes it anew whenever one of its parts is younger."""

    def __init__(self, app_names=None, *args, **kwargs) -> None:
        self.root = Path(settings.DATA_DIR) / "bundle"
        self.storage = FileSystemStorage(location=self.root)
        self.storage.prefix = ""

    def check(self, **kwargs) -> list:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs) -> str | list[str]:
        """The path of the bundle, or [] for any other file."""
        if path != stylesheets.BUNDLE:
            return []
        found = str(self._written())
        return [found] if find_all else found

    def list(self, ignore_patterns) -> Iterator[tuple[str, FileSystemStorage]]:
        """The bundle for ``collectstatic``."""
        self._written()
        yield stylesheets.BUNDLE, self.storage

    def _written(self) -> Path:
        target = self.root / stylesheets.BUNDLE
        parts = stylesheets.parts()
        newest = max(path.stat().st_mtime for path in (*parts, *{each.parent for each in parts}))
        if not target.exists() or target.stat().st_mtime < newest:
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_suffix(".new")
            draft.write_text(stylesheets.joined(), "utf-8")
            draft.replace(target)
        return target
