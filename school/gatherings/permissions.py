"""Who may look at a gathering, enter it, and say yes to it."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from school.core.errors import NotAllowed, NotFound
from school.gatherings.models import Attendance, Gathering
from school.members.models import Member
from school.members.permissions import Scope, scope_for


def visible(scope: Scope) -> QuerySet[Gathering]:
    """Gatherings of the branches somebody oversees."""
    return Gathering.objects.filter(branch__in=scope.branches.order_by().values("pk"))


def gathering_or_404(member: Member, pk: int, *, write: bool = False) -> Gathering:
    """A gathering in scope.

    Raises:
        NotFound: there is none, or it is of a foreign branch.
        NotAllowed: it may be looked at only.
    """
    scope = scope_for(member)
    found = visible(scope).select_related("branch", "created_by", "entered_by", "approved_by")
    gathering = found.filter(pk=pk).first()
    if gathering is None:
        raise NotFound(_("没有找到这次集体学习，或不在管理范围内。"))
    if write:
        scope.writable_branch_or_404(gathering.branch_id)
    return gathering


def own_attendance_or_404(member: Member, gathering_id: int) -> Attendance:
    """The own row in a gathering's list of the expected.

    Raises:
        NotFound: there is no such gathering, or one is not expected there.
    """
    held = Gathering.objects.filter(pk=gathering_id).exclude(state=Gathering.State.CANCELLED)
    rows = Attendance.objects.filter(gathering__in=held, member=member)
    row = rows.select_related("gathering__branch").first()
    if row is None:
        raise NotFound(_("没有找到这次集体学习，或不在应到名单里，请找组织者添加。"))
    return row


def approves_for(scope: Scope, gathering: Gathering) -> bool:
    """Whether somebody acts for the branch above; at the top of the tree, for the branch itself."""
    above = gathering.branch.get_parent() or gathering.branch
    return scope.may_write(above)


def why_not_approve(member: Member, gathering: Gathering) -> str:
    """Why a member may not answer for a gathering; "" when he may.

    Whoever entered it or gains by it never approves it.
    """
    if not approves_for(scope_for(member), gathering):
        return _("须由上级党组织审核。")
    if member.pk in {gathering.created_by_id, gathering.entered_by_id}:
        return _("登记人不能审核自己登记的集体学习，须由上级的其他人审核。")
    present = Attendance.State.PRESENT
    if gathering.attendances.filter(member=member, state=present).exists():
        return _("本人参加了这次学习，须由上级的其他人审核。")
    return ""


def check_may_approve(member: Member, gathering: Gathering) -> None:
    """Refuse whoever may not answer for a gathering.

    Raises:
        NotAllowed: with the reason.
    """
    if reason := why_not_approve(member, gathering):
        raise NotAllowed(reason)


def why_not_confirm(member: Member, gathering: Gathering, attendance: Attendance) -> str:
    """Why a member may not answer for what an organiser entered for himself; "" when he may."""
    if member.pk == attendance.member_id:
        return _("本人的学时由上级党组织核定，核定后计入。")
    if not approves_for(scope_for(member), gathering):
        return _("登记人本人的学时由上级党组织核定。")
    if member.pk in {gathering.created_by_id, gathering.entered_by_id}:
        return _("登记人不能核定这次学习的学时，须由上级的其他人核定。")
    return ""


def check_may_confirm(member: Member, gathering: Gathering, attendance: Attendance) -> None:
    """Refuse whoever may not answer for it.

    Raises:
        NotAllowed: with the reason.
    """
    if reason := why_not_confirm(member, gathering, attendance):
        raise NotAllowed(reason)
