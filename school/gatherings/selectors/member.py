"""What a member sees of gatherings: the own list, and what has to be made up."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from school.core import clock
from school.gatherings.models import Attendance, Gathering, GatheringSession, MakeUp
from school.gatherings.selectors.sessions import open_session
from school.plans.registry import AskedItem
from school.study.models import Completion

State = Gathering.State


@dataclass(frozen=True)
class OwnLine:
    """One gathering as somebody expected there sees it.

    ``session``: the one that may be checked in to now. ``here``: checked in there already.
    """

    attendance: Attendance
    gathering: Gathering
    session: GatheringSession | None = None
    here: datetime | None = None

    @property
    def may_leave(self) -> bool:
        """Whether leave may still be asked for."""
        running = self.gathering.state == State.RUNNING
        return running and self.attendance.state == Attendance.State.EXPECTED


def own_gatherings(member_id: int) -> QuerySet[Attendance]:
    """Rows of a member, the newest gathering first; void ones are left out."""
    return (
        Attendance.objects.filter(member_id=member_id)
        .exclude(gathering__state=State.CANCELLED)
        .select_related("gathering__branch")
        .order_by("-gathering__starts_at", "-pk")
    )


def running_lines(member_id: int) -> list[OwnLine]:
    """Gatherings to come or running, the nearest first; three queries."""
    rows = own_gatherings(member_id).filter(
        gathering__state=State.RUNNING, gathering__ends_at__gt=clock.now()
    )
    rows = rows.order_by("gathering__starts_at").prefetch_related(
        "gathering__sessions", "presences"
    )
    return [own_line(row) for row in rows[:20]]


def own_line(attendance: Attendance) -> OwnLine:
    """A row with what may be done about it now."""
    gathering = attendance.gathering
    session = open_session(gathering, clock.now())
    here = next(
        (
            row.checked_in_at or gathering.starts_at
            for row in attendance.presences.all()
            if session and row.session_id == session.pk and row.state == Attendance.State.PRESENT
        ),
        None,
    )
    return OwnLine(attendance, gathering, session, here)


def _open_rows(member_id: int) -> QuerySet[MakeUp]:
    done = Completion.objects.in_force().filter(
        member_id=OuterRef("member_id"), item_id=OuterRef("item_id")
    )
    return MakeUp.objects.filter(~Exists(done), member_id=member_id, item__withdrawn_at=None)


def missed_items(member_id: int) -> list[AskedItem]:
    """What a member has still to make up, for the list of tasks."""
    rows = _open_rows(member_id).select_related("item__current", "attendance__gathering")
    return [
        AskedItem(row.item, row.attendance.gathering.title, row.due_on)
        for row in rows.order_by("due_on", "pk")
    ]


def missed_ids(member_id: int) -> QuerySet:
    """Ids of the same items, for the badge of every page."""
    return _open_rows(member_id).order_by().values_list("item_id", flat=True)
