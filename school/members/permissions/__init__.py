"""Who may see and do what."""

from school.members.permissions.appointing import Appointing, appointing_for
from school.members.permissions.guards import board_required, member_required, signed_in
from school.members.permissions.scope import LENDABLE, Role, Scope, scope_for
from school.members.permissions.vouching import (
    Vouching,
    may_change_numbers,
    numbers_out_of_reach,
    vouching_for,
)
from school.members.rules.roles import MANAGING, OVERSEEING, WRITING

__all__ = [
    "LENDABLE",
    "MANAGING",
    "OVERSEEING",
    "WRITING",
    "Appointing",
    "Role",
    "Scope",
    "Vouching",
    "appointing_for",
    "board_required",
    "may_change_numbers",
    "member_required",
    "numbers_out_of_reach",
    "scope_for",
    "signed_in",
    "vouching_for",
]
