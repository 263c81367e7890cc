"""A member's year: sums, months, ledger rows."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Case, CharField, QuerySet, Sum, Value, When
from django.db.models.functions import ExtractMonth, ExtractYear

from school.core import clock
from school.study.models import HourEntry, HourRule
from school.study.rules import hours
from school.study.selectors.rules import rule_on


@dataclass(frozen=True, slots=True)
class YearHours:
    """Credit of one year in hundredths of 学时.

    ``online`` and ``offline`` are exact; ``total`` is their sum in whole steps of the rule,
    downward (the step is applied once, to the sum).
    """

    year: int
    online: int = 0
    offline: int = 0
    step: int = 1

    @property
    def exact(self) -> int:
        """Online and offline together, before the step."""
        return self.online + self.offline

    @property
    def total(self) -> int:
        """已获: the sum in whole steps."""
        return hours.stepped(self.exact, self.step)


@dataclass(frozen=True, slots=True)
class MonthHours:
    """One month's credit in hundredths of 学时."""

    month: int
    online: int
    offline: int


def _side():
    return Case(
        When(source__in=HourEntry.OFFLINE, then=Value("offline")),
        default=Value("online"),
        output_field=CharField(),
    )


def month_counted() -> Case:
    """The month of its year a line stands in: that of study, or the nearest of another year.

    What was studied in December and counts for the next year stands in January, not in a
    December to come.
    """
    return Case(
        When(counts_for_year__gt=ExtractYear("studied_on"), then=Value(1)),
        When(counts_for_year__lt=ExtractYear("studied_on"), then=Value(12)),
        default=ExtractMonth("studied_on"),
    )


def rule_of_year(year: int) -> HourRule | None:
    """The rule a year's sum is stepped by: today's, or the one at the end of a past year."""
    return rule_on(min(clock.today(), date(year, 12, 31)))


def hours_of_year(member_id: int, year: int, until: date | None = None) -> YearHours:
    """Sums of a member's year, of study up to a day if one is given. Two queries."""
    rows = (
        _up_to(HourEntry.objects.filter(member_id=member_id, counts_for_year=year), until)
        .order_by()
        .values_list(_side())
        .annotate(total=Sum("credit"))
    )
    rule = rule_on(until) if until else rule_of_year(year)
    return YearHours(year, **dict(rows), step=rule.step if rule else 1)


def months_of_year(member_id: int, year: int) -> list[MonthHours]:
    """Twelve months, January first; entries of another year's day count in its nearest month."""
    rows = (
        HourEntry.objects.filter(member_id=member_id, counts_for_year=year)
        .order_by()
        .values_list(month_counted(), _side())
        .annotate(total=Sum("credit"))
    )
    sums: dict[tuple[int, str], int] = {}
    for month, side, total in rows:
        sums[month, side] = sums.get((month, side), 0) + total
    return [
        MonthHours(month, sums.get((month, "online"), 0), sums.get((month, "offline"), 0))
        for month in range(1, 13)
    ]


def summed(year: int, months: list[MonthHours]) -> YearHours:
    """A year's sums from its months, so that a page shows one reading of both. One query."""
    rule = rule_of_year(year)
    return YearHours(
        year,
        online=sum(month.online for month in months),
        offline=sum(month.offline for month in months),
        step=rule.step if rule else 1,
    )


def _up_to(rows: QuerySet[HourEntry], until: date | None) -> QuerySet[HourEntry]:
    return rows.filter(studied_on__lte=until) if until else rows


def entries_of_year(member_id: int, year: int, until: date | None = None) -> QuerySet[HourEntry]:
    """Ledger rows of a member's year, newest study first, with item, rule and reversal.

    Args:
        until: only study up to this day, as a board of that day counts it.
    """
    return (
        _up_to(HourEntry.objects.filter(member_id=member_id, counts_for_year=year), until)
        .select_related("item", "rule", "reverses", "reversed_by")
        .order_by("-studied_on", "-pk")
    )


def years_of(member_id: int) -> list[int]:
    """Years a member has entries in, and this one; newest first."""
    known = (
        HourEntry.objects.filter(member_id=member_id)
        .order_by()
        .values_list("counts_for_year", flat=True)
        .distinct()
    )
    return sorted({*known, clock.today().year}, reverse=True)
