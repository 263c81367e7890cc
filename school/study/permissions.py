"""Who may look at the ledger and set hour rules in the admin: 教务, system administrators."""

from school.members.models import Member, RoleGrant
from school.members.permissions import scope_for


def may_run_hours(member: Member) -> bool:
    """Whether a member runs the hours of the school."""
    return scope_for(member).has(RoleGrant.Role.SCHOOL_ADMIN)


def may_read_ledger(member: Member) -> bool:
    """Whether a member may read everybody's ledger lines."""
    return may_run_hours(member) or scope_for(member).has(RoleGrant.Role.AUDITOR)
