"""Dissolve an empty branch."""

from datetime import date

from django.db import transaction

from school.core import audit
from school.members.models import Branch, Member
from school.members.selectors.tree_changes import plan_dissolve
from school.members.services.branches.founding import with_document
from school.members.services.branches.placing import end_grants, end_place, end_rows
from school.members.services.tree_lock import lock_branches, lock_tree


@transaction.atomic
def dissolve_branch(
    *, branch: Branch, on: date, document: str = "", by: Member | None = None
) -> Branch:
    """End a branch that has neither members nor children; what it did stays on record.

    Attached memberships, posts and roles in it end with it.

    Raises:
        Conflict: somebody or something is still in it, or the day does not fit.
    """
    lock_tree()
    lock_branches(branch)
    change = plan_dissolve(branch=branch, on=on)
    end_rows((*change.attached, *change.posts), on)
    end_grants(change.grants, by)
    end_place(change.placings[0], on)
    branch.refresh_from_db()
    fields = {"on": str(on), "posts": len(change.posts), "grants": len(change.grants)}
    audit.record(
        "members.branch_dissolved", actor=by, subject=branch, fields=with_document(fields, document)
    )
    return branch
