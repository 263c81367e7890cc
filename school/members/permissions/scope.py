"""What one member oversees. One object, ``Scope``, gives both the check and the queryset filter."""

import functools
from collections.abc import Iterable
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from school.core import clock
from school.core.errors import NotAllowed, NotFound
from school.core.prepared import prepared
from school.members.models import Branch, Member, Membership, RoleGrant
from school.members.rules.roles import MANAGING, OVERSEEING, WRITING

Role = RoleGrant.Role

# Whose account a role may open with a one-time code, besides plain members. The system
# administrator is the help desk; who keeps watch or runs the system is helped by a superuser alone.
_EDITORS = {Role.INSTRUCTOR, Role.REVIEWER}
LENDABLE = {
    Role.SECRETARY: {Role.GROUP_LEADER, Role.SECRETARY},
    Role.COMMITTEE_ADMIN: {Role.GROUP_LEADER, Role.SECRETARY, Role.COMMITTEE_ADMIN} | _EDITORS,
    Role.SCHOOL_ADMIN: {
        Role.GROUP_LEADER,
        Role.SECRETARY,
        Role.COMMITTEE_ADMIN,
        Role.SCHOOL_ADMIN,
    }
    | _EDITORS,
    Role.SYSTEM_ADMIN: {
        Role.GROUP_LEADER,
        Role.SECRETARY,
        Role.COMMITTEE_ADMIN,
        Role.SCHOOL_ADMIN,
    }
    | _EDITORS,
}


@prepared
def _grants_of(member_id: int, day: date) -> QuerySet[RoleGrant]:
    """Grants in force on a day, with their branches; asked for by every page."""
    found = RoleGrant.objects.on(day).filter(member_id=member_id)
    return found.select_related("branch", "section__branch")


