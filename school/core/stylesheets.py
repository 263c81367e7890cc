"""One style sheet for every page, joined from the layers and components in ``static/school/css``.

A component is one small file; a browser fetches one. A new file in ``components/`` needs no entry.
"""

from pathlib import Path

from django.conf import settings

BUNDLE = "school/css/school.css"
FOLDER = Path(settings.BASE_DIR) / "school" / "static" / "school" / "css"
FIRST = ("tokens", "base", "layout")
LAST = ("utilities",)


def parts() -> list[Path]:
    """The files in the order of their layers: tokens, base, layout, components, utilities."""
    components = sorted((FOLDER / "components").glob("*.css"))
    return [
        *(FOLDER / f"{name}.css" for name in FIRST),
        *components,
        *(FOLDER / f"{name}.css" for name in LAST),
    ]


def joined() -> str:
    """The text of the bundle; each part is announced by its name."""
    return "\n".join(
        f"/* {path.relative_to(FOLDER)} */\n{path.read_text('utf-8')}" for path in parts()
    )
