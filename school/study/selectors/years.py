"""The years of the ledger: which are open, what stands in the way of closing one."""

from dataclasses import dataclass, field
from datetime import date

from django.conf import settings
from django.db.models import Case, Count, Max, Min, QuerySet, Sum, When
from django.urls import reverse
from django.utils.translation import gettext as _

from school.core import clock
from school.members.models import Member
from school.study import registry
from school.study.models import HourEntry, LateArrival, YearClose
from school.study.permissions import ledger_of
from school.study.registry import OpenMatter, PendingRow


@dataclass(frozen=True)
class Year:
    """One year in the list. ``members`` with credit, and credit in hundredths of 学时."""

    year: int
    closes_after: date
    closed: YearClose | None = None
    members: int = 0
    credit: int = 0
    waiting: int = 0
    may_close: bool = False


@dataclass(frozen=True)
class Closing:
    """What one reads before a year is closed."""

    year: Year
    matters: list[OpenMatter] = field(default_factory=list)
    last_recorded: object = None

    @property
    def open_count(self) -> int:
        """How many matters are open in all."""
        return sum(matter.count for matter in self.matters)


def closing_day(year: int) -> date:
    """The last local day on which a year's hours may still change."""
    month, day = settings.STUDY_YEAR_CLOSES
    return date(year + 1, month, day)


def oldest_open_year() -> int | None:
    """The oldest past year that has entries and is not closed; None without one."""
    closed = YearClose.objects.values("year")
    rows = HourEntry.objects.filter(counts_for_year__lt=clock.today().year)
    return rows.exclude(counts_for_year__in=closed).aggregate(oldest=Min("counts_for_year"))[
        "oldest"
    ]


def years_list() -> list[Year]:
    """All years with entries, newest first. Three queries."""
    sums = (
        HourEntry.objects.order_by()
        .values("counts_for_year")
        .annotate(credit=Sum("credit"), members=Count("member", distinct=True))
    )
    closed = {each.year: each for each in YearClose.objects.select_related("closed_by")}
    waiting: dict[int, int] = dict(
        LateArrival.objects.filter(state=LateArrival.State.WAITING)
        .order_by()
        .values_list("year")
        .annotate(Count("pk"))
    )
    by_year: dict[int, dict[str, int]] = {row["counts_for_year"]: row for row in sums}
    today = clock.today()
    return [
        Year(
            year=year,
            closes_after=closing_day(year),
            closed=closed.get(year),
            members=by_year.get(year, {}).get("members", 0),
            credit=by_year.get(year, {}).get("credit", 0),
            waiting=waiting.get(year, 0),
            may_close=year not in closed and today > closing_day(year),
        )
        for year in sorted({*by_year, *closed, today.year}, reverse=True)
    ]


def closing(year: int) -> Closing | None:
    """What is known and what is still open of a year; None for one without entries."""
    found = next((each for each in years_list() if each.year == year), None)
    if found is None:
        return None
    last = HourEntry.objects.filter(counts_for_year=year).aggregate(last=Max("recorded_at"))
    return Closing(found, registry.open_matters(year), last["last"])


def late_arrivals(member: Member) -> QuerySet[LateArrival]:
    """Late arrivals within a member's reach, waiting ones first."""
    return (
        LateArrival.objects.filter(entry__in=ledger_of(member))
        .select_related("entry__member", "entry__item", "decided_by", "booked")
        .order_by(Case(When(state=LateArrival.State.WAITING, then=0), default=1), "-pk")
    )


def late_rows(member_id: int, year: int) -> list[PendingRow]:
    """A member's late arrivals of a closed year: waiting, or refused with the reason. One query."""
    rows = LateArrival.objects.filter(year=year, entry__member_id=member_id).exclude(
        state=LateArrival.State.BOOKED
    )
    return [
        PendingRow(
            title=late.entry.title,
            studied_on=late.entry.studied_on,
            state=late.get_state_display(),
            note=late.reason or _("年度封账后到达，由教务处理"),
            seconds=late.entry.seconds,
            credit=late.award,
        )
        for late in rows.select_related("entry")
    ]


def held_by_arrivals() -> QuerySet:
    """Ids of all members with hours that came after the closing: the evidence stays until then."""
    waiting = LateArrival.objects.filter(state=LateArrival.State.WAITING)
    return waiting.order_by().values("entry__member_id")


def waiting_arrivals(year: int) -> OpenMatter:
    """Late arrivals of earlier years that would have to be booked into this one."""
    waiting = LateArrival.objects.filter(year__lt=year, state=LateArrival.State.WAITING)
    return OpenMatter(_("待处理的迟到学时"), waiting.count(), reverse("late_arrivals:index"))
