"""Who may look at the ledger and set hour rules in the admin: 教务 and auditors, by their reach."""

from django.db.models import QuerySet

from school.members.models import Member, RoleGrant
from school.members.permissions import scope_for
from school.members.selectors.people import home_branch
from school.study.models import HourEntry

Role = RoleGrant.Role


def may_run_hours(member: Member) -> bool:
    """Whether a member runs the hours: rules hold for the whole school, so he does too."""
    return scope_for(member).has_everywhere(Role.SCHOOL_ADMIN)


def may_read_ledger(member: Member) -> bool:
    """Whether a member may read ledger lines of others; which ones says ``ledger_of``."""
    scope = scope_for(member)
    return scope.has(Role.SCHOOL_ADMIN) or scope.has(Role.AUDITOR)


def ledger_of(member: Member) -> QuerySet[HourEntry]:
    """Ledger lines a member may read: of the people at home in his branches, or everybody's."""
    scope = scope_for(member)
    if not may_read_ledger(member):
        return HourEntry.objects.none()
    if any(scope.has_everywhere(role) for role in (Role.SCHOOL_ADMIN, Role.AUDITOR)):
        return HourEntry.objects.all()
    return HourEntry.objects.filter(member__in=scope.members().values("pk"))


def may_correct(member: Member, entry: HourEntry) -> bool:
    """Whether a member may take a line back: 教务 within reach, never the own hours."""
    scope = scope_for(member)
    if entry.member_id == member.pk or not scope.has(Role.SCHOOL_ADMIN):
        return False
    if scope.has_everywhere(Role.SCHOOL_ADMIN):
        return True
    home = home_branch(entry.member)
    return home is not None and scope.has(Role.SCHOOL_ADMIN, home)
