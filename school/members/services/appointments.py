"""Appointing and dismissing by people: who asks is checked, then the grant service writes."""

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from school.core.errors import Conflict, NotAllowed, NotFound
from school.members.models import Branch, Member, RoleGrant, Section
from school.members.permissions import Appointing, scope_for
from school.members.services.grants import end_grant, grant_role


@transaction.atomic
def appoint(
    *,
    by: Member,
    member: Member,
    role: str,
    branch: Branch | None = None,
    section: Section | None = None,
    since: date | None = None,
    until: date | None = None,
    reason: str = "",
) -> RoleGrant:
    """Lend a role on behalf of a member, as far as his own grants reach today.

    Raises:
        NotAllowed: the role is not his to lend, or it is his own.
        NotFound: place or person lie outside his reach.
        Conflict: as ``grant_role``.
    """
    rights = Appointing(scope_for(by))
    place = branch or section
    if by.pk == member.pk:
        raise NotAllowed(_("不能给本人授权，请由另一名管理员办理。"))
    if role not in rights.roles:
        raise NotAllowed(_("没有授予这个角色的权限，请联系安全管理员。"))
    if place is not None and not rights.may_lend(role, place):
        raise NotFound(_("没有找到这个党组织或栏目，或不在管理范围内。"))
    if not rights.may_appoint_person(member):
        raise NotFound(_("没有找到这名党员，或不在管理范围内。"))
    return grant_role(
        member=member,
        role=role,
        branch=branch,
        section=section,
        by=by,
        since=since,
        until=until,
        reason=reason,
    )


@transaction.atomic
def dismiss(*, by: Member, grant: RoleGrant, reason: str, on: date | None = None) -> RoleGrant:
    """End a grant on behalf of a member.

    Args:
        reason: why, for the holder and the trail; required.
        on: first local day on which it no longer holds; today if none is given.

    Raises:
        NotAllowed: the grant is not his to end.
        Conflict: it has ended already, or no reason is given.
    """
    row = RoleGrant.objects.select_for_update().get(pk=grant.pk)
    if not reason.strip():
        raise Conflict(_("请填写收回原因。"))
    rights = Appointing(scope_for(by))
    if not rights.may_lend(row.role, row.branch or row.section) or row.member_id == by.pk:
        raise NotAllowed(_("没有收回这项授权的权限，请联系安全管理员。"))
    if not rights.may_end(row):
        raise Conflict(_("这项授权已经收回或到期，无须再办理。"))
    return end_grant(grant=row, by=by, on=on, reason=reason.strip())
