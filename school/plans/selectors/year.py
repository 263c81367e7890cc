"""A member's year: the nearest unmet target, and what does not count for it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from school.core import clock
from school.plans.models import AnnualTarget, Exemption
from school.study.models import HourEntry, YearClose


@dataclass(frozen=True)
class TargetResult:
    """One target of a year, in hundredths of 学时. ``outside``: credit it does not count."""

    year: int
    name: str
    due: int
    got: int
    outside: int = 0
    basis: str = ""

    @property
    def gap(self) -> int:
        """What is still missing, never below 0."""
        return max(0, self.due - self.got)

    @property
    def met(self) -> bool:
        """已达标."""
        return self.got >= self.due


@dataclass(frozen=True)
class YearProgress(TargetResult):
    """The target to show, how many there are, and last year's while that year is open."""

    targets: tuple[TargetResult, ...] = ()
    last_year: TargetResult | None = None


def year_progress(member_id: int, year: int) -> YearProgress | None:
    """What a member owes in a year; None when nothing is asked (or all is 免学)."""
    day = clock.today()
    shut = YearClose.objects.filter(year=OuterRef("year"))
    asked = _targets([member_id], [year - 1, year], day).filter(Q(year=year) | ~Exists(shut))
    results = _results(list(asked), [member_id], day)
    mine = results.get((member_id, year), [])
    if not mine:
        return None
    shown = nearest(mine)
    before = results.get((member_id, year - 1), [])
    return YearProgress(
        year=year,
        name=shown.name,
        due=shown.due,
        got=shown.got,
        outside=shown.outside,
        basis=shown.basis,
        targets=tuple(mine),
        last_year=nearest(before) if before else None,
    )


def nearest(results: list[TargetResult]) -> TargetResult:
    """The unmet target with the smallest gap; the largest one when all are met."""
    unmet = [each for each in results if not each.met]
    return min(unmet, key=lambda t: t.gap) if unmet else max(results, key=lambda t: t.due)


def _results(
    targets: list[AnnualTarget], member_ids: list[int], day: date
) -> dict[tuple[int, int], list[TargetResult]]:
    if not targets:
        return {}
    credit: dict[tuple[int, int], dict[str, int]] = defaultdict(dict)
    ledger = HourEntry.objects.filter(
        member_id__in=member_ids,
        counts_for_year__in={target.year for target in targets},
        studied_on__lte=day,
    )
    for member, year, source, total in (
        ledger.order_by()
        .values_list("member_id", "counts_for_year", "source")
        .annotate(total=Sum("credit"))
    ):
        credit[(member, year)][source] = total
    return results_of(targets, credit)


def targets_of(member_ids: list[int], years: list[int], day: date) -> list[AnnualTarget]:
    """Targets of some members and years that are not 免学 on a day. One query."""
    return list(_targets(member_ids, years, day))


def _targets(member_ids: list[int], years: list[int], day: date) -> QuerySet[AnnualTarget]:
    let_off = Exemption.objects.on(day).filter(target=OuterRef("pk"))
    return AnnualTarget.objects.filter(~Exists(let_off), member_id__in=member_ids, year__in=years)


def results_of(
    targets: list[AnnualTarget], credit: Mapping[tuple[int, int], dict[str, int]]
) -> dict[tuple[int, int], list[TargetResult]]:
    """Targets held against credit by (member, year) and source."""
    results: dict[tuple[int, int], list[TargetResult]] = defaultdict(list)
    for target in targets:
        by_source = credit.get((target.member_id, target.year), {})
        got = sum(c for s, c in by_source.items() if not target.sources or s in target.sources)
        results[(target.member_id, target.year)].append(
            TargetResult(
                year=target.year,
                name=target.name,
                due=target.credit,
                got=got,
                outside=sum(by_source.values()) - got,
                basis=target.basis,
            )
        )
    return results
