"""Writes of the branch tree: found, move. Each dates the placement and keeps the path in step."""

from datetime import date

from django.db import transaction

from school.core import audit
from school.core.errors import Conflict
from school.members.models import Branch, BranchPlacement, Member
from school.members.signals import placement_changed


@transaction.atomic
def create_branch(
    *,
    parent: Branch | None,
    code: str,
    name: str,
    short_name: str,
    kind: str,
    founded_on: date,
    by: Member | None = None,
) -> Branch:
    """Found a branch under a parent (None: a root).

    Raises:
        Conflict: the code is taken.
    """
    if Branch.objects.filter(code=code).exists():
        raise Conflict(f"组织编码 {code} 已被使用，请换一个。", field="code")
    values = {
        "code": code,
        "name": name,
        "short_name": short_name,
        "kind": kind,
        "founded_on": founded_on,
    }
    if parent is None:
        branch = Branch.add_root(**values)
    else:
        parent.refresh_from_db()
        branch = parent.add_child(**values)
    BranchPlacement.objects.create(branch=branch, parent=parent, since=founded_on)
    audit.record(
        "members.branch_created",
        actor=by,
        subject=branch,
        fields={"code": code, "parent": parent.code if parent else ""},
    )
    return branch


@transaction.atomic
def move_branch(*, branch: Branch, parent: Branch, on: date, by: Member | None = None) -> Branch:
    """Place a branch under another parent from a day on.

    Raises:
        Conflict: the new parent lies below the branch, or the day is before its last placement.
    """
    # One lock for every change of the tree: two administrators moving at once are serialised.
    list(Branch.objects.select_for_update().filter(depth=1).order_by("pk"))
    branch.refresh_from_db()
    parent.refresh_from_db()
    if parent.path.startswith(branch.path):
        raise Conflict("不能把党组织移到自己或自己的下级之下。")
    current = branch.placements.open().select_related("parent").get()
    if current.parent_id == parent.pk:
        return branch
    if on < current.since:
        raise Conflict(f"生效日期不能早于现隶属关系的起始日期 {current.since}。")
    old = current.parent
    current.until = on
    current.save(update_fields=["until"])
    BranchPlacement.objects.create(branch=branch, parent=parent, since=on)
    branch.move(parent, "last-child")
    branch.refresh_from_db()
    placement_changed.send(sender=Branch, branch=branch, old_parent=old, new_parent=parent, on=on)
    audit.record(
        "members.branch_moved",
        actor=by,
        subject=branch,
        fields={"from": old.code if old else "", "to": parent.code, "on": str(on)},
    )
    return branch
