"""Writes on people: enrol, change standing, transfer, attach, posts."""

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
    Post,
    PostHolding,
    RoleGrant,
    Transfer,
)
from school.members.models.member import MOBILE
from school.members.services.codes import revoke_codes
from school.members.services.grants import end_grant
from school.members.services.sessions import End, end_sessions
from school.members.services.tree_lock import hold_living
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
        raise Conflict(
            _("工号 %(staff_number)s 已有档案。") % {"staff_number": staff_number},
            field="staff_number",
        )
    hold_living(branch, since)
    member = Member(staff_number=staff_number.strip().upper(), name=name.strip())
    member.set_unusable_password()
    if mobile:
        member.set_mobile(mobile)
        if Member.objects.filter(MOBILE.matching(mobile)).exists():
            raise Conflict(_("这个手机号已登记在另一名党员名下。"), field="mobile")
    _save_new(member)
    MemberStanding.objects.create(member=member, kind=kind, since=since)
    Membership.objects.create(member=member, branch=branch, since=since)
    membership_changed.send(
        sender=Member, member=member, old_branch=None, new_branch=branch, on=since
    )
    audit.record("members.enrolled", actor=by, subject=member, fields={"branch": branch.code})
    return member


def _save_new(member: Member) -> None:
    try:
        with transaction.atomic():
            member.save()
    except IntegrityError:
        # Somebody took the number between the look and the writing.
        raise Conflict(_("工号、手机号或身份证号刚被登记在另一名党员名下，请核对。")) from None


def _hold(member: Member) -> None:
    """Let one at a time enter something about a member: the second finds what the first wrote."""
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)


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
        raise Conflict(
            _("转入日期要晚于现组织关系的起始日期 %(since)s。") % {"since": current.since}
        )
    hold_living(to, on)
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
    """Let a member take part in a further branch (双重组织生活).

    Raises:
        Conflict: it is the member's own branch, a dissolved one, or the day lies in the future.
    """
    _refuse_future(since)
    _hold(member)
    if branch.dissolved_on:
        raise Conflict(_("这个党组织已撤销，请另选。"), field="branch")
    home = Membership.objects.filter(member=member, kind=Membership.Kind.HOME, until=None)
    if home.filter(branch=branch).exists():
        raise Conflict(_("这就是本人组织关系所在的党组织，不用登记双重组织生活。"), field="branch")
    hold_living(branch, since)
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
def end_attachment(*, membership: Membership, on: date, by: Member | None = None) -> Membership:
    """End a member's part in a further branch; ``on`` is the first day without it.

    Raises:
        Conflict: it has ended already, or the day does not fit.
    """
    held = Membership.objects.select_for_update(of=("self",)).get(pk=membership.pk)
    if held.kind != Membership.Kind.ATTACHED or held.until:
        raise Conflict(_("这项双重组织生活已经结束，请刷新页面。"))
    _close(held, on)
    audit.record(
        "members.attachment_ended",
        actor=by,
        subject=held.member,
        fields={"branch": held.branch.code, "on": str(on)},
    )
    return held


def _close(row: Membership | PostHolding | MemberStanding, on: date) -> None:
    """End a dated row.

    Raises:
        Conflict: the day is before its start or lies in the future.
    """
    _refuse_future(on)
    if on < row.since:
        raise Conflict(_("日期不能早于起始日期 %(since)s。") % {"since": row.since}, field="on")
    row.until = on
    row.save(update_fields=["until"])


def _refuse_future(on: date) -> None:
    """Today's tables say what holds today; what is to come is entered on its day."""
    if on > clock.today():
        raise Conflict(_("日期不能晚于今天，请到那一天再登记。"), field="on")


