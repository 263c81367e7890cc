"""Who sets yearly targets, and who decides on 免学."""

from django.conf import settings
from django.db.models import Q, QuerySet

from school.members.models import Branch, Member, RoleGrant
from school.members.permissions import Scope, scope_for
from school.plans.models import ExemptionRequest

Role = RoleGrant.Role
# Who may approve 免学: those who act for a branch above the member's, 教务, or either.
ABOVE, SCHOOL, EITHER = "above", "school", "either"


def may_set_targets(member: Member) -> bool:
    """Whether a member writes yearly requirements: they hold for the whole school, so he does."""
    return scope_for(member).has_everywhere(Role.SCHOOL_ADMIN)


def may_read_targets(member: Member) -> bool:
    """Whether a member may look at yearly requirements in the admin."""
    scope = scope_for(member)
    return may_set_targets(member) or scope.has_everywhere(Role.AUDITOR)


def may_decide_exemption(member: Member, asked: ExemptionRequest) -> bool:
    """Whether a member may decide on a request: never who asks, never who gains.

    The member's own branch does not decide either: a grant on a branch above it is needed, or the
    role of 教务 reaching it (``SCHOOL_EXEMPTION_APPROVAL``).
    """
    if member.pk in (asked.asked_by_id, asked.member_id):
        return False
    scope = scope_for(member)
    return scope.is_superuser or any(
        asked.branch.path.startswith(path) and (not strictly or path != asked.branch.path)
        for path, strictly in _deciding(scope)
    )


def _deciding(scope: Scope) -> list[tuple[str, bool]]:
    """(path, whether only branches below it) of the grants that decide."""
    way = settings.SCHOOL_EXEMPTION_APPROVAL
    found = []
    for grant in scope.grants:
        if grant.branch is None:
            continue
        if grant.role == Role.SCHOOL_ADMIN and way in (SCHOOL, EITHER):
            found.append((grant.branch.path, False))
        elif grant.role in (Role.SECRETARY, Role.COMMITTEE_ADMIN) and way in (ABOVE, EITHER):
            found.append((grant.branch.path, True))
    return found


def decidable(member: Member) -> QuerySet[ExemptionRequest]:
    """Open requests a member may decide on; agrees with ``may_decide_exemption``."""
    rows = ExemptionRequest.objects.filter(state=ExemptionRequest.State.OPEN).exclude(
        Q(asked_by=member) | Q(member=member)
    )
    scope = scope_for(member)
    if scope.is_superuser:
        return rows
    reached = Q(pk__in=())
    for path, strictly in _deciding(scope):
        below = Q(branch__path__startswith=path)
        reached |= below & ~Q(branch__path=path) if strictly else below
    return rows.filter(reached)


def seen_requests(member: Member) -> QuerySet[ExemptionRequest]:
    """Requests for members whose branch a member oversees."""
    scope = scope_for(member)
    rows = ExemptionRequest.objects.all()
    if scope.is_superuser:
        return rows
    return rows.filter(branch__in=scope.branches.order_by().values("pk"))


def may_ask_exemption(member: Member, home: Branch | None) -> bool:
    """Whether a member may ask that somebody at home in a branch be let off."""
    return home is not None and scope_for(member).may_write(home)
