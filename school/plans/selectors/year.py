"""A member's year: the nearest unmet target, and what does not count for it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date

from django.db.models import BooleanField, Case, Exists, OuterRef, Q, QuerySet, Sum, When

from school.core import clock
from school.plans.models import AnnualTarget, Exemption
from school.plans.rules import Condition
from school.plans.rules.targets import Part, condition_state, is_met, met_since
from school.plans.selectors.facts import conditions_of, training_q, trainings_of
from school.study.models import HourEntry, YearClose

CreditBySource = dict[tuple[int, int], dict[str, int]]


@dataclass(frozen=True)
class ConditionResult:
    """One condition of a target on a day: ``met``, ``open`` or ``missed``; ``on``: met that day."""

    condition: Condition
    state: str
    on: date | None = None


@dataclass(frozen=True)
class TargetResult:
    """One target of a year, in hundredths of 学时. ``outside``: credit it does not count.

    ``met``: 已达标, the credit and every condition, as the boards count it.
    """

    year: int
    name: str
    due: int
    got: int
    outside: int = 0
    basis: str = ""
    met: bool = False
    rung: str = ""
    change: str = ""
    parts: tuple[Part, ...] = ()
    conditions: tuple[ConditionResult, ...] = ()
    sources: tuple[str, ...] = ()
    starts_on: date | None = None

    @property
    def gap(self) -> int:
        """What is still missing, never below 0."""
        return max(0, self.due - self.got)

    @property
    def unmet_conditions(self) -> tuple[ConditionResult, ...]:
        """What is still missing besides hours."""
        return tuple(each for each in self.conditions if each.state != "met")


@dataclass(frozen=True)
class YearProgress(TargetResult):
    """The target to show, how many there are, and last year's while that year is open."""

    targets: tuple[TargetResult, ...] = ()
    last_year: TargetResult | None = None
    last_targets: tuple[TargetResult, ...] = ()


def year_progress(member_id: int, year: int, day: date | None = None) -> YearProgress | None:
    """What a member owes in a year as of a day (today); None when nothing is asked (or 免学).

    Two queries.
    """
    day = day or clock.today()
    shut = YearClose.objects.filter(year=OuterRef("year"))
    asked = _targets([member_id], [year - 1, year], day).filter(Q(year=year) | ~Exists(shut))
    results = _results(list(asked), [member_id], day)
    mine = results.get((member_id, year), [])
    if not mine:
        return None
    shown = nearest(mine)
    before = results.get((member_id, year - 1), [])
    return YearProgress(
        **{each.name: getattr(shown, each.name) for each in fields(TargetResult)},
        targets=tuple(mine),
        last_year=nearest(before) if before else None,
        last_targets=tuple(before),
    )


def nearest(results: list[TargetResult]) -> TargetResult:
    """The unmet target with the smallest gap; the largest one when all are met."""
    unmet = [each for each in results if not each.met]
    return min(unmet, key=lambda t: t.gap) if unmet else max(results, key=lambda t: t.due)


def let_off_of(member_id: int, year: int) -> list[Exemption]:
    """What of a year's targets a member is let off from today. One query."""
    rows = Exemption.objects.on(clock.today()).filter(
        member_id=member_id, target__year=year, target__in_force=True
    )
    return list(rows.select_related("target", "approver").order_by("target__name"))


def _results(
    targets: list[AnnualTarget], member_ids: list[int], day: date
) -> dict[tuple[int, int], list[TargetResult]]:
    if not targets:
        return {}
    years = {target.year for target in targets}
    if any(target.conditions for target in targets):
        return _held(targets, *_credit_and_trainings(member_ids, years, day), day)
    credit: CreditBySource = defaultdict(dict)
    ledger = HourEntry.objects.filter(
        member_id__in=member_ids, counts_for_year__in=years, studied_on__lte=day
    )
    for member, year, source, total in (
        ledger.order_by()
        .values_list("member_id", "counts_for_year", "source")
        .annotate(total=Sum("credit"))
    ):
        credit[(member, year)][source] = total
    return _held(targets, credit, {}, day)


def _credit_and_trainings(
    member_ids: list[int], years: set[int], day: date
) -> tuple[CreditBySource, dict[int, list[date]]]:
    """Both from one reading of the rows: for a person, where a second query costs more."""
    credit: defaultdict = defaultdict(lambda: defaultdict(int))
    trainings: dict[int, list[date]] = defaultdict(list)
    rows = HourEntry.objects.filter(
        Q(counts_for_year__in=years) | training_q(years), member_id__in=member_ids
    )
    for member, year, source, total, at, trained in rows.order_by("studied_on").values_list(
        *("member_id", "counts_for_year", "source", "credit", "studied_on"),
        Case(When(training_q(years), then=True), default=False, output_field=BooleanField()),
    ):
        if trained:
            trainings[member].append(at)
        if year in years and at <= day:
            credit[(member, year)][source] += total
    return credit, trainings


def targets_of(member_ids: list[int], years: list[int], day: date) -> list[AnnualTarget]:
    """Targets of some members and years that are not 免学 on a day. One query."""
    return list(_targets(member_ids, years, day))


def _targets(member_ids: list[int], years: list[int], day: date) -> QuerySet[AnnualTarget]:
    let_off = Exemption.objects.on(day).filter(target=OuterRef("pk"))
    return AnnualTarget.objects.in_force().filter(
        ~Exists(let_off), member_id__in=member_ids, year__in=years
    )


def results_of(
    targets: list[AnnualTarget], credit: Mapping[tuple[int, int], dict[str, int]], day: date
) -> dict[tuple[int, int], list[TargetResult]]:
    """Targets held on a day against credit by (member, year) and source.

    One query where a target asks for training, none otherwise.
    """
    asked = [target for target in targets if target.conditions]
    trainings = trainings_of(
        {target.member_id for target in asked}, {target.year for target in asked}
    )
    return _held(targets, credit, trainings, day)


def _held(
    targets: list[AnnualTarget],
    credit: Mapping[tuple[int, int], Mapping[str, int]],
    trainings: Mapping[int, list[date]],
    day: date,
) -> dict[tuple[int, int], list[TargetResult]]:
    results: dict[tuple[int, int], list[TargetResult]] = defaultdict(list)
    for target in targets:
        by_source = credit.get((target.member_id, target.year), {})
        got = sum(c for s, c in by_source.items() if not target.sources or s in target.sources)
        attended = trainings.get(target.member_id, [])
        conditions = conditions_of(target)
        results[(target.member_id, target.year)].append(
            TargetResult(
                year=target.year,
                name=target.name,
                due=target.credit,
                got=got,
                outside=sum(by_source.values()) - got,
                basis=target.basis,
                met=is_met(
                    due=target.credit, got=got, conditions=conditions, trainings=attended, day=day
                ),
                rung=target.rung,
                change=target.change,
                parts=tuple(Part(*part) for part in target.parts),
                conditions=tuple(_result_of(each, attended, day) for each in conditions),
                sources=tuple(target.sources),
                starts_on=target.starts_on,
            )
        )
    return results


def _result_of(condition: Condition, attended: list[date], day: date) -> ConditionResult:
    state = condition_state(condition, attended, day)
    return ConditionResult(
        condition, state, met_since(condition, attended) if state == "met" else None
    )
