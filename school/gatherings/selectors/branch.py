"""What a branch sees of gatherings: the list, one with its names, what absentees make up."""

from dataclasses import dataclass, field
from datetime import date

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from school.core import clock
from school.gatherings.models import (
    Attendance,
    Gathering,
    GatheringSession,
    MakeUp,
    Presence,
)
from school.gatherings.selectors.hours import waits_for_own
from school.members.models import Branch
from school.plans.models import PlanItem, StudyPlan
from school.study.models import Completion, HourEntry, StudyItem

CHOICES = 80
State = Gathering.State
ALL, RUNNING, TO_ENTER, TO_APPROVE, DONE, VOID = "", "running", "open", "waiting", "closed", "void"
FILTERS = {
    ALL: _("全部"),
    RUNNING: _("报名 / 进行中"),
    TO_ENTER: _("待登记"),
    TO_APPROVE: _("待审核"),
    DONE: _("已登记"),
    VOID: _("已作废"),
}


def _in_filter(wanted: str) -> Q:
    """Gatherings of a filter; one that runs past its end waits to be entered."""
    now = clock.now()
    return {
        ALL: Q(),
        RUNNING: Q(state=State.RUNNING, ends_at__gt=now),
        TO_ENTER: Q(state=State.OPEN) | Q(state=State.RUNNING, ends_at__lte=now),
        TO_APPROVE: Q(state=State.WAITING) | Q(waits_for_own(), state=State.CLOSED),
        DONE: Q(state=State.CLOSED),
        VOID: Q(state=State.CANCELLED),
    }[wanted]


def gathering_list(gatherings: QuerySet[Gathering], wanted: str = ALL) -> QuerySet[Gathering]:
    """Some gatherings, newest first, each with ``expected`` and ``present`` counts."""
    present = Q(attendances__state=Attendance.State.PRESENT)
    return (
        gatherings.filter(_in_filter(wanted if wanted in FILTERS else ALL))
        .select_related("branch")
        .annotate(expected=Count("attendances"), present=Count("attendances", filter=present))
        .annotate(own_waits=waits_for_own())
        .order_by("-starts_at", "-pk")
    )


def filters(gatherings: QuerySet[Gathering]) -> dict[str, int]:
    """How many gatherings each filter holds; one query."""
    counts = {key or "all": Count("pk", filter=_in_filter(key)) for key in FILTERS if key}
    found = gatherings.order_by().aggregate(all=Count("pk"), **counts)
    return {key: found[key or "all"] for key in FILTERS}


@dataclass
class Cell:
    """One person in one session; ``row`` None: not entered yet."""

    session: GatheringSession
    row: Presence | None = None

    @property
    def state(self) -> str:
        """The state, "expected" while nothing is entered."""
        return self.row.state if self.row else Attendance.State.EXPECTED


@dataclass
class Row:
    """One expected person with all sessions and what was booked."""

    attendance: Attendance
    cells: list[Cell]
    credit: int | None = None
    note: str = ""


@dataclass
class GatheringPage:
    """One gathering with its names."""

    gathering: Gathering
    sessions: list[GatheringSession]
    rows: list[Row]
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def expected(self) -> int:
        """应到."""
        return len(self.rows)


def gathering_page(gathering: Gathering) -> GatheringPage:
    """The names in order, with the marks of each session; three queries, four once booked."""
    sessions = list(gathering.sessions.all())
    attendances = list(gathering.attendances.select_related("member", "branch"))
    held = {
        (row.attendance_id, row.session_id): row
        for row in Presence.objects.filter(attendance__gathering=gathering)
    }
    booked = _booked(gathering, attendances) if gathering.state == State.CLOSED else {}
    rows = [
        Row(
            each,
            [Cell(session, held.get((each.pk, session.pk))) for session in sessions],
            *booked.get(each.pk, (None, "")),
        )
        for each in attendances
    ]
    counts = dict.fromkeys(Attendance.State.values, 0)
    for each in attendances:
        counts[each.state] += 1
    return GatheringPage(gathering, sessions, rows, counts)


def _booked(gathering: Gathering, attendances: list[Attendance]) -> dict[int, tuple[int, str]]:
    """Credit in force and its note by attendance; a night over midnight has two entries."""
    by_member = {each.member_id: each.pk for each in attendances}
    days = (clock.local_day(gathering.starts_at), clock.local_day(gathering.ends_at))
    entries = HourEntry.objects.in_force().filter(
        member_id__in=by_member, studied_on__range=days, source=gathering.kind
    )
    found: dict[int, tuple[int, str]] = {}
    for entry in entries:
        pk = by_member[entry.member_id]
        if entry.origin.split(":")[:2] == ["attendance", str(pk)]:
            credit, note = found.get(pk, (0, ""))
            found[pk] = (credit + entry.credit, note or entry.note)
    return found


@dataclass(frozen=True)
class MakeUpLine:
    """One item somebody missed: until when, and since when it is made up."""

    make_up: MakeUp
    done_on: date | None

    @property
    def overdue(self) -> bool:
        """Whether the day has passed without it."""
        return self.done_on is None and clock.today() > self.make_up.due_on


def make_up_lines(gathering: Gathering) -> list[MakeUpLine]:
    """Who makes what up, those still open first; two queries."""
    rows = list(
        MakeUp.objects.filter(attendance__gathering=gathering)
        .select_related("member", "item")
        .order_by("due_on", "member__staff_number", "item_id")
    )
    done: dict[tuple[int, int], date] = {}
    completions = Completion.objects.in_force().filter(
        item_id__in={row.item_id for row in rows}, member_id__in={row.member_id for row in rows}
    )
    for member_id, item_id, on in completions.values_list("member_id", "item_id", "effective_on"):
        held = done.get((member_id, item_id))
        done[member_id, item_id] = min(held, on) if held else on
    lines = [MakeUpLine(row, done.get((row.member_id, row.item_id))) for row in rows]
    return sorted(lines, key=lambda line: line.done_on is not None)


def make_up_counts(gathering: Gathering) -> tuple[int, int]:
    """(made up, asked) of a gathering; one query."""
    done = Completion.objects.in_force().filter(
        member_id=OuterRef("member_id"), item_id=OuterRef("item_id")
    )
    rows = MakeUp.objects.filter(attendance__gathering=gathering)
    found = rows.annotate(made_up=Exists(done)).aggregate(
        all=Count("pk"), done=Count("pk", filter=Q(made_up=True))
    )
    return found["done"], found["all"]


def showable_items() -> list[StudyItem]:
    """What a group may study: lessons and articles, those of running plans first."""
    today = clock.today()
    asked = set(
        PlanItem.objects.filter(
            plan__state=StudyPlan.State.PUBLISHED,
            plan__starts_on__lte=today,
            withdrawn_on=None,
        ).values_list("item_id", flat=True)
    )
    items = StudyItem.objects.filter(
        kind__in=(StudyItem.Kind.LESSON, StudyItem.Kind.ARTICLE),
        withdrawn_at=None,
        current__isnull=False,
    ).order_by("-pk")[: CHOICES * 2]
    ordered = sorted(items, key=lambda item: (item.pk not in asked, item.kind, -item.pk))
    return ordered[:CHOICES]


def branches_below(branches: QuerySet[Branch]) -> QuerySet[Branch]:
    """Living branches that may be invited."""
    return branches.filter(dissolved_on=None)
