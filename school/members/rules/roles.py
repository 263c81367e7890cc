"""Pure rules on roles: what each reaches, who may lend which, which three are kept apart.

Roles and their separation after GB/T 22239-2019 (level 3: administrators for system, security and
audit are three people) and the customer's table of roles.
"""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from school.members.models.role import RoleGrant

Role = RoleGrant.Role

# Roles whose grant on a branch opens the boards of its subtree.
OVERSEEING = frozenset(
    {Role.GROUP_LEADER, Role.SECRETARY, Role.COMMITTEE_ADMIN, Role.SCHOOL_ADMIN, Role.AUDITOR}
)
# Roles that may also change things there: register a group study, file the month, issue codes.
WRITING = frozenset({Role.SECRETARY, Role.COMMITTEE_ADMIN, Role.SCHOOL_ADMIN})
# Roles that keep the tree and the accounts themselves.
MANAGING = frozenset({Role.COMMITTEE_ADMIN, Role.SYSTEM_ADMIN})

# Kept apart: nobody holds two of them on one day.
ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR})
# Roles that make sense for one section of the library; all others go with a branch.
ON_SECTIONS = frozenset({Role.INSTRUCTOR, Role.REVIEWER})

# Who may appoint whom within the subtree of the own grant. Nobody appoints himself.
APPOINTS: dict[str, frozenset[str]] = {
    Role.SECURITY_ADMIN: frozenset(Role),
    Role.COMMITTEE_ADMIN: frozenset({Role.GROUP_LEADER, Role.SECRETARY, Role.INSTRUCTOR}),
}
# Who may read the list of grants within the subtree of the own grant.
SEES_GRANTS = frozenset(APPOINTS) | {Role.AUDITOR}


class Held(NamedTuple):
    """A role held from a day on, until the day before ``until`` (None: without an end)."""

    role: str
    since: date
    until: date | None


def holds_on(held: Held, day: date) -> bool:
    """Whether a dated role is in force on a day."""
    return held.since <= day and (held.until is None or day < held.until)


def overlap(one: Held, other: Held) -> bool:
    """Whether two dated roles share a day. A role that ends on its first day has none."""
    start = max(one.since, other.since)
    return holds_on(one, start) and holds_on(other, start)


def kept_apart_from(wanted: Held, held: Iterable[Held]) -> str | None:
    """The other administrator's role that forbids the wanted one, or None."""
    if wanted.role not in ADMINISTRATORS:
        return None
    for other in held:
        if other.role in ADMINISTRATORS and other.role != wanted.role and overlap(wanted, other):
            return other.role
    return None
