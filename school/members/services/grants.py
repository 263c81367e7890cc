"""The only writer of roles, and through its effects of Wagtail's groups and permissions."""

from datetime import date

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from school.core import audit, clock
from school.core.errors import Conflict
from school.members.models import Branch, Member, RoleGrant, Section
from school.members.registry import apply_grant_effects

Role = RoleGrant.Role

# Roles that work in the Wagtail admin; their groups carry the right to enter it.
ADMIN_ENTRY = frozenset(Role) - {Role.GROUP_LEADER, Role.SECRETARY}

# What a role may see of the machine room, as Django permissions of the core.
CORE_PERMISSIONS = {
    Role.SYSTEM_ADMIN: ("view_job", "change_job"),
    Role.SCHOOL_ADMIN: ("view_job", "change_job"),
    Role.AUDITOR: ("view_auditentry",),
}


@transaction.atomic
def grant_role(
    *,
    member: Member,
    role: str,
    branch: Branch | None = None,
    section: Section | None = None,
    by: Member | None = None,
    since: date | None = None,
) -> RoleGrant:
    """Give a member a role on a branch (reaching its subtree) or a section.

    Raises:
        Conflict: neither or both of branch and section are named.
    """
    if (branch is None) == (section is None):
        raise Conflict("角色要授在一个党组织或一个栏目上。")
    grant, made = RoleGrant.objects.get_or_create(
        member=member,
        role=role,
        branch=branch,
        section=section,
        until=None,
        defaults={"since": since or clock.today(), "granted_by": by},
    )
    if made:
        _sync_group(member, role)
        apply_grant_effects(grant, active=True)
        _record("members.role_granted", grant, by)
    return grant


@transaction.atomic
def end_grant(*, grant: RoleGrant, by: Member | None = None, on: date | None = None) -> RoleGrant:
    """End a grant from a day on (today if none is given)."""
    grant.until = max(on or clock.today(), grant.since)
    grant.save(update_fields=["until"])
    _sync_group(grant.member, grant.role)
    apply_grant_effects(grant, active=False)
    _record("members.role_ended", grant, by)
    return grant


def role_group(role: str) -> Group:
    """The Wagtail group that stands for a role; made on first use."""
    group, made = Group.objects.get_or_create(name=Role(role).label)
    if made and role in ADMIN_ENTRY:
        group.permissions.add(
            Permission.objects.get(content_type__app_label="wagtailadmin", codename="access_admin")
        )
        wanted = CORE_PERMISSIONS.get(Role(role), ())
        group.permissions.add(
            *Permission.objects.filter(content_type__app_label="core", codename__in=wanted)
        )
    return group


def _sync_group(member: Member, role: str) -> None:
    group = role_group(role)
    if RoleGrant.objects.on(clock.today()).filter(member=member, role=role).exists():
        member.groups.add(group)
    else:
        member.groups.remove(group)


def _record(action: str, grant: RoleGrant, by: Member | None) -> None:
    audit.record(
        action,
        actor=by,
        subject=grant.member,
        fields={"role": grant.role, "on": str(grant.branch or grant.section)},
    )
