"""What a change of the tree touches: people, posts, roles, children, transfers."""

from collections.abc import Iterable

from django.db.models import Q

from school.core import clock
from school.members.models import (
    Branch,
    BranchPlacement,
    Membership,
    PostHolding,
    RoleGrant,
    Transfer,
)
from school.members.rules.tree import Placements, Stay


def load_placements(branch_ids: Iterable[int]) -> Placements:
    """Placements of some branches and of all that ever stood above them; one query a level."""
    wanted, seen, stays = set(branch_ids), set(), []
    while wanted:
        seen |= wanted
        rows = BranchPlacement.objects.filter(branch_id__in=wanted)
        found = [Stay(*row) for row in rows.values_list("branch", "parent", "since", "until")]
        stays += found
        wanted = {stay.parent for stay in found if stay.parent is not None} - seen
    return Placements(stays)


def children_of(branch: Branch) -> list[BranchPlacement]:
    rows = BranchPlacement.objects.open().filter(parent=branch)
    return list(rows.select_related("branch", "parent").order_by("branch__path"))


def open_rows(kind: str, branch: Branch) -> tuple[Membership, ...]:
    rows = Membership.objects.open().filter(kind=kind, branch=branch).select_related("member")
    return tuple(rows.order_by("member__staff_number"))


def attached_of_merge(branch: Branch, into: Branch, arriving: set[int]):
    """Attached rows that end, and those of them that go on at the other branch."""
    here = open_rows(Membership.Kind.ATTACHED, branch)
    there = open_rows(Membership.Kind.ATTACHED, into)
    at_home = set(
        Membership.objects.open()
        .filter(kind=Membership.Kind.HOME, branch=into, member__in=[r.member_id for r in here])
        .values_list("member_id", flat=True)
    )
    known = at_home | {row.member_id for row in there}
    carried = tuple(row for row in here if row.member_id not in known)
    return (*here, *(row for row in there if row.member_id in arriving)), carried


def posts_of(branch: Branch) -> tuple[PostHolding, ...]:
    rows = PostHolding.objects.filter(Q(until=None) | Q(until__gt=clock.today()), branch=branch)
    return tuple(rows.select_related("member", "post"))


def grants_of(branch: Branch) -> tuple[RoleGrant, ...]:
    rows = RoleGrant.objects.filter(Q(until=None) | Q(until__gt=clock.today()), branch=branch)
    return tuple(rows.select_related("member", "branch"))


def open_transfers(branch: Branch) -> list[Transfer]:
    rows = Transfer.objects.filter(Q(sender=branch) | Q(receiver=branch), state=Transfer.State.SENT)
    return list(rows.select_related("member", "sender", "receiver"))


def reach_of(old: Branch | None, new: Branch, *, inside: Branch):
    """Grants that begin and that cease to reach what moves from ``old`` to ``new``."""
    before, after = (_line_paths(each) for each in (old, new))
    rows = (
        RoleGrant.objects.on(clock.today())
        .filter(branch__path__in=before ^ after)
        .exclude(branch=inside)
        .select_related("member", "branch")
        .order_by("branch__path", "role")
    )
    gains = tuple(row for row in rows if row.branch.path in after)
    loses = tuple(row for row in rows if row.branch.path in before)
    return gains, loses


def _line_paths(branch: Branch | None) -> set[str]:
    if branch is None:
        return set()
    step = Branch.steplen
    return {branch.path[:end] for end in range(step, len(branch.path) + 1, step)}


def living_below(branch: Branch) -> int:
    rows = Branch.objects.filter(path__startswith=branch.path, dissolved_on=None)
    return rows.exclude(pk=branch.pk).count()


def people_below(branch: Branch) -> int:
    return (
        Membership.objects.open()
        .filter(kind=Membership.Kind.HOME, branch__path__startswith=branch.path)
        .count()
    )
