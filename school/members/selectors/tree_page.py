"""The tree page of the admin: one level at a time, with counts and sizes, as of any day."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Substr

from school.core import clock
from school.members.models import Branch, BranchPlacement, Membership, MemberStanding
from school.members.rules.tree import LARGE, SMALL, SizeLimits, size_fault
from school.members.selectors.tree import children_on, parents_on

LEVEL_ROWS = 200
FOUND_ROWS = 50
FULL = MemberStanding.Kind.FULL
PARTY = (FULL, MemberStanding.Kind.PROBATIONARY)
PRESENT = tuple(set(MemberStanding.State) - {MemberStanding.State.LEFT})


@dataclass(frozen=True, slots=True)
class Size:
    """How many people: all who belong, party members, full members."""

    people: int = 0
    party: int = 0
    full: int = 0

    def __add__(self, other: "Size") -> "Size":
        return Size(self.people + other.people, self.party + other.party, self.full + other.full)

    def __sub__(self, other: "Size") -> "Size":
        return Size(self.people - other.people, self.party - other.party, self.full - other.full)


@dataclass(frozen=True, slots=True)
class TreeRow:
    """A node of the tree: people of its own, people with the subtree, what to look at."""

    branch: Branch
    own: int
    size: Size
    fault: str
    has_children: bool

    @property
    def is_small(self) -> bool:
        return self.fault == SMALL

    @property
    def is_large(self) -> bool:
        return self.fault == LARGE


@dataclass(frozen=True, slots=True)
class Level:
    """Some nodes side by side; ``more``: where the next portion begins, or None."""

    rows: list[TreeRow]
    more: int | None = None


def size_limits() -> SizeLimits:
    """The host's limits (settings)."""
    return SizeLimits(**settings.SCHOOL_BRANCH_SIZES)


def top_level(
    tops: list[Branch], day: date, *, with_dissolved: bool = False
) -> tuple[Level, dict[int, Level]]:
    """The highest nodes somebody sees; a single one with its children, by its key."""
    if len(tops) != 1:
        return Level(_rows(tops, day)), {}
    (top,) = tops
    children, more = _children(top, day, 0, with_dissolved)
    first, *rest = _rows([top, *children], day, with_dissolved=with_dissolved)
    return Level([first]), {top.pk: Level(rest, more)} if rest else {}


def level_below(
    branch: Branch, day: date, *, start: int = 0, with_dissolved: bool = False
) -> Level:
    """Children of a node on a day, ``LEVEL_ROWS`` at a time. At most six queries.

    Args:
        with_dissolved: also those that ended before, where they stood last.
    """
    shown, more = _children(branch, day, start, with_dissolved)
    return Level(_rows(shown, day, with_dissolved=with_dissolved), more)


def _children(
    branch: Branch, day: date, start: int, with_dissolved: bool
) -> tuple[list[Branch], int | None]:
    found = children_on(branch, day)
    if with_dissolved:
        ended = Branch.objects.filter(
            path__startswith=branch.path, depth=branch.depth + 1, dissolved_on__lte=day
        )
        found = Branch.objects.filter(
            Q(pk__in=found.values("pk")) | Q(pk__in=ended.values("pk"))
        ).order_by("path")
    shown = list(found[start : start + LEVEL_ROWS + 1])
    more = start + LEVEL_ROWS if len(shown) > LEVEL_ROWS else None
    return shown[:LEVEL_ROWS], more


def find_branches(
    within: QuerySet[Branch], text: str, day: date, *, with_dissolved: bool = False
) -> list[TreeRow]:
    """Branches by a part of the name, the short name or the code; living ones first."""
    found = within.filter(
        Q(name__icontains=text) | Q(short_name__icontains=text) | Q(code__icontains=text)
    )
    placed = BranchPlacement.objects.on(day).filter(branch=OuterRef("pk"))
    if not with_dissolved:
        found = found.filter(Exists(placed))
    return _rows(list(found.order_by("path")[:FOUND_ROWS]), day)


def line_names(branches: Iterable[Branch]) -> dict[int, str]:
    """Short names from the top down to above each branch, joined; one query."""
    branches, step = list(branches), Branch.steplen
    above = {b.path[:end] for b in branches for end in range(step, len(b.path), step)}
    names = dict(Branch.objects.filter(path__in=above).values_list("path", "short_name"))
    return {
        b.pk: " / ".join(
            names[b.path[:end]] for end in range(step, len(b.path), step) if b.path[:end] in names
        )
        for b in branches
    }


