"""免学: requests by tab, and what a member may be let off from."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from school.core import clock
from school.core.wording import hours
from school.members.models import Member
from school.plans.models import AnnualTarget, Exemption, ExemptionRequest, StudyPlan
from school.plans.permissions import decidable, seen_requests

MINE, OPEN, RUNNING, ALL = "mine", "open", "running", "all"
TABS = {
    MINE: gettext_lazy("待我批准"),
    OPEN: gettext_lazy("待批准"),
    RUNNING: gettext_lazy("免学中"),
    ALL: gettext_lazy("全部"),
}


def requests_of(member: Member, tab: str) -> QuerySet[ExemptionRequest]:
    """Requests a person sees under a tab, newest first."""
    rows = decidable(member) if tab == MINE else seen_requests(member).filter(_tab(tab))
    return rows.select_related(
        "member", "branch", "plan", "target", "asked_by", "decided_by", "exemption"
    ).order_by("-pk")


def _tab(tab: str) -> Q:
    today = clock.today()
    return {
        OPEN: Q(state=ExemptionRequest.State.OPEN),
        RUNNING: Q(exemption__isnull=False)
        & (Q(exemption__until=None) | Q(exemption__until__gt=today)),
        ALL: Q(),
    }[tab]


def tab_counts(member: Member) -> dict[str, int]:
    """How many requests stand under each tab. Two queries."""
    counts = seen_requests(member).aggregate(
        **{tab: Count("pk", filter=_tab(tab)) for tab in (OPEN, RUNNING)},
        all=Count("pk"),
    )
    return {MINE: decidable(member).count(), **counts}


def open_count(member: Member) -> int:
    """How many requests wait for a person's decision."""
    return decidable(member).count()


@dataclass(frozen=True)
class Let:
    """One exemption of a member; ``running``: it holds or will."""

    row: Exemption
    name: str
    running: bool


@dataclass(frozen=True)
class MemberExemptions:
    """What a member is let off from, and what is asked for."""

    let: list[Let]
    asked: list[ExemptionRequest]


def of_member(member: Member, things: Iterable[StudyPlan | AnnualTarget]) -> MemberExemptions:
    """Exemptions and open requests of a member for some plans and targets. Two queries."""
    things = list(things)
    wanted = Q(plan__in=[each.pk for each in things if isinstance(each, StudyPlan)]) | Q(
        target__in=[each.pk for each in things if isinstance(each, AnnualTarget)]
    )
    today = clock.today()
    rows = Exemption.objects.filter(wanted, member=member)
    asked = ExemptionRequest.objects.filter(wanted, member=member).exclude(
        state=ExemptionRequest.State.APPROVED
    )
    return MemberExemptions(
        let=[
            Let(row, name_of(row.plan or row.target), row.until is None or row.until > today)
            for row in rows.select_related("approver", "plan", "target")
        ],
        asked=list(asked.select_related("plan", "target", "asked_by", "decided_by")[:10]),
    )


def targets_to_ask(member: Member) -> dict[str, AnnualTarget]:
    """Targets of this year and the last that a member may be let off from, by their key."""
    year = clock.today().year
    rows = AnnualTarget.objects.in_force().filter(member=member, year__in=(year - 1, year))
    return {f"target-{row.pk}": row for row in rows.order_by("-year", "name")}


def name_of(thing: StudyPlan | AnnualTarget) -> str:
    """A plan by its title, a target by year, name and hours."""
    if isinstance(thing, StudyPlan):
        return thing.title
    return _("%(year)s 年 %(name)s（应修 %(hours)s 学时）") % {
        "year": thing.year,
        "name": thing.name,
        "hours": hours(thing.credit),
    }
