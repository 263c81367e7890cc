"""Who belongs where, by day."""

from collections.abc import Iterable
from datetime import date

from django.conf import settings
from django.db.models import Case, F, Q, QuerySet, When

from school.core import clock
from school.members.models import (
    Branch,
    CorrectionRequest,
    Member,
    Membership,
    MemberStanding,
    PostHolding,
    Transfer,
)
from school.members.selectors.tree import descendant_ids_on


def home_branch_ids(member_ids: Iterable[int], day: date | None = None) -> dict[int, int]:
    """Home branch id of each member on a day; members without one are absent. One query."""
    rows = (
        Membership.objects.on(day or clock.today())
        .filter(kind=Membership.Kind.HOME, member_id__in=list(member_ids))
        .values_list("member_id", "branch_id")
    )
    return dict(rows)


def home_branch_id(member_id: int, day: date | None = None) -> int | None:
    """Home branch id of a member on a day, or None."""
    return home_branch_ids([member_id], day).get(member_id)


def home_branch(member: Member, day: date | None = None) -> Branch | None:
    """Home branch of a member on a day, or None."""
    row = (
        Membership.objects.on(day or clock.today())
        .filter(kind=Membership.Kind.HOME, member=member)
        .select_related("branch")
        .first()
    )
    return row.branch if row else None


def members_of(
    branch: Branch, day: date | None = None, *, subtree: bool = True
) -> QuerySet[Member]:
    """Home members of a branch on a day, with the subtree as it stood that day."""
    day = day or clock.today()
    branch_ids = descendant_ids_on(branch.pk, day) if subtree else {branch.pk}
    return _in_branches(branch_ids, day, Membership.Kind.HOME)


def attached_members_of(branch: Branch, day: date | None = None) -> QuerySet[Member]:
    """Members who also take part here (双重组织生活); listed 兼, outside the figures."""
    return _in_branches({branch.pk}, day or clock.today(), Membership.Kind.ATTACHED)


def _in_branches(branch_ids: set[int], day: date, kind: str) -> QuerySet[Member]:
    rows = Membership.objects.on(day).filter(kind=kind, branch_id__in=branch_ids)
    return Member.objects.filter(pk__in=rows.values("member_id")).order_by("staff_number")


def standing_on(member: Member, day: date | None = None) -> MemberStanding | None:
    """Kind and state of a member on a day, or None when nothing is recorded."""
    return MemberStanding.objects.on(day or clock.today()).filter(member=member).first()


def counted_q(day: date) -> Q:
    """Condition on MemberStanding rows that put a member into 应学 on a day."""
    return Q(
        kind__in=settings.SCHOOL_COUNTED_KINDS,
        state__in=(
            MemberStanding.State.NORMAL,
            MemberStanding.State.FLOATING,
            MemberStanding.State.RETIRED,
        ),
    )


def counted(members: QuerySet[Member], day: date | None = None) -> QuerySet[Member]:
    """Those of a set of members who stand in 应学 on a day (settings, by dated kind and state)."""
    day = day or clock.today()
    rows = MemberStanding.objects.on(day).filter(counted_q(day))
    return members.filter(pk__in=rows.values("member_id"))


def standing_history(member: Member) -> list[MemberStanding]:
    """What the member has been, newest first; entries corrected on their own day are left out."""
    return list(_lasting(member.standings).order_by("-since", "-pk"))


def membership_history(member: Member) -> list[Membership]:
    """Home and attached branches through time, newest first."""
    rows = _lasting(member.memberships).select_related("branch")
    return list(rows.order_by("-since", "-pk"))


def post_history(member: Member) -> list[PostHolding]:
    """Posts held through time, those still held first."""
    rows = _lasting(member.posts).select_related("branch", "post")
    return list(rows.order_by(F("until").desc(nulls_first=True), "post__rank"))


def _lasting(rows):
    """Rows that held on at least one day."""
    return rows.filter(Q(until=None) | Q(until__gt=F("since")))


def open_transfer(member: Member) -> Transfer | None:
    """The transfer in which the member is on the way, or None."""
    rows = member.transfers.filter(state=Transfer.State.SENT)
    return rows.select_related("sender", "receiver").first()


def transfers_of(branches: QuerySet[Branch]) -> QuerySet[Transfer]:
    """Transfers out of or into some branches, those in transit first, then the newest."""
    rows = Transfer.objects.filter(Q(sender__in=branches) | Q(receiver__in=branches))
    in_transit = Case(When(state=Transfer.State.SENT, then=0), default=1)
    return rows.select_related("member", "sender", "receiver").order_by(in_transit, "-pk")


def awaited_count(branch: Branch) -> int:
    """How many transfers into a branch itself wait to be received."""
    return Transfer.objects.filter(receiver=branch, state=Transfer.State.SENT).count()


def corrections_of(
    branches: QuerySet[Branch], day: date | None = None
) -> QuerySet[CorrectionRequest]:
    """Requests of the home members of some branches, open ones first, then the newest."""
    homes = Membership.objects.on(day or clock.today()).filter(
        kind=Membership.Kind.HOME, branch__in=branches
    )
    open_first = Case(When(state=CorrectionRequest.State.OPEN, then=0), default=1)
    return (
        CorrectionRequest.objects.filter(member__in=homes.values("member_id"))
        .select_related("member", "answered_by")
        .order_by(open_first, "-pk")
    )


def open_correction_count(branch: Branch) -> int:
    """How many requests of a branch's own members wait for an answer."""
    rows = corrections_of(Branch.objects.filter(pk=branch.pk))
    return rows.filter(state=CorrectionRequest.State.OPEN).count()
