"""Split a branch: some members and children go to a new one."""

from collections.abc import Iterable
from datetime import date

from django.db import transaction

from school.core import audit
from school.members.models import Branch, Member
from school.members.selectors.tree_changes import plan_split
from school.members.services.branches.founding import place_new, with_document
from school.members.services.branches.placing import (
    end_grants,
    end_rows,
    move_homes,
    place,
    redirect_transfers,
)
from school.members.services.tree_lock import lock_branches, lock_tree


@transaction.atomic
def split_branch(
    *,
    branch: Branch,
    code: str,
    name: str,
    short_name: str,
    kind: str,
    on: date,
    members: Iterable[Member] = (),
    children: Iterable[Branch] = (),
    parent: Branch | None = None,
    document: str = "",
    by: Member | None = None,
) -> Branch:
    """Found a branch with part of another one's members and children; returns the new one.

    Args:
        parent: where it stands; None: beside the old one.

    Posts and roles that those who go held in the old branch end.

    Raises:
        Conflict: nothing is chosen, a choice is not of this branch, the code is taken, or the day
            does not fit.
    """
    lock_tree()
    lock_branches(branch, *([parent] if parent else []))
    values = {"code": code, "name": name, "short_name": short_name, "kind": kind}
    change = plan_split(
        branch=branch, values=values, on=on, members=members, children=children, parent=parent
    )
    new = place_new(parent=Branch.objects.get(pk=change.target.pk), values=values, on=on)
    for placing in change.placings:
        place(placing, new, on)
    redirect_transfers(change.transfers, branch, new, by)
    move_homes(change.homes, new, on)
    end_rows(change.posts, on)
    end_grants(change.grants, by)
    new.refresh_from_db()
    branch.refresh_from_db()
    fields = {
        "new": new.code,
        "parent": change.target.code,
        "on": str(on),
        "members": len(change.homes),
        "children": [placing.branch.code for placing in change.placings],
    }
    audit.record(
        "members.branch_split", actor=by, subject=branch, fields=with_document(fields, document)
    )
    return new
