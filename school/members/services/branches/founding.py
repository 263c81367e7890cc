"""Found a branch; give it other names, another code or kind."""

from datetime import date

from django.db import transaction

from school.core import audit
from school.members.models import Branch, BranchPlacement, Member
from school.members.selectors.tree_changes import plan_create, plan_edit
from school.members.services.tree_lock import lock_branches, lock_tree


@transaction.atomic
def create_branch(
    *,
    parent: Branch | None,
    code: str,
    name: str,
    short_name: str,
    kind: str,
    founded_on: date,
    document: str = "",
    by: Member | None = None,
) -> Branch:
    """Found a branch under a parent (None: a root).

    Args:
        document: number of the approval, kept in the trail.

    Raises:
        Conflict: the code is taken, the day is in the future or before the parent's own.
    """
    lock_tree()
    values = {"code": code, "name": name, "short_name": short_name, "kind": kind}
    if parent is not None:
        lock_branches(parent)
    plan_create(parent=parent, values=values, on=founded_on)
    branch = place_new(parent=parent, values=values, on=founded_on)
    fields = {"code": code, "parent": parent.code if parent else "", "on": str(founded_on)}
    audit.record(
        "members.branch_created", actor=by, subject=branch, fields=with_document(fields, document)
    )
    return branch


def place_new(*, parent: Branch | None, values: dict, on: date) -> Branch:
    """The rows of a new branch: its node and its first placement."""
    node = {**values, "founded_on": on}
    branch = Branch.add_root(**node) if parent is None else parent.add_child(**node)
    BranchPlacement.objects.create(branch=branch, parent=parent, since=on)
    return branch


def with_document(fields: dict, document: str) -> dict:
    """The trail's fields, with the number of the approval when there is one."""
    return fields | ({"document": document.strip()} if document.strip() else {})


@transaction.atomic
def edit_branch(
    *, branch: Branch, document: str = "", by: Member | None = None, **values: str
) -> Branch:
    """Change code, name, short_name or kind; other values stay as they are.

    Raises:
        Conflict: nothing would change, the code is taken, or the branch is dissolved.
    """
    lock_tree()
    lock_branches(branch)
    change = plan_edit(branch=branch, values=values)
    before = {field: getattr(branch, field) for field in change.values}
    for field, value in change.values.items():
        setattr(branch, field, value)
    branch.save(update_fields=list(change.values))
    fields = {field: [before[field], value] for field, value in change.values.items()}
    audit.record(
        "members.branch_edited", actor=by, subject=branch, fields=with_document(fields, document)
    )
    return branch
