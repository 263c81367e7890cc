"""Pure rules of the branch tree: what a valid dated tree is, which sizes are looked at twice."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

# A branch's code: neither spaces nor the brackets that fields write around it.
CODE = r"[^\s（）()]+"


@dataclass(frozen=True, slots=True)
class Stay:
    """One placement: ``branch`` stood under ``parent`` from ``since`` until the day before
    ``until`` (None: still)."""

    branch: int
    parent: int | None
    since: date
    until: date | None = None

    def on(self, day: date) -> bool:
        """Whether the placement holds on a day."""
        return self.since <= day and (self.until is None or day < self.until)

    @property
    def is_empty(self) -> bool:
        """Ended on the day it began: it never held."""
        return self.until is not None and self.until <= self.since


class Placements:
    """Dated placements, read by branch and day."""

    def __init__(self, stays: Iterable[Stay]) -> None:
        self.by_branch: dict[int, list[Stay]] = defaultdict(list)
        for stay in stays:
            if not stay.is_empty:
                self.by_branch[stay.branch].append(stay)

    def stay(self, branch: int, day: date) -> Stay | None:
        """The placement of a branch on a day."""
        return next((stay for stay in self.by_branch.get(branch, ()) if stay.on(day)), None)

    def line(self, branch: int, day: date) -> list[int]:
        """The branch and its ancestors on a day; ends where a branch repeats."""
        line: list[int] = []
        node: int | None = branch
        while node is not None and node not in line:
            line.append(node)
            stay = self.stay(node, day)
            node = stay.parent if stay else None
        return line

    def days(self) -> list[date]:
        """Days on which anything changes, in order."""
        days = {stay.since for stays in self.by_branch.values() for stay in stays}
        ends = {stay.until for stays in self.by_branch.values() for stay in stays if stay.until}
        return sorted(days | ends)


def first_loop(placements: Placements, *, branch: int, parent: int, on: date) -> date | None:
    """The first day from ``on`` on which ``branch`` under ``parent`` would stand below itself."""
    for day in sorted({on, *(d for d in placements.days() if d > on)}):
        if branch in placements.line(parent, day):
            return day
    return None


def faults(stays: Iterable[Stay], living: Mapping[int, bool]) -> list[str]:
    """What is wrong with a dated tree; empty when it is valid on every day.

    Args:
        living: every branch id, and whether it still exists today.

    A living branch has exactly one open placement, a dissolved one none; placements of a branch
    neither overlap nor leave a gap; a parent is itself placed; no branch is its own ancestor.
    """
    placements = Placements(stays)
    found = []
    for branch, lives in living.items():
        own = sorted(placements.by_branch.get(branch, ()), key=lambda stay: stay.since)
        if not own:
            if lives:
                found.append(f"{branch}: no placement")
            continue
        if sum(stay.until is None for stay in own) != int(lives):
            found.append(f"{branch}: open placements do not agree with its life")
        for earlier, later in zip(own, own[1:], strict=False):
            if earlier.until != later.since:
                found.append(f"{branch}: {earlier.until} is followed by {later.since}")
    for day in placements.days():
        for branch in placements.by_branch:
            stay = placements.stay(branch, day)
            if stay is None or stay.parent is None:
                continue
            if placements.stay(stay.parent, day) is None:
                found.append(f"{branch}: on {day} the branch above it does not exist")
            elif branch in placements.line(stay.parent, day):
                found.append(f"{branch}: on {day} it stands below itself")
    return found


@dataclass(frozen=True, slots=True)
class SizeLimits:
    """How large a branch of each kind usually is.

    Source: 中国共产党支部工作条例（试行）第五条 (from 3 full members a branch, normally at most 50
    members; fewer than 3: a joint branch), 中国共产党国有企业基层组织工作条例（试行）第五条 (100
    and more members: a committee; 50 to 100: a general branch; exceptions with approval).
    """

    branch_least: int = 3
    branch_most: int = 50
    general_least: int = 50
    general_most: int = 100
    committee_least: int = 100


SMALL, LARGE = "small", "large"
BRANCHES = frozenset({"branch", "joint_branch", "temporary_branch"})


def size_fault(kind: str, *, full: int, people: int, limits: SizeLimits) -> str:
    """``small``, ``large`` or "" for a branch with its subtree.

    Args:
        full: full members (正式党员).
        people: full and probationary members.

    A group (党小组) has no size of its own. Small and large are looked at, never refused.
    """
    if kind in BRANCHES:
        if kind == "branch" and full < limits.branch_least:
            return SMALL
        return LARGE if people > limits.branch_most else ""
    if kind == "general_branch":
        if people < limits.general_least:
            return SMALL
        return LARGE if people > limits.general_most else ""
    if kind == "committee" and people < limits.committee_least:
        return SMALL
    return ""


# Which kinds usually stand under which; anything else is pointed out, not refused.
USUAL_PARENTS = {
    "committee": frozenset({"committee"}),
    "general_branch": frozenset({"committee"}),
    "branch": frozenset({"committee", "general_branch"}),
    "joint_branch": frozenset({"committee", "general_branch"}),
    "temporary_branch": frozenset({"committee", "general_branch"}),
    "group": BRANCHES,
}


def is_usual_place(kind: str, parent_kind: str | None) -> bool:
    """Whether a branch of a kind usually stands under one of another kind (None: at the top)."""
    if parent_kind is None:
        return kind == "committee"
    return parent_kind in USUAL_PARENTS[kind]
