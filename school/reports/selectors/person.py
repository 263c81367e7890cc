"""One member as the branch sees it: plans, completions, the year's ledger."""

from dataclasses import dataclass
from datetime import date, datetime

from school.core import clock
from school.gatherings.models import Attendance, Gathering
from school.members.models import Member
from school.plans.models import PlanItem, StudyPlan
from school.plans.rules import Counts, Figures, figures
from school.plans.selectors.counts import states_of_member
from school.plans.selectors.year import YearProgress, year_progress
from school.reports.selectors.board import person_state
from school.study.models import Completion, HourEntry
from school.study.registry import PendingRow, pending_rows
from school.study.selectors import YearHours, entries_of_year, hours_of_year

ROWS = 200


@dataclass(frozen=True)
class ItemLine:
    """One item of a plan for the member."""

    title: str
    kind: str
    required: bool
    tone: str
    state: str
    done: Completion | None


@dataclass(frozen=True)
class PlanLine:
    """One plan for the member."""

    plan: StudyPlan
    figures: Figures
    tone: str
    state: str
    items: list[ItemLine]


@dataclass(frozen=True)
class LedgerLine:
    """One ledger row and what it was booked from: a gathering, else the item studied."""

    entry: HourEntry
    gathering: Gathering | None = None


@dataclass(frozen=True)
class Person:
    """What the drill-down shows. ``cut``: the year has more lines than are listed."""

    day: date
    taken_at: datetime
    plans: list[PlanLine]
    year: YearProgress | None
    hours: YearHours | None
    entries: list[LedgerLine]
    cut: bool
    pending: list[PendingRow]


def person(member: Member, day: date) -> Person:
    """A member's plans, the completion behind each item, and the ledger of the year.

    As of a day, like the board: what was studied up to it, as it is known now.
    """
    states = states_of_member(member.pk, day)
    counted = [p for p, items in states.items() if _counted(items.get(None, Counts()))]
    plans = StudyPlan.objects.filter(pk__in=counted).order_by("-ends_on")
    rows = list(
        PlanItem.objects.filter(plan__in=counted).select_related("item").order_by("order", "pk")
    )
    done = {
        c.item_id: c
        for c in Completion.objects.in_force()
        .filter(member=member, item_id__in={row.item_id for row in rows}, effective_on__lte=day)
        .order_by("-effective_on", "-pk")
    }
    year = year_progress(member.pk, day.year, day)
    lines = list(entries_of_year(member.pk, day.year, day)[: ROWS + 1])
    waiting = pending_rows(member.pk, day.year)
    return Person(
        day=day,
        taken_at=clock.now(),
        plans=[_plan_line(plan, states[plan.pk], rows, done, day) for plan in plans],
        year=year,
        hours=None if year else hours_of_year(member.pk, day.year, day),
        entries=ledger_lines(lines[:ROWS]),
        cut=len(lines) > ROWS,
        pending=[row for row in waiting if row.studied_on <= day],
    )


def ledger_lines(entries: list[HourEntry]) -> list[LedgerLine]:
    """Rows with the gathering behind each that was booked from an attendance; one query."""
    wanted = {entry.pk: _attendance_of(entry) for entry in entries}
    held = {
        each.pk: each.gathering
        for each in Attendance.objects.filter(
            pk__in={pk for pk in wanted.values() if pk}
        ).select_related("gathering")
    }
    return [LedgerLine(entry, held.get(wanted[entry.pk])) for entry in entries]


def _attendance_of(entry: HourEntry) -> int | None:
    """The attendance a row (or the row it takes back) was booked from."""
    origin = entry.reverses.origin if entry.reverses_id else entry.origin
    # A night over midnight has a second row, with its day behind the number.
    kind, number = (origin.split(":") + [""])[:2]
    return int(number) if kind == "attendance" and number.isdecimal() else None


def _counted(counts: Counts) -> bool:
    return bool(counts.due or counts.exempt)


def _plan_line(plan, states, rows, done, day) -> PlanLine:
    total = figures(states[None], ends_on=plan.ends_on, day=day)
    tone, state = person_state(total)
    items = []
    for row in rows:
        if row.plan_id != plan.pk:
            continue
        held = states.get(row.pk, Counts())
        finished = bool(held.on_time or held.late)
        if row.withdrawn_on and row.withdrawn_on <= day and not finished:
            continue
        # An item is shown like a plan of one: the same words for the same state.
        single = Counts(
            due=1, started=held.started, on_time=held.on_time, late=held.late,
            exempt=0, waiting=int(bool(row.item.withdrawn_at) and not finished),
        )  # fmt: skip
        item_tone, item_state = person_state(figures(single, ends_on=plan.ends_on, day=day))
        items.append(
            ItemLine(
                row.item.title,
                row.item.get_kind_display(),
                row.required,
                item_tone,
                item_state,
                done.get(row.item_id) if finished else None,
            )
        )
    return PlanLine(plan, total, tone, state, items)
