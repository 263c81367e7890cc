"""What the audit trail calls things done to the pages."""

from django.utils.translation import gettext_lazy as _

from school.core.audit import names


def register() -> None:
    """Say what this app's entries are called."""
    names.name_actions(
        {
            "courses.section_created": _("新建栏目"),
        }
    )
    names.name_subjects({"members.section": None})
