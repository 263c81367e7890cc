"""The steps that changes of the tree are made of. Called by the services of this package only."""

from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext as _

from school.core.language import school_language
from school.members.models import (
    Branch,
    BranchPlacement,
    Member,
    Membership,
    PostHolding,
    RoleGrant,
    Transfer,
)
from school.members.selectors.tree_changes import Placing
from school.members.services.grants import end_grant
from school.members.services.transfers import withdraw_transfer
from school.members.signals import memberships_changed, placement_changed


def place(placing: Placing, parent: Branch, on: date) -> None:
    """End the placement of a branch and begin one under a parent; the path follows."""
    branch = placing.branch
    _end_stay(placing.stay, on)
    BranchPlacement.objects.create(branch=branch, parent=parent, since=on)
    for row in (branch, parent):  # paths and counts of children, after the moves before this one
        row.refresh_from_db()
    branch.move(parent, "last-child")
    for row in (branch, parent):
        row.refresh_from_db()
    placement_changed.send(
        sender=Branch, branch=branch, old_parent=placing.old, new_parent=parent, on=on
    )


def end_place(placing: Placing, on: date, successor: Branch | None = None) -> None:
    """A branch ceases to exist on a day; its node stays where it was, for the past's sake."""
    _end_stay(placing.stay, on)
    branch = placing.branch
    branch.dissolved_on, branch.successor = on, successor
    branch.save(update_fields=["dissolved_on", "successor"])


def _end_stay(stay: BranchPlacement, on: date) -> None:
    stay.until = on
    stay.save(update_fields=["until"])


def move_homes(homes: Iterable[Membership], to: Branch, on: date) -> None:
    """Members leave one home and enter another on a day; two statements for all."""
    homes = list(homes)
    if not homes:
        return
    Membership.objects.filter(pk__in=[row.pk for row in homes]).update(until=on)
    Membership.objects.bulk_create(
        [Membership(member_id=row.member_id, branch=to, since=on) for row in homes],
        batch_size=500,
    )
    memberships_changed.send(sender=Member, member_ids=[row.member_id for row in homes], on=on)


def end_rows(rows: Iterable[Membership | PostHolding], on: date) -> None:
    """End dated rows on a day, those that began later on the day they began."""
    for row in rows:
        row.until = max(on, row.since)
        row.save(update_fields=["until"])


def end_grants(grants: Iterable[RoleGrant], by: Member | None) -> None:
    """Roles on a branch that is no more end today, by the one service that writes roles."""
    for grant in grants:
        end_grant(grant=grant, by=by)


def redirect_transfers(
    transfers: Iterable[Transfer], old: Branch, new: Branch, by: Member | None
) -> None:
    """Transfers under way start from, or go to, the branch that takes the old one's place.

    One that would then lead from a branch to itself is settled: nobody has to go anywhere.
    """
    for transfer in transfers:
        if transfer.sender_id == old.pk:
            transfer.sender = new
        if transfer.receiver_id == old.pk:
            transfer.receiver = new
        transfer.save(update_fields=["sender", "receiver"])
        if transfer.sender_id == transfer.receiver_id:
            withdraw_transfer(transfer=transfer, by=by, answer=_merged())


@school_language()
def _merged() -> str:
    return _("转出和转入的党组织已合并，不用再转接。")
