"""Reads of the roster pages: own imports and exports, what waits for an answer, limits by role."""

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from school.core.errors import NotFound
from school.members.models import Branch, Member, RoleGrant, RosterExport, RosterImport
from school.members.permissions import scope_for

Role = RoleGrant.Role
LISTED = 20


def own_imports(member: Member, branch: Branch) -> QuerySet[RosterImport]:
    """The latest imports of a member into a branch."""
    return RosterImport.objects.filter(created_by=member, branch=branch).select_related("job")[
        :LISTED
    ]


def own_import_or_404(member: Member, branch: Branch, pk: int) -> RosterImport:
    """An import of one's own; those of others hold personal numbers and do not exist here.

    Raises:
        NotFound: none such.
    """
    rows = RosterImport.objects.filter(created_by=member, branch=branch)
    found = rows.select_related("branch", "job").filter(pk=pk).first()
    if found is None:
        raise NotFound(_("没有找到这份花名册。"))
    return found


def own_exports(member: Member, branch: Branch) -> QuerySet[RosterExport]:
    """The latest exports of a member of a branch."""
    rows = RosterExport.objects.filter(created_by=member, branch=branch)
    return rows.select_related("job", "answered_by")[:LISTED]


def own_export_or_404(member: Member, branch: Branch, pk: int) -> RosterExport:
    """An export of one's own.

    Raises:
        NotFound: none such.
    """
    rows = RosterExport.objects.filter(created_by=member, branch=branch)
    found = rows.select_related("branch").filter(pk=pk).first()
    if found is None:
        raise NotFound(_("没有找到这份导出。"))
    return found


def exports_to_answer(member: Member) -> QuerySet[RosterExport]:
    """Exports with full numbers that wait for this member's answer; others' only."""
    reached = _governed(member)
    waiting = RosterExport.objects.filter(state=RosterExport.State.WAITING, branch__in=reached)
    return waiting.exclude(created_by=member).select_related("branch", "created_by")


def export_to_answer_or_404(member: Member, pk: int) -> RosterExport:
    """An export this member may answer, whatever its state by now.

    Raises:
        NotFound: none such, or a foreign one.
    """
    rows = RosterExport.objects.filter(branch__in=_governed(member)).exclude(created_by=member)
    found = rows.filter(pk=pk, full_numbers=True).select_related("branch", "created_by").first()
    if found is None:
        raise NotFound(_("没有找到这项申请。"))
    return found


def may_answer_export(member: Member, export: RosterExport) -> bool:
    """Whether a member may agree to full numbers: another person, a committee admin above."""
    return member.pk != export.created_by_id and scope_for(member).has(
        Role.COMMITTEE_ADMIN, export.branch
    )


def answers_exports(member: Member) -> bool:
    """Whether there is an inbox of exports at all."""
    scope = scope_for(member)
    return scope.is_superuser or Role.COMMITTEE_ADMIN in scope.roles


def _governed(member: Member) -> QuerySet[Branch]:
    """Branches a member reaches as committee administrator."""
    scope = scope_for(member)
    if scope.is_superuser:
        return Branch.objects.all()
    reached = Branch.objects.none()
    for grant in scope.grants:
        if grant.role == Role.COMMITTEE_ADMIN and grant.branch:
            reached |= Branch.objects.filter(path__startswith=grant.branch.path)
    return reached


def export_row_limit(member: Member, branch: Branch) -> int:
    """How many rows a member may take out of a branch: the largest of the roles that reach it."""
    scope = scope_for(member)
    limits = settings.ROSTER_EXPORT_ROWS
    if scope.is_superuser:
        return max(limits.values())
    return max((rows for role, rows in limits.items() if scope.has(role, branch)), default=0)
