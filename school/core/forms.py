"""Forms of the admin that every page type shares."""

import secrets

from django.utils.text import slugify
from wagtail.admin.forms import WagtailAdminPageForm


def ascii_slug(title: str, kind: str) -> str:
    """A slug from the Latin part of a title, or from the page type, with a few random digits."""
    return f"{slugify(title)[:40] or kind.lower()}-{secrets.token_hex(3)}"


class SchoolPageForm(WagtailAdminPageForm):
    """Asks for no slug: a Chinese title gives none, and an editor need not know the word."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False

    def clean_slug(self) -> str:
        given = self.cleaned_data.get("slug")
        kept = given or self.instance.slug
        title = self.cleaned_data.get("title") or ""
        return kept or ascii_slug(title, type(self.instance).__name__)
