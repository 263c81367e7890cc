"""Merge one branch into another."""

from datetime import date

from django.db import transaction

from school.core import audit
from school.members.models import Branch, Member, Membership, Section
from school.members.selectors.tree_changes import plan_merge
from school.members.services.branches.founding import with_document
from school.members.services.branches.placing import (
    end_grants,
    end_place,
    end_rows,
    move_homes,
    place,
    redirect_transfers,
)
from school.members.services.tree_lock import lock_branches, lock_tree
from school.members.signals import sections_changed


@transaction.atomic
def merge_branch(
    *, branch: Branch, into: Branch, on: date, document: str = "", by: Member | None = None
) -> Branch:
    """Let a branch go up in another one from a day on; returns the branch that took it in.

    People and children move, attached memberships go on where the person is not at home already,
    posts and roles of the branch end, its sections and open transfers pass over.

    Raises:
        Conflict: the other is the branch itself, below it or dissolved; or the day does not fit.
    """
    lock_tree()
    lock_branches(branch, into)
    change = plan_merge(branch=branch, into=into, on=on)
    *children, own = change.placings
    for placing in children:
        place(placing, into, on)
    end_rows(change.attached, on)
    Membership.objects.bulk_create(
        Membership(member_id=row.member_id, branch=into, kind=row.kind, since=max(on, row.since))
        for row in change.carried
    )
    move_homes(change.homes, into, on)
    end_rows(change.posts, on)
    end_grants(change.grants, by)
    if change.sections:
        Section.objects.filter(pk__in=[row.pk for row in change.sections]).update(branch=into)
        sections_changed.send(sender=Section, branch=into)
    redirect_transfers(change.transfers, branch, into, by)
    own.branch.refresh_from_db()
    end_place(own, on, successor=into)
    branch.refresh_from_db()
    into.refresh_from_db()
    fields = {
        "into": into.code,
        "on": str(on),
        "members": len(change.homes),
        "children": [placing.branch.code for placing in children],
        "posts": len(change.posts),
        "grants": len(change.grants),
    }
    audit.record(
        "members.branch_merged", actor=by, subject=branch, fields=with_document(fields, document)
    )
    return into
