"""The worked-out change of the tree: what it does from a day on, and what identifies it."""

import hashlib
from dataclasses import dataclass, field
from datetime import date

from school.members.models import (
    Branch,
    BranchPlacement,
    Membership,
    PostHolding,
    RoleGrant,
    Section,
    Transfer,
)

CREATED, EDITED, MOVED = "created", "edited", "moved"
MERGED, SPLIT, DISSOLVED = "merged", "split", "dissolved"
EDITABLE = ("code", "name", "short_name", "kind")


@dataclass(frozen=True)
class Placing:
    """A branch that changes its place; ``new`` None: it ends."""

    branch: Branch
    stay: BranchPlacement
    new: Branch | None

    @property
    def old(self) -> Branch | None:
        """The branch above so far."""
        return self.stay.parent


@dataclass(frozen=True)
class TreeChange:
    """All that a change does from a day on.

    Args:
        branch: what it is about; for a split the branch that is divided.
        target: the new parent (move, create, split) or the branch that takes it in (merge).
        values: the new branch of a split or a creation; the new values of an edit.
        homes: home memberships that go to ``target`` (merge) or to the new branch (split).
        attached: attached memberships that end; those of ``carried`` start again at the target.
        gains, loses: grants that begin or cease to reach what moves.
    """

    kind: str
    branch: Branch | None
    on: date
    target: Branch | None = None
    values: dict = field(default_factory=dict)
    placings: tuple[Placing, ...] = ()
    homes: tuple[Membership, ...] = ()
    attached: tuple[Membership, ...] = ()
    carried: tuple[Membership, ...] = ()
    posts: tuple[PostHolding, ...] = ()
    grants: tuple[RoleGrant, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    sections: tuple[Section, ...] = ()
    gains: tuple[RoleGrant, ...] = ()
    loses: tuple[RoleGrant, ...] = ()
    below: int = 0
    people_below: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Changes when anything that was shown does: a preview is confirmed only as it was."""
        rows = [
            [self.kind, self.branch and self.branch.pk, self.on, self.target and self.target.pk],
            sorted(self.values.items()),
            [(each.branch.pk, each.stay.pk, each.new and each.new.pk) for each in self.placings],
            *(
                sorted(row.pk for row in rows)
                for rows in (
                    self.homes,
                    self.attached,
                    self.posts,
                    self.grants,
                    self.transfers,
                    self.sections,
                    self.gains,
                    self.loses,
                )
            ),
        ]
        return hashlib.sha256(repr(rows).encode()).hexdigest()[:20]
