"""Erasing a person: what identifies goes, what is summed and what was done stays."""

import uuid
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.models import ModelLogEntry

from school.core import audit, clock
from school.core.errors import Conflict, DomainError
from school.members.models import Member, RoleGrant, Transfer
from school.members.personal_data import parts
from school.members.selectors.people import home_branch, standing_on
from school.members.services.grants import end_grant, leave_groups
from school.members.signals import member_erased

NAME = "已注销"
REASON = 5


class DryRun(Exception):
    """Ends the transaction of a trial; carries what would have been done."""

    def __init__(self, erasure: "Erasure") -> None:
        super().__init__()
        self.erasure = erasure


@dataclass(frozen=True)
class Erasure:
    """What was done: rows changed by part (its title), and what to think of, in Chinese."""

    changed: dict[str, int]
    warnings: tuple[str, ...]


def try_erasing(*, member: Member) -> Erasure:
    """What erasing a member would do; nothing is kept of it.

    Raises:
        Conflict: the member is erased already, or holds what somebody has to settle first.
    """
    try:
        with transaction.atomic():
            raise DryRun(_erase(member, None))
    except DryRun as done:
        return done.erasure


@transaction.atomic
def erase_member(*, member: Member, reason: str, by: Member | None = None) -> Erasure:
    """Take out of the house what identifies a member, for good.

    Membership, standing, study evidence, ledger, counters, filed figures and the audit trail stay
    under the number of the row, so every sum stays what it was. The name reads 已注销.

    Raises:
        DomainError: no reason is given.
        Conflict: as ``try_erasing``.
    """
    if len(reason.strip()) < REASON:
        raise DomainError(
            _("请写明依据，至少 %(count)d 个字。") % {"count": REASON}, field="reason"
        )
    label = member.masked_label
    done = _erase(member, by)
    audit.record(
        "members.erased",
        actor=by,
        subject=member,
        label=label,
        fields={"reason": reason.strip()[:200], "parts": sum(done.changed.values())},
    )
    return done


def _erase(member: Member, by: Member | None) -> Erasure:
    held = Member.objects.select_for_update().get(pk=member.pk)
    _refuse(held)
    warnings = _warnings(held)
    for grant in RoleGrant.objects.unfinished(clock.today()).filter(member=held):
        end_grant(grant=grant, by=by)
    changed = {
        str(part.title): count for part in parts() if part.erase and (count := part.erase(held))
    }
    _blank(held)
    member_erased.send(sender=Member, member=held)
    return Erasure(changed=changed, warnings=warnings)


def _refuse(member: Member) -> None:
    if member.erased_at:
        raise Conflict(_("这名人员的个人信息已经删除。"))
    if Transfer.objects.filter(member=member, state=Transfer.State.SENT).exists():
        raise Conflict(_("组织关系正在转接，请先办结或撤回。"))
    if member.is_superuser:
        raise Conflict(_("这是系统的超级管理员账号，请先撤销其权限。"))


def _warnings(member: Member) -> tuple[str, ...]:
    found = []
    home, standing = home_branch(member), standing_on(member)
    if home and (standing is None or standing.state != standing.State.LEFT):
        found.append(
            _("仍在 %(branch)s 的名册中并计入应学，通常应先办理减员。")
            % {"branch": home.short_name}
        )
    return tuple(found)


def _blank(member: Member) -> None:
    """The account itself: nothing by which a person is found or signs in."""
    member.name = NAME
    member.staff_number = f"ERASED-{member.pk}"
    member.email = ""
    member.mobile_cipher = member.identity_cipher = ""
    member.mobile_index = member.identity_index = None
    member.binding = uuid.uuid4()
    member.is_active = member.is_staff = False
    member.set_unusable_password()
    member.previous_login = member.last_login = member.password_changed_at = None
    member.erased_at = clock.now()
    member.save()
    ModelLogEntry.objects.filter(
        content_type__app_label="members", content_type__model="member", object_id=str(member.pk)
    ).update(label=NAME)
    leave_groups(member)
