"""逾期上传 as screens need it: what waits of a member, and the cases of who decides."""

from django.db.models import Count, Q, QuerySet

from school.members.models import Branch, Member, RoleGrant
from school.members.permissions import scope_for
from school.members.selectors.directory import subtree_q
from school.study.models import LateStudy

Role, State = RoleGrant.Role, LateStudy.State


def late_studies() -> QuerySet[LateStudy]:
    """All of them with what their screens name."""
    return LateStudy.objects.select_related(
        "member", "holder", "session__revision__item", "decided_by"
    )


def late_of_year(member_id: int, year: int) -> QuerySet[LateStudy]:
    """What of a member's year came too late and was not accepted (yet). One query."""
    mine = late_studies().filter(member_id=member_id, studied_on__year=year)
    return mine.exclude(state=State.ACCEPTED)


def late_below(node: Branch) -> QuerySet[LateStudy]:
    """Cases held at a node or below; what waits first, oldest study first."""
    held = subtree_q(node, "holder__path")
    if node.is_root():
        held |= Q(holder=None)
    return late_studies().filter(held).order_by("decided_at", "studied_on", "pk")


def late_counts(member: Member, node: Branch) -> tuple[int, int]:
    """How many cases a node and its subtree have, and how many wait for this member. One query."""
    waits = Q(state=State.WAITING) & ~Q(member=member)
    sums = late_below(node).order_by().aggregate(all=Count("pk"), mine=Count("pk", filter=waits))
    return sums["all"], sums["mine"]


def waiting_for_late() -> QuerySet:
    """Ids of all members with evidence that waits for a decision: the rest of it stays, too."""
    return LateStudy.objects.filter(state=State.WAITING).values("member_id")


def may_decide_late(member: Member, study: LateStudy) -> bool:
    """Whether a member may decide on a case: who writes for its holder, never one's own."""
    if study.member_id == member.pk or not study.is_open:
        return False
    scope = scope_for(member)
    if study.holder is None:
        return scope.has_everywhere(Role.SCHOOL_ADMIN)
    return scope.may_write(study.holder)


def may_see_late(member: Member, study: LateStudy) -> bool:
    """Whether a member may look at a case of somebody else."""
    if study.member_id == member.pk:
        return False
    scope = scope_for(member)
    if study.holder is None:
        return any(scope.has_everywhere(role) for role in (Role.SCHOOL_ADMIN, Role.AUDITOR))
    return scope.may_write(study.holder) or scope.has(Role.AUDITOR, study.holder)
