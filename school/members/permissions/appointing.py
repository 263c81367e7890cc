"""Who may lend which role, where and to whom; who may read the list of grants."""

import functools

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from school.core import clock
from school.core.errors import NotFound
from school.members.models import Branch, Member, Membership, RoleGrant, Section
from school.members.permissions.scope import Role, Scope, scope_for
from school.members.rules.roles import APPOINTS, ON_SECTIONS, SEES_GRANTS, holds_on

Place = Branch | Section


class Appointing:
    """What one member may do with the roles of others today.

    A superuser reads the list but lends nothing: who grants is a person with a role, and the first
    one is named with ``manage.py appoint``.
    """

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    @functools.cached_property
    def _lending(self) -> list[tuple[str, frozenset[str]]]:
        """(path of the own grant, roles it lends) for each own grant that lends."""
        own = (g for g in self.scope.grants if g.branch and g.role in APPOINTS)
        return [(g.branch.path, APPOINTS[g.role]) for g in own]

    def _paths(self, role: str | None = None) -> list[str]:
        return [path for path, roles in self._lending if role is None or role in roles]

    @property
    def roles(self) -> list[str]:
        """Roles that may be lent somewhere, in the order they are declared."""
        lent = frozenset().union(*(roles for _path, roles in self._lending))
        return [role for role in Role if role in lent]

    @property
    def may_appoint(self) -> bool:
        """Whether there is any role to lend."""
        return bool(self._lending)

    @property
    def may_look(self) -> bool:
        """Whether the list of grants may be read."""
        return self.scope.is_superuser or bool(self.scope.roles & SEES_GRANTS)

    def branches(self, role: str | None = None) -> QuerySet[Branch]:
        """Branches on which a role (any, when none is named) may be lent or ended."""
        return Branch.objects.filter(_below(self._paths(role))).order_by("path")

    def sections(self, role: str | None = None) -> QuerySet[Section]:
        """Sections on which a role may be lent or ended."""
        if role is not None and role not in ON_SECTIONS:
            return Section.objects.none()
        paths = [p for r in ON_SECTIONS if role in (None, r) for p in self._paths(r)]
        return Section.objects.filter(_below(paths, "branch__")).order_by("title")

    def may_lend(self, role: str, place: Place) -> bool:
        """The check that agrees with ``branches`` and ``sections``."""
        branch = place
        if isinstance(place, Section):
            if role not in ON_SECTIONS:
                return False
            branch = place.branch
        return any(branch.path.startswith(path) for path in self._paths(role))

    @property
    def people(self) -> QuerySet[Member]:
        """Who may be given a role: home members within reach, never oneself."""
        homes = Membership.objects.on(clock.today()).filter(
            _below(self._paths(), "branch__"), kind=Membership.Kind.HOME
        )
        return Member.objects.filter(
            pk__in=homes.values("member_id"), is_active=True, erased_at=None
        ).exclude(pk=self.scope.member.pk)

    def may_appoint_person(self, person: Member) -> bool:
        """The check that agrees with ``people``."""
        return self.people.filter(pk=person.pk).exists()

    @property
    def grants(self) -> QuerySet[RoleGrant]:
        """Grants of any day that may be read."""
        everything = RoleGrant.objects.all()
        if self.scope.is_superuser:
            return everything
        paths = [g.branch.path for g in self.scope.grants if g.branch and g.role in SEES_GRANTS]
        return everything.filter(_below(paths, "branch__") | _below(paths, "section__branch__"))

    def grant_or_404(self, pk: int) -> RoleGrant:
        """A grant that may be read.

        Raises:
            NotFound: there is none, or it lies on a foreign branch.
        """
        rows = self.grants.select_related("member", "branch", "section__branch", "granted_by")
        grant = rows.filter(pk=pk).first()
        if grant is None:
            raise NotFound(_("没有找到这项授权，或不在管理范围内。"))
        return grant

    def may_end(self, grant: RoleGrant) -> bool:
        """Whether a grant is still to end and this member may end it; one's own never."""
        today = clock.today()
        coming = grant.since > today and grant.until != grant.since
        return (
            (coming or holds_on(grant, today))
            and grant.member_id != self.scope.member.pk
            and self.may_lend(grant.role, grant.branch or grant.section)
        )


def _below(paths: list[str], prefix: str = "") -> Q:
    reached = Q(pk__in=())
    for path in paths:
        reached |= Q(**{f"{prefix}path__startswith": path})
    return reached


def appointing_for(member: Member) -> Appointing:
    """The member's right to appoint; kept on the object for the request."""
    known = getattr(member, "_appointing", None)
    if known is None:
        known = member._appointing = Appointing(scope_for(member))
    return known
