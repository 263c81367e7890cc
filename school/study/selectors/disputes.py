"""学时申诉 as screens need them: who has one, who may act, what the evidence of that day says."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.utils.translation import gettext as _

from school.core import clock
from school.members.models import Branch, Member, RoleGrant
from school.members.permissions import WRITING, scope_for
from school.members.selectors.directory import subtree_q
from school.study.models import (
    Coverage,
    Dispute,
    HourEntry,
    LateStudy,
    StudyItem,
    StudySession,
)
from school.study.selectors.officers import nearest_officers

Role, State = RoleGrant.Role, Dispute.State


def disputes_of(member: Member) -> QuerySet[Dispute]:
    """A member's own, newest first."""
    return member.disputes.select_related("entry", "item", "holder")


def open_of_year(year: int) -> QuerySet[Dispute]:
    """All that is being looked into and touches a year of the ledger."""
    of_year = Q(entry__counts_for_year=year) | Q(entry=None, studied_on__year=year)
    return Dispute.objects.filter(of_year, state__in=Dispute.OPEN)


def open_disputes_in(member_id: int, year: int) -> QuerySet[Dispute]:
    """What of a member's year is being looked into (核实中)."""
    return open_of_year(year).filter(member_id=member_id).select_related("entry", "item", "holder")


def in_dispute(member_ids: list[int]) -> set[int]:
    """Those of some members whose hours are being looked into. One query."""
    rows = Dispute.objects.filter(member_id__in=member_ids, state__in=Dispute.OPEN)
    return set(rows.values_list("member_id", flat=True))


def disputing_members() -> QuerySet:
    """Ids of all members with an open dispute: their evidence stays until it is settled."""
    return Dispute.objects.filter(state__in=Dispute.OPEN).order_by().values("member_id")


def cases_below(node: Branch) -> QuerySet[Dispute]:
    """Disputes held at a node or below, or of its members; open ones first, oldest due first."""
    held = subtree_q(node, "holder__path") | subtree_q(node, "branch__path")
    rows = Dispute.objects.filter(held).select_related("member", "entry", "item", "holder")
    return rows.order_by("closed_at", "due_on", "-pk")


def waiting_count(member: Member, node: Branch) -> int:
    """How many disputes below a node wait for this member. One query."""
    scope = scope_for(member)
    decides = scope.has(Role.SCHOOL_ADMIN, node)
    step = Q(pk__in=())
    if scope.may_write(node):
        step |= Q(state=State.SUBMITTED) & subtree_q(node, "holder__path")
    if decides:
        step |= Q(state=State.VERIFIED) & subtree_q(node, "branch__path")
    return Dispute.objects.filter(step).exclude(member=member).count()


def disputable_items(member: Member) -> QuerySet[StudyItem]:
    """What a member has begun to study, the newest first."""
    begun = Coverage.objects.filter(member=member, revision__item=OuterRef("pk"))
    last = begun.order_by("-updated_at").values("updated_at")[:1]
    rows = StudyItem.objects.annotate(last=Subquery(last))
    return rows.filter(last__isnull=False).order_by("-last")


def may_verify(member: Member, dispute: Dispute) -> bool:
    """Whether a member may write down what the branch found."""
    return (
        dispute.state == State.SUBMITTED
        and dispute.member_id != member.pk
        and scope_for(member).may_write(dispute.holder)
    )


def may_decide(member: Member, dispute: Dispute) -> bool:
    """Whether a member may decide: 教务 for that branch; once raised, also who leads above it."""
    if dispute.state != State.VERIFIED or dispute.member_id == member.pk:
        return False
    scope = scope_for(member)
    if scope.has(Role.SCHOOL_ADMIN, dispute.branch):
        return True
    return bool(dispute.raised) and scope.has(Role.COMMITTEE_ADMIN, dispute.holder)


def missing_source(dispute: Dispute) -> str:
    """What hours that are missing most likely are: by what was studied, else entered by hand."""
    if dispute.item is None:
        return HourEntry.Source.MANUAL
    quiz = dispute.item.kind == StudyItem.Kind.QUIZ
    return HourEntry.Source.QUIZ if quiz else HourEntry.Source.ONLINE


def acting_on(dispute: Dispute) -> list[int]:
    """Ids of who has to act now: the nearest above with the role the step asks for."""
    roles = WRITING if dispute.state == State.SUBMITTED else {Role.SCHOOL_ADMIN}
    if dispute.state == State.VERIFIED and dispute.raised:
        roles = {Role.SCHOOL_ADMIN, Role.COMMITTEE_ADMIN}
    return nearest_officers(dispute.holder, roles, dispute.member)


def who_has_it(dispute: Dispute) -> str:
    """Who has a dispute and until when, in words for its member."""
    if not dispute.is_open:
        return dispute.get_state_display()
    words = {
        State.SUBMITTED: _("由%(branch)s核实，%(day)s 前办理"),
        State.VERIFIED: _("由教务裁定，%(day)s 前办理"),
    }[State(dispute.state)]
    if dispute.state == State.VERIFIED and dispute.raised:
        words = _("裁定已逾期，转%(branch)s督办，%(day)s 前办理")
    return words % {"branch": dispute.holder.short_name, "day": dispute.due_on}


@dataclass(frozen=True)
class Visit:
    """One visit of a page: when it was, and how much study of it counted."""

    title: str
    opened_at: datetime
    last_report_at: datetime | None
    studied_ms: int

    @property
    def seconds(self) -> int:
        """Study time that counted."""
        return self.studied_ms // 1000


def evidence_around(dispute: Dispute | LateStudy) -> list[Visit]:
    """The member's visits on the day a matter is about, and the days beside it. One query."""
    first, last = dispute.studied_on - timedelta(days=1), dispute.studied_on + timedelta(days=1)
    rows = StudySession.objects.filter(
        member_id=dispute.member_id,
        opened_at__gte=_midnight(first),
        opened_at__lt=_midnight(last + timedelta(days=1)),
    )
    if dispute.item_id:
        rows = rows.filter(revision__item=dispute.item_id)
    rows = rows.select_related("revision__item").order_by("opened_at")
    counted = rows.annotate(counted=Sum("reports__studied_ms"))[:100]
    return [
        Visit(
            title=row.revision.item.title,
            opened_at=row.opened_at,
            last_report_at=row.last_report_at,
            studied_ms=row.counted or 0,
        )
        for row in counted
    ]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=clock.LOCAL)