@transaction.atomic
def change_standing(
    *,
    member: Member,
    kind: str,
    state: str,
    on: date,
    reason: str = "",
    by: Member | None = None,
) -> MemberStanding:
    """Record what a member is from a day on.

    Who leaves (已减员) keeps the place in the branch's list, but no longer signs in, holds posts,
    takes part elsewhere or acts for anybody; who comes back signs in again, with a new code or the
    old password, on no browser by itself.

    Args:
        reason: why the member leaves (``MemberStanding.Reason``); kept for that state only.

    Raises:
        Conflict: no reason for leaving is given, the day is before the start of the present
            standing or in the future, or a transfer of a leaving member is still in transit.
    """
    _refuse_future(on)
    _hold(member)
    left = MemberStanding.State.LEFT
    if state == left and not reason:
        raise Conflict(_("请选择减员原因。"), field="reason")
    current = MemberStanding.objects.select_for_update().filter(member=member, until=None).first()
    if current and (current.kind, current.state) == (kind, state):
        return _correct_reason(current, reason, by)
    if current and on < current.since:
        raise Conflict(
            _("日期不能早于现状态的起始日期 %(since)s。") % {"since": current.since}, field="on"
        )
    if current:
        current.until = on
        current.save(update_fields=["until"])
    row = MemberStanding.objects.create(
        member=member,
        kind=kind,
        state=state,
        since=on,
        reason=reason if state == left else "",
    )
    codes = 0
    if state == left:
        codes = _leave(member, on, by)
    elif current and current.state == left:
        _allow_sign_in(member, True)
    standing_changed.send(sender=Member, member=member, on=on)
    _record_standing(row, by, codes)
    return row


def _correct_reason(row: MemberStanding, reason: str, by: Member | None) -> MemberStanding:
    """Nothing changes but, for who has left, why."""
    if row.state == MemberStanding.State.LEFT and reason != row.reason:
        row.reason = reason
        row.save(update_fields=["reason"])
        _record_standing(row, by)
    return row


def _record_standing(row: MemberStanding, by: Member | None, codes: int = 0) -> None:
    fields: dict[str, str | int] = {
        "kind": row.kind,
        "state": row.state,
        "on": str(row.since),
    }
    if row.reason:
        fields["reason"] = row.reason
    if codes:
        fields["codes"] = codes
    audit.record("members.standing_changed", actor=by, subject=row.member, fields=fields)


def _leave(member: Member, on: date, by: Member | None) -> int:
    """End all that a member holds; returns how many unused codes were withdrawn."""
    if Transfer.objects.filter(member=member, state=Transfer.State.SENT).exists():
        raise Conflict(_("这名党员正在转接中，请先撤回或退回转接，再登记减员。"))
    for holding in PostHolding.objects.filter(member=member, until=None):
        end_post(holding=holding, on=max(on, holding.since), by=by)
    attached = Membership.objects.filter(member=member, kind=Membership.Kind.ATTACHED, until=None)
    for row in attached:
        end_attachment(membership=row, on=max(on, row.since), by=by)
    grants = RoleGrant.objects.unfinished(clock.today()).filter(member=member)
    for grant in grants.select_related("member", "branch", "section"):
        end_grant(grant=grant, by=by)
    _allow_sign_in(member, False)
    end_sessions(member=member, by=by, why=End.LEFT)
    return revoke_codes(member)


def _allow_sign_in(member: Member, allowed: bool) -> None:
    member.is_active = allowed
    Member.objects.filter(pk=member.pk).update(is_active=allowed)


@transaction.atomic
def hold_post(
    *, member: Member, branch: Branch, post: Post, since: date, by: Member | None = None
) -> PostHolding:
    """Record that a member holds a post in a branch from a day on.

    Raises:
        Conflict: the branch has been dissolved, or was founded later.
    """
    _hold(member)
    hold_living(branch, since)
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


@transaction.atomic
def end_post(*, holding: PostHolding, on: date, by: Member | None = None) -> PostHolding:
    """Record that a post is given up; ``on`` is the first day without it.

    Raises:
        Conflict: it was given up already, or the day does not fit.
    """
    held = PostHolding.objects.select_for_update(of=("self",)).get(pk=holding.pk)
    if held.until:
        raise Conflict(_("这项任职已经结束，请刷新页面。"))
    _close(held, on)
    audit.record(
        "members.post_ended",
        actor=by,
        subject=held.member,
        fields={"post": held.post.code, "branch": held.branch.code, "on": str(on)},
    )
    return held
