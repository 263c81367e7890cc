"""The only writer of roles and, through its effects, of Wagtail's groups and permissions.

``grant_role`` and ``end_grant`` keep what always holds; who asks is checked one floor up, in
``services.appointments``.
"""

from datetime import date

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import Conflict, NotAllowed
from school.members.models import Branch, Member, RoleGrant, Section
from school.members.registry import apply_grant_effects, role_permissions
from school.members.rules.roles import ON_SECTIONS, Held, holds_on, kept_apart_from, overlap
from school.members.services.codes import revoke_codes

Role = RoleGrant.Role

# Roles that work in the Wagtail admin; their groups carry the right to enter it.
ADMIN_ENTRY = frozenset(Role) - {Role.GROUP_LEADER, Role.SECRETARY}

# What a role may see of the machine room, as Django permissions of the core.
CORE_PERMISSIONS = {
    Role.SYSTEM_ADMIN: ("core.view_job", "core.change_job", "core.change_hostsettings"),
    Role.SCHOOL_ADMIN: ("core.view_job", "core.change_job"),
    Role.AUDITOR: ("core.view_auditentry",),
}
# Their part of the machine room shows the whole school: only who holds them on a root has it.
ON_ROOT = frozenset({Role.SCHOOL_ADMIN, Role.AUDITOR, Role.SYSTEM_ADMIN})


@transaction.atomic
def grant_role(
    *,
    member: Member,
    role: str,
    branch: Branch | None = None,
    section: Section | None = None,
    by: Member | None = None,
    since: date | None = None,
    until: date | None = None,
    reason: str = "",
) -> RoleGrant:
    """Give a member a role on a branch (reaching its subtree) or a section.

    One-time codes issued before are void: they opened the account of somebody who might do less.

    Args:
        since: first local day, today if none is given; groups follow on that day.
        until: first local day on which it no longer holds; None: until it is ended.
        by: who grants; None for the console and the demo.

    Returns:
        The grant; an open one that is there already is returned unchanged.

    Raises:
        Conflict: neither or both of branch and section are named, dates are the wrong way round,
            the role is held there already, or it is kept apart from another one that is held.
        NotAllowed: one gives a role to oneself.
    """
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    wanted = Held(role, since or clock.today(), until)
    _check_place(role, branch, section)
    if by is not None and by.pk == member.pk:
        raise NotAllowed(_("不能给本人授权，请由另一名管理员办理。"))
    if until is not None and until <= wanted.since:
        raise Conflict(_("终止日期应晚于起始日期，请重新填写。"))
    same = RoleGrant.objects.filter(member=member, role=role, branch=branch, section=section)
    if (known := same.open().first()) and until is None:
        return known
    if any(overlap(wanted, Held(g.role, g.since, g.until)) for g in same):
        raise Conflict(_("该同志在这段时间已有这项授权，请先收回原授权或改选日期。"))
    _check_apart(member, wanted)
    grant = RoleGrant.objects.create(
        member=member,
        role=role,
        branch=branch,
        section=section,
        since=wanted.since,
        until=until,
        granted_by=by,
        reason=reason,
    )
    _follow(grant)
    _record("members.role_granted", grant, by, reason, codes=revoke_codes(member))
    return grant


@transaction.atomic
def end_grant(
    *, grant: RoleGrant, by: Member | None = None, on: date | None = None, reason: str = ""
) -> RoleGrant:
    """End a grant from a day on (today if none is given); one that has not begun never begins."""
    grant.until = max(on or clock.today(), grant.since)
    grant.ended_by, grant.end_reason = by, reason
    grant.save(update_fields=["until", "ended_by", "end_reason"])
    _follow(grant)
    _record("members.role_ended", grant, by, reason)
    return grant


def leave_groups(member: Member) -> None:
    """Take an erased person out of all groups; the caller has ended the grants."""
    member.groups.clear()
    member.user_permissions.clear()


