"""A new branch, and other names, another code or kind of an old one, worked out."""

from datetime import date

from django.utils.translation import gettext as _

from school.core import clock
from school.core.errors import Conflict
from school.members.models import Branch
from school.members.selectors.tree_changes.change import CREATED, EDITABLE, EDITED, TreeChange
from school.members.selectors.tree_changes.refusals import (
    require_day,
    require_free_code,
    require_living,
    require_room,
)
from school.members.selectors.tree_changes.warnings import name_warnings, place_warnings


def plan_create(*, parent: Branch | None, values: dict, on: date) -> TreeChange:
    """A new branch under a parent.

    Raises:
        Conflict: the code is taken, the day is in the future, or the parent does not hold it.
    """
    require_day(on)
    require_free_code(values["code"])
    if parent is not None:
        require_room(parent, on)
    warnings = place_warnings(values["kind"], parent) + name_warnings(values["name"], None)
    return TreeChange(CREATED, None, on, target=parent, values=values, warnings=warnings)


def plan_edit(*, branch: Branch, values: dict) -> TreeChange:
    """Other names, another code or kind, from now on.

    Raises:
        Conflict: nothing would change, the code is taken, or the branch is dissolved.
    """
    require_living(branch)
    changed = {k: v for k, v in values.items() if k in EDITABLE and getattr(branch, k) != v}
    if not changed:
        raise Conflict(_("没有要修改的内容。"))
    if "code" in changed:
        require_free_code(changed["code"])
    stay = branch.placements.open().select_related("parent").get()
    warnings: tuple[str, ...] = ()
    if "kind" in changed:
        warnings += place_warnings(changed["kind"], stay.parent)
    if "name" in changed:
        warnings += name_warnings(changed["name"], branch)
    return TreeChange(EDITED, branch, clock.today(), values=changed, warnings=warnings)
