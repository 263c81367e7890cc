"""Reads of roles: the list of grants, what a grant would open, one's own, who may act here."""

from dataclasses import dataclass
from datetime import date

from django.db.models import F, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from school.core import clock
from school.members.models import Branch, Member, Membership, RoleGrant, Section
from school.members.permissions import Appointing
from school.members.role_words import OPENS
from school.members.rules.roles import ON_SECTIONS, Role

WORKS_ON_PAGES = ON_SECTIONS | {Role.SCHOOL_ADMIN}

ACTIVE, COMING, ENDED, ALL = "active", "coming", "ended", "all"
STATES = {ACTIVE: _("有效"), COMING: _("未到起始日"), ENDED: _("已结束"), ALL: _("全部")}


@dataclass(frozen=True)
class Asked:
    """What the list of grants is filtered by; empty means all."""

    person: str = ""
    branch: Branch | None = None
    role: str = ""
    state: str = ACTIVE


def grants_list(rights: Appointing, asked: Asked) -> QuerySet[RoleGrant]:
    """Grants for the list, by branch and role; a branch asks for itself and all below it."""
    rows = rights.grants.select_related("member", "branch", "section__branch", "granted_by")
    if asked.person:
        rows = rows.filter(
            Q(member__name__icontains=asked.person)
            | Q(member__staff_number__istartswith=asked.person)
        )
    if asked.branch:
        path = asked.branch.path
        rows = rows.filter(
            Q(branch__path__startswith=path) | Q(section__branch__path__startswith=path)
        )
    if asked.role:
        rows = rows.filter(role=asked.role)
    return _in_state(rows, asked.state, clock.today()).order_by(
        F("branch__path").asc(nulls_last=True), "section_id", "role", "member__staff_number", "pk"
    )


def _in_state(rows: QuerySet[RoleGrant], state: str, today: date) -> QuerySet[RoleGrant]:
    ended = Q(until__lte=today) | Q(until=F("since"))
    if state == ACTIVE:
        return rows.on(today)
    if state == COMING:
        return rows.filter(since__gt=today).exclude(ended)
    if state == ENDED:
        return rows.filter(ended)
    return rows


def state_of(grant: RoleGrant, today: date) -> str:
    """One of ``active``, ``coming``, ``ended``; agrees with the filter of the list."""
    if grant.until is not None and (grant.until <= today or grant.until == grant.since):
        return ENDED
    return COMING if grant.since > today else ACTIVE


@dataclass(frozen=True)
class Reach:
    """How far a role goes: numbers of today and the words of what it opens."""

    words: tuple[Promise, ...]
    branches: int
    members: int
    sections: tuple[str, ...]


def reach(role: str, place: Branch | Section) -> Reach:
    """What a role opens at a place. At most three queries."""
    if isinstance(place, Section):
        return Reach(OPENS[role], 0, 0, (place.title,))
    below = {"branch__path__startswith": place.path}
    homes = Membership.objects.on(clock.today()).filter(kind=Membership.Kind.HOME, **below)
    return Reach(
        words=OPENS[role],
        branches=Branch.objects.filter(path__startswith=place.path, dissolved_on=None).count(),
        members=homes.count(),
        sections=tuple(Section.objects.filter(**below).values_list("title", flat=True))
        if role in WORKS_ON_PAGES
        else (),
    )


def people_to_appoint(rights: Appointing, asked: str) -> list[Member]:
    """Up to 30 people within reach by staff number, name or its beginning."""
    asked = asked.strip()
    if not asked:
        return []
    found = rights.people.filter(
        Q(staff_number__istartswith=asked) | Q(name__icontains=asked)
    ).order_by("staff_number")[:30]
    return list(found)


def home_line(member: Member, rights: Appointing, role: str | None = None) -> list[Branch]:
    """The member's home branch and those above it on which a role may be lent, own one first."""
    home = (
        Membership.objects.on(clock.today())
        .filter(member=member, kind=Membership.Kind.HOME)
        .values_list("branch__path", flat=True)
        .first()
    )
    if home is None:
        return []
    steps = [home[:end] for end in range(len(home), 0, -Branch.steplen)]
    return list(rights.branches(role).filter(path__in=steps).order_by("-path"))


def own_roles(member: Member) -> list[RoleGrant]:
    """Roles a member holds today or will hold, for his own page. One query."""
    today = clock.today()
    rows = RoleGrant.objects.filter(Q(until=None) | Q(until__gt=today), member=member)
    rows = rows.exclude(until=F("since")).select_related("branch", "section", "granted_by")
    return list(rows.order_by("since", "pk"))


def who_may_act(branch: Branch) -> list[RoleGrant]:
    """Grants of today that reach a branch: its own and those of the branches above. One query.

    Nearest first, so that a member finds the own secretary on top.
    """
    steps = [branch.path[:end] for end in range(len(branch.path), 0, -Branch.steplen)]
    rows = (
        RoleGrant.objects.on(clock.today())
        .filter(Q(branch__path__in=steps) | Q(section__branch=branch), member__is_active=True)
        .select_related("member", "branch", "section__branch")
    )
    order = list(RoleGrant.Role)
    return sorted(
        rows,
        key=lambda g: (
            -(g.branch.depth if g.branch else branch.depth),
            order.index(g.role),
            g.member.staff_number,
        ),
    )
