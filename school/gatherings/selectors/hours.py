"""What gatherings say to the ledger: time really spent, and gatherings a year still waits for."""

from collections.abc import Iterator
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from school.core import clock
from school.gatherings.models import Attendance, Gathering, GatheringSession
from school.study import spans as sets
from school.study.registry import HourEvidence, OpenMatter, PendingRow
from school.study.rules import judge

State = Gathering.State


def seconds_by_day(starts_at: datetime, claimed: sets.Spans) -> dict[date, int]:
    """Seconds of each local day of what an attendance took of a member's time.

    Args:
        claimed: spans of milliseconds since ``starts_at``.
    """
    local = judge.local_ms(clock.to_ms(starts_at))
    days = judge.split_by_day(sets.shift(claimed, local))
    found = {judge.date_of(number): sets.length(part) // 1000 for number, part in days.items()}
    return dict(sorted(found.items())) or {clock.local_day(starts_at): 0}


def attended_hours(low: int, high: int) -> Iterator[HourEvidence]:
    """What closed gatherings have to have in the ledger, for a range of member numbers."""
    rows = (
        Attendance.objects.filter(
            member_id__gte=low,
            member_id__lte=high,
            state=Attendance.State.PRESENT,
            withheld=False,
            gathering__state=State.CLOSED,
        )
        .order_by()
        .values_list(
            *("pk", "member_id", "claimed"),
            *("gathering__starts_at", "gathering__kind", "gathering__title"),
        )
    )
    for pk, member_id, claimed, starts_at, kind, title in rows.iterator():
        for place, (day, seconds) in enumerate(seconds_by_day(starts_at, claimed).items()):
            origin = f"attendance:{pk}" + (f":{day}" if place else "")
            yield HourEvidence(member_id, origin, seconds, kind, day, title)


def not_closed(year: int) -> OpenMatter:
    """Gatherings of a year that are not registered yet, or wait for the branch above."""
    over = Q(state=State.CANCELLED) | Q(state=State.CLOSED) & ~Q(waits_for_own())
    waiting = Gathering.objects.filter(starts_at__year=year).exclude(over)
    return OpenMatter(_("尚未登记完的集体学习"), waiting.count(), reverse("gatherings:index"))


def waits_for_own() -> Exists:
    """Whether the branch above has still to answer for hours an organiser entered for himself."""
    return Exists(Attendance.objects.filter(gathering=OuterRef("pk"), withheld=True))


def pending_rows(member_id: int, year: int) -> list[PendingRow]:
    """Gatherings of a year where a member was, which are not booked yet, and who has them."""
    rows = Attendance.objects.filter(
        member_id=member_id,
        state=Attendance.State.PRESENT,
        gathering__starts_at__year=year,
    ).filter(
        Q(gathering__state__in=(State.OPEN, State.WAITING))
        | Q(gathering__state=State.CLOSED, withheld=True)
    )
    return [
        PendingRow(
            title=row.gathering.title,
            studied_on=clock.local_day(row.gathering.starts_at),
            state=_("待上级核定") if row.withheld else row.gathering.stage,
            note=_note(row),
            path=reverse("gatherings:own"),
        )
        for row in rows.select_related("gathering__branch").order_by("gathering__starts_at")
    ]


def _note(row: Attendance) -> str:
    if row.withheld:
        return _("本人登记的到会，上级党组织核定后计入。")
    if row.gathering.state == State.WAITING:
        return _("上级党组织审核后计入。")
    return _("%(branch)s登记完成后计入。") % {"branch": row.gathering.branch.short_name}


def together(first: datetime, last: datetime) -> Iterator[tuple[int, datetime, datetime]]:
    """Who was in a gathering, or is expected in one not registered yet, between two moments.

    Yields (member, begin, end) of each sitting; called-off ones are none. One query.
    """
    there = (Attendance.State.PRESENT, Attendance.State.EXPECTED)
    rows = GatheringSession.objects.filter(
        starts_at__lt=last, ends_at__gt=first, gathering__attendances__state__in=there
    ).exclude(gathering__state=State.CANCELLED)
    columns = ("gathering__attendances__member_id", "starts_at", "ends_at")
    yield from rows.order_by().values_list(*columns).iterator()
