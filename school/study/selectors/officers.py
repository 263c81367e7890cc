"""Who has to deal with what a member asks for or is asked about: never the member himself."""

from collections.abc import Collection

from school.core import clock
from school.members.models import Branch, Member, RoleGrant
from school.members.permissions import scope_for


def above_own(member: Member, branch: Branch) -> Branch:
    """The lowest branch upwards where a member does not act himself; else the top."""
    own = scope_for(member)
    while own.may_write(branch) and not branch.is_root():
        branch = branch.get_parent()
    return branch


def nearest_officers(holder: Branch, roles: Collection[str], member: Member) -> list[int]:
    """Ids of the nearest at a branch or above it with one of some roles, but for a member."""
    path, steplen = holder.path, Branch.steplen
    upwards = [path[:end] for end in range(steplen, len(path) + 1, steplen)]
    grants = RoleGrant.objects.on(clock.today()).filter(
        role__in=roles, branch__path__in=upwards, member__is_active=True
    )
    found = list(grants.exclude(member=member).values_list("branch__path", "member_id"))
    closest = max((len(at) for at, _member in found), default=0)
    return sorted({each for at, each in found if len(at) == closest})