def sizes_of(branches: Iterable[Branch], day: date) -> dict[int, Size]:
    """People of each branch with its subtree on a day. Today: one query for each depth."""
    branches = list(branches)
    if day < clock.today():
        return _sizes_then(branches, day)
    sizes: dict[int, Size] = {}
    by_length: dict[int, list[Branch]] = defaultdict(list)
    for branch in branches:
        by_length[len(branch.path)].append(branch)
    for length, group in by_length.items():
        places = {branch.path: branch.pk for branch in group}
        counted = (
            _standings(day).filter(_under(group)).annotate(place=Substr("branch__path", 1, length))
        )
        for place, size in _grouped(counted, "place").items():
            if place in places:
                sizes[places[place]] = size
    return sizes


def size_of_homes(homes: Iterable[Membership], day: date) -> Size:
    """The people of some home memberships as a size. One query."""
    rows = _standings(day).filter(pk__in=[row.pk for row in homes])
    return sum(_grouped(rows, "branch_id").values(), Size())


def _under(group: list[Branch]) -> Q:
    """Condition that narrows to the subtrees of branches of one depth: the path they share."""
    first, last = min(b.path for b in group), max(b.path for b in group)
    shared = next(
        (i for i, (a, b) in enumerate(zip(first, last, strict=True)) if a != b), len(first)
    )
    return Q(branch__path__startswith=first[:shared])


def _standings(day: date) -> QuerySet[Membership]:
    """Home memberships of a day beside the standing of that day; who has left is left out."""
    return (
        Membership.objects.on(day)
        .filter(
            Q(member__standings__until=None) | Q(member__standings__until__gt=day),
            member__standings__since__lte=day,
            member__standings__state__in=PRESENT,
            kind=Membership.Kind.HOME,
        )
        .order_by()
    )


def _grouped(rows: QuerySet[Membership], place: str) -> dict[str | int, Size]:
    sizes: dict[str | int, Size] = defaultdict(Size)
    for where, kind, number in rows.values_list(place, "member__standings__kind").annotate(
        number=Count("pk")
    ):
        sizes[where] += Size(number, number if kind in PARTY else 0, number if kind == FULL else 0)
    return sizes


def _sizes_then(branches: list[Branch], day: date) -> dict[int, Size]:
    """A past day's: every branch's own people, summed up along that day's placements."""
    wanted, parents = {b.pk for b in branches}, parents_on(day)
    sizes: dict[int, Size] = defaultdict(Size)
    for place, size in _grouped(_standings(day), "branch_id").items():
        node: int | None = place
        while node is not None:
            if node in wanted:
                sizes[node] += size
            node = parents.get(node)
    return sizes


def _own(branches: list[Branch], day: date) -> dict[int, int]:
    rows = _standings(day).filter(branch__in=[b.pk for b in branches])
    return {place: size.people for place, size in _grouped(rows, "branch_id").items()}


def _parents_among(branches: list[Branch], day: date, with_dissolved: bool) -> set[int]:
    """Which of the branches have children to show."""
    ids = [b.pk for b in branches]
    rows = BranchPlacement.objects.on(day).filter(parent__in=ids)
    found = set(rows.values_list("parent_id", flat=True).distinct())
    if with_dissolved:
        found |= {b.pk for b in branches if b.numchild}
    return found


def _rows(branches: list[Branch], day: date, *, with_dissolved: bool = False) -> list[TreeRow]:
    if not branches:
        return []
    sizes, own = sizes_of(branches, day), _own(branches, day)
    parents, limits = _parents_among(branches, day, with_dissolved), size_limits()
    rows = []
    for branch in branches:
        size = sizes.get(branch.pk, Size())
        ended = branch.dissolved_on is not None and branch.dissolved_on <= day
        fault = (
            ""
            if ended
            else size_fault(branch.kind, full=size.full, people=size.party, limits=limits)
        )
        rows.append(TreeRow(branch, own.get(branch.pk, 0), size, fault, branch.pk in parents))
    return rows
