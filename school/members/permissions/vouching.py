"""Whose account may be opened with a one-time code, and who watches over sign-ins.

A code lends everything its receiver may do, so each role of the receiver has to lie within what
the issuer may do himself.
"""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from school.core import clock
from school.core.errors import NotFound
from school.members.models import Branch, Member, Membership
from school.members.permissions.scope import Role, Scope, coming_grants, scope_for

# Whose grant reaches the codes page. The system administrator is the help desk.
ISSUING = frozenset({Role.SECRETARY, Role.COMMITTEE_ADMIN, Role.SCHOOL_ADMIN, Role.SYSTEM_ADMIN})
# Who looks at codes used on the issuer's own device.
WATCHING = frozenset({Role.COMMITTEE_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR})
# Who may sign others out everywhere and help who has lost the second step.
GUARDING = frozenset({Role.SECURITY_ADMIN})


class Vouching:
    """What one member may do for the sign-ins of others today."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def _below(self, roles: frozenset[str]) -> Q:
        below = Q(pk__in=())
        for grant in self.scope.grants:
            if grant.role in roles and grant.branch:
                below |= Q(path__startswith=grant.branch.path)
        return below

    def _branches(self, roles: frozenset[str]) -> QuerySet[Branch]:
        everything = Branch.objects.order_by("path")
        return everything if self.scope.is_superuser else everything.filter(self._below(roles))

    def _members(self, roles: frozenset[str]) -> QuerySet[Member]:
        if self.scope.is_superuser:
            return Member.objects.all()
        homes = Membership.objects.on(clock.today()).filter(
            kind=Membership.Kind.HOME,
            branch__in=self._branches(roles).order_by().values("pk"),
            member=OuterRef("pk"),
        )
        return Member.objects.filter(Exists(homes.order_by()))

    def _has(self, roles: frozenset[str]) -> bool:
        return self.scope.is_superuser or bool(self.scope.roles & roles)

    @property
    def may_issue(self) -> bool:
        """Whether there is anybody to issue codes to."""
        return self._has(ISSUING)

    @property
    def may_watch(self) -> bool:
        """Whether codes to look at are shown."""
        return self._has(WATCHING)

    @property
    def branches(self) -> QuerySet[Branch]:
        """Branches for which codes may be issued."""
        return self._branches(ISSUING)

    @property
    def members(self) -> QuerySet[Member]:
        """Home members of those branches."""
        return self._members(ISSUING)

    @property
    def watched(self) -> QuerySet[Member]:
        """Members whose use of codes may be looked at."""
        return self._members(WATCHING)

    def branch_or_404(self, pk: int) -> Branch:
        """A branch for which codes may be issued.

        Raises:
            NotFound: there is none, or it is a foreign one.
        """
        branch = self.branches.filter(pk=pk).first()
        if branch is None:
            raise NotFound(_("没有找到这个党组织，或不在管理范围内。"))
        return branch

    def guarded_member_or_404(self, pk: int) -> Member:
        """A member whose sessions and second step this member may end; never the own.

        Raises:
            NotFound: no such member, or one of a foreign branch.
        """
        member = self._members(GUARDING).filter(pk=pk).exclude(pk=self.scope.member.pk).first()
        if member is None or (member.is_superuser and not self.scope.is_superuser):
            raise NotFound(_("没有找到这名党员，或不在管理范围内。"))
        return member

    def vouchable(self, members: Iterable[Member]) -> list[Member]:
        """Those of some members whose account may be opened with a code; one query."""
        members = list(members)
        held = defaultdict(list)
        for grant in coming_grants(member__in=[m.pk for m in members]):
            held[grant.member_id].append(grant)
        return [
            member
            for member in members
            if member.is_active
            and member.pk != self.scope.member.pk
            and self.scope.covers(member, held[member.pk])
        ]


def may_change_numbers(by: Member | None, member: Member) -> bool:
    """Whether somebody may rewrite what a member is known and found by: staff, mobile, identity.

    Who rewrites these of an account can take it, so the rule is that of the codes.

    Args:
        by: who changes; None for the console and the demo, which may.
    """
    if by is None or by.pk == member.pk:
        return True
    return scope_for(by).covers(member, coming_grants(member=member))


def numbers_out_of_reach(by: Member | None) -> set[int]:
    """Ids of all members whose numbers somebody may not rewrite; for whole rosters. Two queries.

    Agrees with ``may_change_numbers``.
    """
    if by is None or (own := scope_for(by)).is_superuser:
        return set()
    above = set(Member.objects.filter(is_superuser=True).values_list("pk", flat=True))
    for grant in coming_grants().order_by():
        if grant.member_id not in above and not own.outranks(grant):
            above.add(grant.member_id)
    return above - {by.pk}


def vouching_for(member: Member) -> Vouching:
    """What a member may do for the sign-ins of others."""
    return Vouching(scope_for(member))
