"""Who a plan reaches: the preview before publishing."""

from dataclasses import dataclass

from django.db.models import Count, Q

from school.core import clock
from school.members.models import Membership
from school.members.selectors.audiences import audience_members
from school.members.selectors.people import counted
from school.plans.models import StudyPlan


@dataclass(frozen=True)
class BranchShare:
    """How many of a branch a plan asks."""

    branch: str
    members: int


@dataclass(frozen=True)
class Preview:
    """Who a plan asks on its first day (today, if it has begun), and what of them."""

    members: int
    required: int
    optional: int
    branches: list[BranchShare]


def preview(plan: StudyPlan) -> Preview:
    """Who gets what. Three queries."""
    day = max(plan.starts_on, clock.today())
    asked = counted(audience_members(plan.audience, day), day)
    homes = Membership.objects.on(day).filter(
        kind=Membership.Kind.HOME, member_id__in=asked.values("pk")
    )
    rows = (
        homes.order_by("branch__path")
        .values_list("branch__short_name")
        .annotate(members=Count("member"))
    )
    branches = [BranchShare(name, members) for name, members in rows]
    items = plan.items.filter(withdrawn_on=None).aggregate(
        compulsory=Count("pk", filter=Q(required=True)),
        elective=Count("pk", filter=Q(required=False)),
    )
    return Preview(
        sum(b.members for b in branches), items["compulsory"], items["elective"], branches
    )
