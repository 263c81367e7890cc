"""The style sheets of every page, in the order of their layers; a new component needs no entry."""

from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders

FIXED = ("tokens", "base", "layout")
LAST = ("utilities",)


@cache
def names() -> tuple[str, ...]:
    """Static names of the sheets: tokens, base, layout, every component, utilities."""
    folder = finders.find("school/css/components")
    found = sorted(each.stem for each in Path(str(folder)).glob("*.css")) if folder else []
    components = (f"components/{name}" for name in found)
    return tuple(f"school/css/{name}.css" for name in (*FIXED, *components, *LAST))
