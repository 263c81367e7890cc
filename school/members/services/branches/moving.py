"""Move a branch, with all below it, under another parent."""

from datetime import date

from django.db import transaction

from school.core import audit
from school.members.models import Branch, Member
from school.members.selectors.tree_changes import plan_move
from school.members.services.branches.founding import with_document
from school.members.services.branches.placing import place
from school.members.services.tree_lock import lock_branches, lock_tree


@transaction.atomic
def move_branch(
    *, branch: Branch, parent: Branch, on: date, document: str = "", by: Member | None = None
) -> Branch:
    """Place a branch under another parent from a day on (today or earlier).

    Raises:
        Conflict: the new parent lies below the branch, is where it already is or is dissolved, or
            the day is in the future, before its last placement or before the parent's founding.
    """
    lock_tree()
    lock_branches(branch, parent)
    change = plan_move(branch=branch, parent=parent, on=on)
    (placing,) = change.placings
    place(placing, parent, on)
    branch.refresh_from_db()
    fields = {
        "from": placing.old.code if placing.old else "",
        "to": parent.code,
        "on": str(on),
        "below": change.below,
    }
    audit.record(
        "members.branch_moved", actor=by, subject=branch, fields=with_document(fields, document)
    )
    return branch
