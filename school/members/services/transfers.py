"""Transfers (组织关系转接): sent, received, returned, withdrawn.

While a transfer is in transit the member belongs to the sender. Receiving moves the home on
``effective_on``; whatever sums by home branch follows through the membership's own signal.
"""

from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import Conflict
from school.members.models import (
    Branch,
    Member,
    Membership,
    MemberStanding,
    PostHolding,
    RoleGrant,
    Transfer,
)
from school.members.services.grants import end_grant
from school.members.services.people import end_attachment, end_post, transfer_member
from school.members.signals import transfer_sent, transfer_settled

State = Transfer.State
# Roles of the branch itself: who leaves it no longer acts for it.
BRANCH_ROLES = (RoleGrant.Role.GROUP_LEADER, RoleGrant.Role.SECRETARY)


@transaction.atomic
def send_transfer(
    *,
    member: Member,
    to: Branch,
    by: Member | None,
    reason: str = "",
    letter_number: str = "",
) -> Transfer:
    """Send a member to another branch; until it is received the member stays where he is.

    Raises:
        Conflict: no home to leave, already there, already in transit, has left, or the receiving
            branch is dissolved.
    """
    home = _locked_home(member)
    if home is None:
        raise Conflict(_("这名党员还没有组织关系，请先登记所在党组织。"))
    _refuse_unsendable(member, home, to)
    if Transfer.objects.filter(member=member, state=State.SENT).exists():
        raise _in_transit()
    try:
        with transaction.atomic():
            transfer = Transfer.objects.create(
                member=member,
                sender=home.branch,
                receiver=to,
                reason=reason.strip()[:200],
                letter_number=letter_number.strip()[:40],
                sent_at=clock.now(),
                sent_by=by,
            )
    except IntegrityError:
        raise _in_transit() from None
    _record("members.transfer_sent", transfer, by)
    transfer_sent.send(sender=Transfer, transfer=transfer)
    return transfer


def _in_transit() -> Conflict:
    return Conflict(_("这名党员正在转接中，请先办结或撤回那一次转接。"))


def _refuse_unsendable(member: Member, home: Membership, to: Branch) -> None:
    if to.pk == home.branch_id:
        raise Conflict(_("转入党组织就是现在所在的党组织，请另选。"), field="receiver")
    if to.dissolved_on:
        raise Conflict(_("转入党组织已撤销，请另选。"), field="receiver")
    left = MemberStanding.objects.filter(member=member, until=None, state=MemberStanding.State.LEFT)
    if left.exists():
        raise Conflict(_("这名党员已减员，不能转接。如需恢复，请先变更状态。"))


@transaction.atomic
def receive_transfer(
    *, transfer: Transfer, on: date, by: Member | None, answer: str = ""
) -> Transfer:
    """Take the member in from a day on; posts and branch roles at the sender end that day.

    Args:
        on: the day on which the home changes, from the day of sending to today.

    Raises:
        Conflict: settled by somebody else meanwhile, or the day does not fit.
    """
    held = _open(transfer)
    sent_on = clock.local_day(held.sent_at)
    if not sent_on <= on <= clock.today():
        raise Conflict(
            _("生效日期应在转出日期 %(sent)s 和今天之间。") % {"sent": sent_on},
            field="effective_on",
        )
    if held.receiver.dissolved_on:
        raise Conflict(_("转入党组织已撤销，请退回，由转出方另选。"))
    home = _locked_home(held.member)
    if home is None or home.branch_id != held.sender_id:
        raise Conflict(_("这名党员的组织关系已有变动，请退回，由转出方重新办理。"))
    _end_at_sender(held, on, by)
    transfer_member(member=held.member, to=held.receiver, on=on, by=by)
    held.effective_on = on
    return _settle(held, State.RECEIVED, by, answer)


def _end_at_sender(transfer: Transfer, on: date, by: Member | None) -> None:
    member = transfer.member
    for holding in PostHolding.objects.filter(member=member, branch=transfer.sender, until=None):
        end_post(holding=holding, on=on, by=by)
    attached = Membership.objects.filter(
        member=member, branch=transfer.receiver, kind=Membership.Kind.ATTACHED, until=None
    )
    for row in attached:
        end_attachment(membership=row, on=on, by=by)
    grants = RoleGrant.objects.unfinished(clock.today()).filter(
        member=member, branch=transfer.sender, role__in=BRANCH_ROLES
    )
    for grant in grants.select_related("member", "branch"):
        end_grant(grant=grant, by=by)


@transaction.atomic
def return_transfer(*, transfer: Transfer, by: Member | None, answer: str) -> Transfer:
    """Send the member back with a reason; nothing changes for the sender.

    Raises:
        Conflict: settled meanwhile, or no reason is given.
    """
    held = _open(transfer)
    if not answer.strip():
        raise Conflict(_("请写明退回原因，转出方据此补正。"), field="answer")
    return _settle(held, State.RETURNED, by, answer)


@transaction.atomic
def withdraw_transfer(*, transfer: Transfer, by: Member | None, answer: str = "") -> Transfer:
    """The sender takes the transfer back.

    Args:
        answer: why it is no longer needed, where that is not the sender's own wish.

    Raises:
        Conflict: settled meanwhile.
    """
    return _settle(_open(transfer), State.WITHDRAWN, by, answer)


def _open(transfer: Transfer) -> Transfer:
    """The row itself, held, so that two who settle at once are served one after the other."""
    held = (
        Transfer.objects.select_for_update(of=("self",))
        .select_related("member", "sender", "receiver")
        .get(pk=transfer.pk)
    )
    if held.state != State.SENT:
        raise Conflict(
            _("这次转接已办结（%(state)s），请刷新页面。") % {"state": held.get_state_display()}
        )
    return held


def _locked_home(member: Member) -> Membership | None:
    rows = Membership.objects.select_for_update(of=("self",)).select_related("branch")
    return rows.filter(member=member, kind=Membership.Kind.HOME, until=None).first()


def _settle(transfer: Transfer, state: str, by: Member | None, answer: str) -> Transfer:
    transfer.state = state
    transfer.settled_at = clock.now()
    transfer.settled_by = by
    transfer.answer = answer.strip()[:200]
    transfer.save(update_fields=["state", "settled_at", "settled_by", "answer", "effective_on"])
    _record(f"members.transfer_{state}", transfer, by)
    transfer_settled.send(sender=Transfer, transfer=transfer)
    return transfer


def _record(action: str, transfer: Transfer, by: Member | None) -> None:
    fields = {
        "transfer": transfer.pk,
        "from": transfer.sender.code,
        "to": transfer.receiver.code,
    }
    if transfer.effective_on:
        fields["on"] = str(transfer.effective_on)
    if transfer.answer:
        fields["answer"] = transfer.answer
    audit.record(action, actor=by, subject=transfer.member, fields=fields)
