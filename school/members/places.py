"""What a branch's home page says of its people: the list, transfers to take in, corrections."""

from django.urls import reverse
from django.utils.translation import gettext as _

from school.members.models import Branch
from school.members.permissions import Scope
from school.members.selectors.people import awaited_count, open_correction_count


def people_links(scope: Scope, node: Branch) -> list[dict]:
    """Rows of a link list; a badge says how many wait for this branch. At most two statements."""
    rows = [
        {
            "label": _("名册"),
            "url": reverse("members:people", args=[node.pk]),
            "icon": "people",
        }
    ]
    if scope.may_write(node):
        rows += [
            {
                "label": _("组织关系转接"),
                "url": reverse("members:transfers", args=[node.pk]),
                "icon": "send",
                "badge": awaited_count(node) or None,
            },
            {
                "label": _("信息更正"),
                "url": reverse("members:corrections", args=[node.pk]),
                "icon": "edit",
                "badge": open_correction_count(node) or None,
            },
        ]
    rows.append(
        {
            "label": _("谁能办理"),
            "url": reverse("members:branch_roles", args=[node.pk]),
            "icon": "lock",
        }
    )
    return rows