def follow_dates() -> int:
    """Bring groups in step with grants that began or ended by their dates; returns how many.

    Each in a transaction of its own: what fails is tried again at the next call.
    """
    today = clock.today()
    holding = Q(since__lte=today) & (Q(until=None) | Q(until__gt=today))
    late = RoleGrant.objects.filter(
        (Q(in_force=False) & holding) | (Q(in_force=True) & ~holding)
    ).values_list("pk", flat=True)
    return sum(_follow_one(pk) for pk in list(late))


@transaction.atomic
def _follow_one(pk: int) -> bool:
    rows = RoleGrant.objects.select_for_update(of=("self",))
    grant = rows.select_related("member", "branch", "section__branch").get(pk=pk)
    if not _follow(grant):
        return False
    if grant.in_force:
        _record("members.role_began", grant, None, "", codes=revoke_codes(grant.member))
    else:
        _record("members.role_expired", grant, None, "")
    return True


def _follow(grant: RoleGrant) -> bool:
    """Let groups and permissions say what holds today; returns whether that is a change."""
    active = holds_on(Held(grant.role, grant.since, grant.until), clock.today())
    _sync_group(grant.member, grant.role)
    apply_grant_effects(grant, active=active)
    if grant.in_force == active:
        return False
    grant.in_force = active
    grant.save(update_fields=["in_force"])
    return True


def role_group(role: str, *, whole: bool = False) -> Group:
    """The Wagtail group that stands for a role, with exactly the role's Django permissions.

    Args:
        whole: the group of those who hold it for the whole school, on a root.
    """
    name = str(Role(role).label)
    names = ["wagtailadmin.access_admin"] if role in ADMIN_ENTRY else []
    if whole:
        name = f"{name}（全校）"
    if whole or role not in ON_ROOT:
        names += [*CORE_PERMISSIONS.get(Role(role), ()), *role_permissions(role)]
    group, _made = Group.objects.get_or_create(name=name)
    group.permissions.set(_permissions(names))
    return group


def _permissions(names: list[str]) -> list[Permission]:
    wanted = Q(pk__in=())
    for name in names:
        app_label, _dot, codename = name.partition(".")
        wanted |= Q(content_type__app_label=app_label, codename=codename)
    return list(Permission.objects.filter(wanted))


def _sync_group(member: Member, role: str) -> None:
    held = RoleGrant.objects.on(clock.today()).filter(member=member, role=role)
    _put(member, role_group(role), held.exists())
    if role in ON_ROOT:
        _put(member, role_group(role, whole=True), held.filter(branch__depth=1).exists())


def _put(member: Member, group: Group, inside: bool) -> None:
    (member.groups.add if inside else member.groups.remove)(group)


def _check_place(role: str, branch: Branch | None, section: Section | None) -> None:
    if (branch is None) == (section is None):
        raise Conflict(_("角色要授在一个党组织或一个栏目上。"))
    if section is not None and role not in ON_SECTIONS:
        raise Conflict(_("只有讲师和审核人可以授在栏目上，请改选党组织。"))
    if branch is not None and branch.dissolved_on:
        raise Conflict(_("该党组织已撤销，请改选现有的党组织。"))


def _check_apart(member: Member, wanted: Held) -> None:
    """The member's row is locked, so two grants at once cannot both pass."""
    rows = RoleGrant.objects.filter(member=member).values_list("role", "since", "until")
    other = kept_apart_from(wanted, (Held(*row) for row in rows))
    if other:
        said = {"role": Role(wanted.role).label, "other": Role(other).label}
        raise Conflict(
            _(
                "系统、安全、审计三类管理员须由不同的人担任：该同志已是%(other)s，"
                "不能再任%(role)s，请另选一人或先收回原授权。"
            )
            % said
        )


def _record(
    action: str, grant: RoleGrant, by: Member | None, reason: str, *, codes: int = 0
) -> None:
    fields: dict[str, str | int] = {
        "role": grant.role,
        "on": str(grant.branch or grant.section),
        "since": f"{grant.since:%Y-%m-%d}",
    }
    if grant.until:
        fields["until"] = f"{grant.until:%Y-%m-%d}"
    if reason:
        fields["reason"] = reason
    if codes:
        fields["codes"] = codes
    audit.record(action, actor=by, subject=grant.member, fields=fields)