class Scope:
    """What one member may oversee today, read once (one query) and kept for the request."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self.is_superuser = bool(member.is_active and member.is_superuser)

    @functools.cached_property
    def grants(self) -> list[RoleGrant]:
        """Today's grants with their branches."""
        if not self.member.is_active:
            return []
        return _grants_of(self.member.pk, clock.today())

    @functools.cached_property
    def roles(self) -> frozenset[str]:
        """Names of all roles held anywhere."""
        return frozenset(grant.role for grant in self.grants)

    @property
    def role_names(self) -> frozenset[str]:
        """Names by which presets differ: the roles held, and ``superuser``."""
        return self.roles | {"superuser"} if self.is_superuser else self.roles

    def has(self, role: str, branch: Branch | None = None) -> bool:
        """Whether a role is held, anywhere or reaching a branch."""
        if self.is_superuser:
            return True
        return any(
            grant.role == role
            and (branch is None or (grant.branch and _reaches(grant.branch, branch)))
            for grant in self.grants
        )

    def has_everywhere(self, role: str) -> bool:
        """Whether a role is held for the whole school: on a root of the tree."""
        return self.is_superuser or any(
            grant.role == role and grant.branch and grant.branch.is_root() for grant in self.grants
        )

    @property
    def has_board(self) -> bool:
        """Whether there is a branch to follow up."""
        return self.is_superuser or bool(self.roles & OVERSEEING)

    def _paths(self, roles: frozenset[str]) -> list[str]:
        return [g.branch.path for g in self.grants if g.role in roles and g.branch]

    def _reached(self, roles: frozenset[str]) -> Q:
        reached = Q(pk__in=())
        for path in self._paths(roles):
            reached |= Q(path__startswith=path)
        return reached

    @property
    def branches(self) -> QuerySet[Branch]:
        """Branches this member may look at."""
        everything = Branch.objects.order_by("path")
        return everything if self.is_superuser else everything.filter(self._reached(OVERSEEING))

    @property
    def writable_branches(self) -> QuerySet[Branch]:
        """Branches this member may act for."""
        everything = Branch.objects.order_by("path")
        return everything if self.is_superuser else everything.filter(self._reached(WRITING))

    @property
    def manageable_branches(self) -> QuerySet[Branch]:
        """Branches whose place in the tree and whose accounts this member keeps."""
        everything = Branch.objects.order_by("path")
        return everything if self.is_superuser else everything.filter(self._reached(MANAGING))

    @property
    def tops(self) -> list[Branch]:
        """The highest overseen nodes: where a board starts. Subtrees of others are dropped."""
        if self.is_superuser:
            return list(Branch.get_root_nodes())
        nodes = {g.branch.path: g.branch for g in self.grants if g.role in OVERSEEING and g.branch}
        return [
            node
            for path, node in sorted(nodes.items())
            if not any(path != other and path.startswith(other) for other in nodes)
        ]

    def may_see(self, branch: Branch) -> bool:
        """The check that agrees with ``branches``."""
        return self.is_superuser or any(
            branch.path.startswith(path) for path in self._paths(OVERSEEING)
        )

    def may_write(self, branch: Branch) -> bool:
        """The check that agrees with ``writable_branches``."""
        return self.is_superuser or any(
            branch.path.startswith(path) for path in self._paths(WRITING)
        )

    def may_manage(self, branch: Branch) -> bool:
        """The check that agrees with ``manageable_branches``."""
        return self.is_superuser or any(
            branch.path.startswith(path) for path in self._paths(MANAGING)
        )

    def branch_or_404(self, pk: int) -> Branch:
        """A branch of this scope.

        Raises:
            NotFound: there is none, or it is a foreign one; the answer does not tell which.
        """
        branch = self.branches.filter(pk=pk).first()
        if branch is None:
            raise NotFound(_("没有找到这个党组织，或不在管理范围内。"))
        return branch

    def writable_branch_or_404(self, pk: int) -> Branch:
        """A branch this member may act for.

        Raises:
            NotFound: not in scope at all.
            NotAllowed: may be looked at only.
        """
        branch = self.branch_or_404(pk)
        if not self.may_write(branch):
            raise NotAllowed(_("只能查看该党组织，不能代为办理。"))
        return branch

    def manageable_branch_or_404(self, pk: int) -> Branch:
        """A branch whose place in the tree and whose accounts this member keeps.

        Raises:
            NotFound: there is none, or it is a foreign one, or it may only be looked at.
        """
        branch = self.manageable_branches.filter(pk=pk).first()
        if branch is None:
            raise NotFound(_("没有找到这个党组织，或不在管理范围内。"))
        return branch

    def may_vouch_for(self, member: Member) -> bool:
        """Whether this member may issue a code that opens another's account; never the own.

        A code lends everything its receiver may do, so each role of the receiver has to lie within
        what the issuer may do himself.
        """
        return member.pk != self.member.pk and self.covers(member, coming_grants(member=member))

    def covers(self, member: Member, grants: Iterable[RoleGrant]) -> bool:
        """Whether all that a member may do lies within what this one may do.

        Args:
            grants: the member's ``coming_grants``: what an account will be able to do counts.
        """
        if member.is_superuser and not self.is_superuser:
            return False
        return self.is_superuser or all(self.outranks(grant) for grant in grants)

    def outranks(self, grant: RoleGrant) -> bool:
        """Whether a grant lies within what one of the own grants may lend or help with."""
        branch = grant.branch or grant.section.branch
        return any(
            own.branch and grant.role in LENDABLE.get(own.role, ()) and _reaches(own.branch, branch)
            for own in self.grants
        )

    def members(self, day: date | None = None) -> QuerySet[Member]:
        """Home members of the overseen branches on a day."""
        if self.is_superuser:
            return Member.objects.all()
        reached = Q(pk__in=())
        for path in self._paths(OVERSEEING):
            reached |= Q(branch__path__startswith=path)
        # Asked of each member met, never gathered: a subtree may hold a hundred thousand.
        homes = Membership.objects.on(day or clock.today()).filter(
            reached, kind=Membership.Kind.HOME, member=OuterRef("pk")
        )
        return Member.objects.filter(Exists(homes.order_by()))

    def member_or_404(self, pk: int, day: date | None = None) -> Member:
        """A member of this scope.

        Raises:
            NotFound: no such member, or one of a foreign branch.
        """
        member = self.members(day).filter(pk=pk).first()
        if member is None:
            raise NotFound(_("没有找到这名党员，或不在管理范围内。"))
        return member


def coming_grants(**of) -> QuerySet[RoleGrant]:
    """Grants that hold today or from a later day on, with their branches."""
    rows = RoleGrant.objects.unfinished(clock.today()).filter(**of)
    return rows.select_related("branch", "section__branch")


def _reaches(granted: Branch, branch: Branch) -> bool:
    return branch.path.startswith(granted.path)


def scope_for(member: Member) -> Scope:
    """The member's scope; kept on the object, so a request reads the grants once."""
    scope = getattr(member, "_scope", None)
    if scope is None:
        scope = Scope(member)
        member._scope = scope
    return scope
