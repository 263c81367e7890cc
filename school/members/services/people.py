"""Writes on people: enrol, change standing, transfer, attach, posts."""

from datetime import date

from django.db import transaction

from school.core import audit
from school.core.errors import Conflict
from school.members.models import (
    Branch,
    Member,
    Membership,
    MemberStanding,
    Post,
    PostHolding,
)
from school.members.models.member import MOBILE
from school.members.signals import membership_changed, standing_changed


@transaction.atomic
def enrol_member(
    *,
    staff_number: str,
    name: str,
    branch: Branch,
    since: date,
    kind: str = MemberStanding.Kind.FULL,
    mobile: str = "",
    by: Member | None = None,
) -> Member:
    """A new member with a home branch and a standing; first signs in with a one-time code.

    Raises:
        Conflict: the staff number or the mobile number is taken.
    """
    if Member.objects.filter(staff_number=staff_number.strip().upper()).exists():
        raise Conflict(f"工号 {staff_number} 已有档案。", field="staff_number")
    member = Member(staff_number=staff_number.strip().upper(), name=name.strip())
    member.set_unusable_password()
    if mobile:
        member.set_mobile(mobile)
        if Member.objects.filter(MOBILE.matching(mobile)).exists():
            raise Conflict("这个手机号已登记在另一名党员名下。", field="mobile")
    member.save()
    MemberStanding.objects.create(member=member, kind=kind, since=since)
    Membership.objects.create(member=member, branch=branch, since=since)
    membership_changed.send(
        sender=Member, member=member, old_branch=None, new_branch=branch, on=since
    )
    audit.record("members.enrolled", actor=by, subject=member, fields={"branch": branch.code})
    return member


@transaction.atomic
def transfer_member(
    *, member: Member, to: Branch, on: date, by: Member | None = None
) -> Membership:
    """Move a member's home from a day on; history stays where it was earned.

    Raises:
        Conflict: the day is not after the start of the present membership.
    """
    current = (
        Membership.objects.select_for_update()
        .filter(member=member, kind=Membership.Kind.HOME, until=None)
        .select_related("branch")
        .first()
    )
    if current and current.branch_id == to.pk:
        return current
    if current and on <= current.since:
        raise Conflict(f"转入日期要晚于现组织关系的起始日期 {current.since}。")
    if current:
        current.until = on
        current.save(update_fields=["until"])
    moved = Membership.objects.create(member=member, branch=to, since=on)
    membership_changed.send(
        sender=Member,
        member=member,
        old_branch=current.branch if current else None,
        new_branch=to,
        on=on,
    )
    audit.record(
        "members.transferred",
        actor=by,
        subject=member,
        fields={"from": current.branch.code if current else "", "to": to.code, "on": str(on)},
    )
    return moved


@transaction.atomic
def attach_member(
    *, member: Member, branch: Branch, since: date, by: Member | None = None
) -> Membership:
    """Let a member take part in a further branch (双重组织生活)."""
    row, made = Membership.objects.get_or_create(
        member=member,
        branch=branch,
        kind=Membership.Kind.ATTACHED,
        until=None,
        defaults={"since": since},
    )
    if made:
        audit.record("members.attached", actor=by, subject=member, fields={"to": branch.code})
    return row


@transaction.atomic
def change_standing(
    *, member: Member, kind: str, state: str, on: date, by: Member | None = None
) -> MemberStanding:
    """Record what a member is from a day on.

    Raises:
        Conflict: the day is before the start of the present standing.
    """
    current = MemberStanding.objects.select_for_update().filter(member=member, until=None).first()
    if current and (current.kind, current.state) == (kind, state):
        return current
    if current and on < current.since:
        raise Conflict(f"日期不能早于现状态的起始日期 {current.since}。")
    if current:
        current.until = on
        current.save(update_fields=["until"])
    row = MemberStanding.objects.create(member=member, kind=kind, state=state, since=on)
    standing_changed.send(sender=Member, member=member, on=on)
    audit.record(
        "members.standing_changed",
        actor=by,
        subject=member,
        fields={"kind": kind, "state": state, "on": str(on)},
    )
    return row


@transaction.atomic
def hold_post(
    *, member: Member, branch: Branch, post: Post, since: date, by: Member | None = None
) -> PostHolding:
    """Record that a member holds a post in a branch from a day on."""
    row, made = PostHolding.objects.get_or_create(
        member=member, branch=branch, post=post, until=None, defaults={"since": since}
    )
    if made:
        audit.record(
            "members.post_held",
            actor=by,
            subject=member,
            fields={"post": post.code, "branch": branch.code},
        )
    return row
