"""Book a gathering: hours, viewing, make-up; and take all of it back by further rows."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.language import school_language
from school.gatherings.models import Attendance, Gathering, GatheringSession, MakeUp, Presence
from school.gatherings.rules import attended, has_seen
from school.members.models import Member
from school.members.selectors.people import counted
from school.notices.services import tell
from school.study import spans as sets
from school.study.models import Completion, ItemRevision
from school.study.rules import judge
from school.study.services.completion import meet_by_group, unmeet_by_group
from school.study.services.ledger import (
    claim_wall,
    lines_in_force,
    post_offline,
    release_wall,
    reverse_entry,
)

PRESENT = Attendance.State.PRESENT
PARTLY = "部分时间已在别处计入，不重复计"


@transaction.atomic
def book_all(*, gathering: Gathering, by: Member, answered: bool = False) -> Gathering:
    """Book everybody who was there and give the others what they missed.

    The caller holds the gathering's row; people are taken in the order of their numbers.

    Args:
        answered: the branch above has said yes. Else what those who register it entered for
            themselves waits for that branch.
    """
    sessions = list(gathering.sessions.all())
    revisions = shown_revisions(gathering)
    there = _presences(attendance__gathering=gathering)
    attendances = list(gathering.attendances.order_by("member_id"))
    for attendance in attendances:
        if attendance.state != PRESENT:
            continue
        presences = there.get(attendance.pk, {})
        if not answered and own_word(gathering, attendance, presences.values()):
            withhold(attendance)
            continue
        _book_hours(gathering, attendance, sessions, presences)
        if attendance.seen:
            meet(gathering, attendance, revisions)
    gathering.state, gathering.closed_at = Gathering.State.CLOSED, clock.now()
    gathering.save()
    audit.record("gatherings.closed", actor=by, subject=gathering)
    missed = [each for each in attendances if not (each.seen or each.withheld)]
    give_make_ups(gathering, missed, revisions)
    return gathering


def book_one(*, gathering: Gathering, attendance: Attendance) -> None:
    """Hours of one person who was there, by what is entered now; says whether it was seen.

    The caller holds the gathering's row and has taken back what was booked before.
    """
    presences = _presences(attendance=attendance).get(attendance.pk, {})
    _book_hours(gathering, attendance, list(gathering.sessions.all()), presences)


def shown_revisions(gathering: Gathering) -> list[ItemRevision]:
    """What was shown."""
    return [shown.revision for shown in gathering.items.select_related("revision__item")]


def _presences(**which) -> dict[int, dict[int, Presence]]:
    found: dict[int, dict[int, Presence]] = {}
    for row in Presence.objects.filter(state=PRESENT, **which):
        found.setdefault(row.attendance_id, {})[row.session_id] = row
    return found


def own_word(gathering: Gathering, attendance: Attendance, presences: Iterable[Presence]) -> bool:
    """Whether somebody who registers a gathering has entered his own presence.

    Who came in with the code that turns was there by more than his own word.
    """
    by_hand = any(row.method != Presence.Method.CODE for row in presences)
    return by_hand and attendance.member_id in {gathering.created_by_id, gathering.entered_by_id}


def withhold(attendance: Attendance) -> None:
    """Leave what somebody entered for himself to the branch above."""
    attendance.withheld = True
    attendance.save(update_fields=["withheld"])


def _book_hours(
    gathering: Gathering,
    attendance: Attendance,
    sessions: list[GatheringSession],
    presences: dict[int, Presence],
) -> None:
    """Hours of one person: from arrival to leave, what of it was still free."""
    whole = there = 0
    claimed: sets.Spans = []
    begin = clock.to_ms(gathering.starts_at)
    for session in sessions:
        low, high = clock.to_ms(session.starts_at), clock.to_ms(session.ends_at)
        whole += high - low
        row = presences.get(session.pk)
        part = attended(low, high, row.late_minutes, row.early_minutes) if row else None
        if part is None:
            continue
        there += part[1] - part[0]
        start = session.starts_at + timedelta(milliseconds=part[0] - low)
        end = session.ends_at - timedelta(milliseconds=high - part[1])
        free = claim_wall(member_id=attendance.member_id, start=start, end=end)
        claimed = sets.union(claimed, sets.shift(free, part[0] - begin))
    attendance.claimed = claimed
    attendance.paid_seconds = _post(gathering, attendance, there)
    attendance.seen = has_seen(there, whole, settings.GATHERING_VIEWING_SHARE)
    attendance.withheld = False
    attendance.save(update_fields=["paid_seconds", "claimed", "seen", "withheld"])


def meet(gathering: Gathering, attendance: Attendance, revisions: list[ItemRevision]) -> None:
    """The viewing requirement of what was shown, for somebody who has seen it."""
    for revision in revisions:
        meet_by_group(
            member_id=attendance.member_id,
            revision=revision,
            on=clock.local_day(gathering.starts_at),
            origin=origin_of(attendance),
        )


def origin_of(attendance: Attendance) -> str:
    """What the ledger and completions call an attendance."""
    return f"attendance:{attendance.pk}"


def _post(gathering: Gathering, attendance: Attendance, there_ms: int) -> int:
    """One row a local day, so that a night over New Year counts for both; returns the seconds."""
    local = judge.local_ms(clock.to_ms(gathering.starts_at))
    days = judge.split_by_day(sets.shift(attendance.claimed, local))
    seconds = {judge.date_of(number): sets.length(part) // 1000 for number, part in days.items()}
    if not seconds:
        seconds = {clock.local_day(gathering.starts_at): 0}
    note = PARTLY if sets.length(attendance.claimed) < there_ms else ""
    for place, (day, length) in enumerate(sorted(seconds.items())):
        post_offline(
            member_id=attendance.member_id,
            title=gathering.title,
            seconds=length,
            source=gathering.kind,
            studied_on=day,
            origin=origin_of(attendance) + (f":{day}" if place else ""),
            note=note,
            again=True,
        )
    return sum(seconds.values())


def give_make_ups(
    gathering: Gathering, missed: list[Attendance], revisions: list[ItemRevision]
) -> None:
    """The items for people of the branch who have not done them; guests and 兼 have their own."""
    items = [r.item for r in revisions if r.item.withdrawn_at is None]
    missed = [a for a in missed if not (a.guest or a.attached)]
    if not items or not missed:
        return
    day = clock.local_day(gathering.starts_at)
    members = Member.objects.filter(pk__in=[a.member_id for a in missed])
    asked = set(counted(members, day).values_list("pk", flat=True))
    done = set(
        Completion.objects.in_force()
        .filter(item__in=items, member_id__in=asked)
        .values_list("member_id", "item_id")
    )
    due_on = clock.today() + timedelta(days=settings.GATHERING_MAKE_UP_DAYS)
    rows = [
        MakeUp(attendance=a, member_id=a.member_id, item=item, due_on=due_on)
        for a in missed
        for item in items
        if a.member_id in asked and (a.member_id, item.pk) not in done
    ]
    MakeUp.objects.bulk_create(rows)
    _tell_make_ups(gathering, {row.member_id for row in rows}, due_on)


@school_language()
def _tell_make_ups(gathering: Gathering, member_ids: set[int], due_on: date) -> None:
    if member_ids:
        tell(
            member_ids=member_ids,
            title=_("需要补学：%(title)s") % {"title": gathering.title[:50]},
            body=_("未参加这次集体学习，请在 %(day)s 前自学补上。") % {"day": due_on},
            path=reverse("plans:tasks") + "?tab=make-up",
        )


@transaction.atomic
def take_back_all(*, gathering: Gathering, reason: str, by: Member) -> None:
    """Take back hours, completions and spent time of everybody; the make-up falls away."""
    MakeUp.objects.filter(attendance__gathering=gathering).delete()
    for attendance in gathering.attendances.filter(state=PRESENT).order_by("member_id"):
        _take_back(gathering, attendance, reason, by)


def _take_back(gathering: Gathering, attendance: Attendance, reason: str, by: Member) -> None:
    unmeet(attendance, reason, by)
    take_back_hours(gathering, attendance, reason, by)


def take_back_hours(gathering: Gathering, attendance: Attendance, reason: str, by: Member) -> None:
    """Take back what an attendance paid, also where that was corrected since; its time is free."""
    member_id, origin = attendance.member_id, origin_of(attendance)
    booked = Q(origin=origin) | Q(origin__startswith=f"{origin}:")
    for entry in lines_in_force(member_id, booked):
        reverse_entry(entry=entry, reason=reason, by=by)
    release_wall(member_id=member_id, start=gathering.starts_at, spans=attendance.claimed)


def unmeet(attendance: Attendance, reason: str, by: Member) -> None:
    """Take back the viewing that rests on an attendance, unless another one stands for it."""
    member_id = attendance.member_id
    for revision in unmeet_by_group(
        member_id=member_id, origin=origin_of(attendance), reason=reason, by=by
    ):
        _meet_elsewhere(member_id, revision, attendance)


def _meet_elsewhere(member_id: int, revision: ItemRevision, but: Attendance) -> None:
    """Another gathering may have shown the same to the same person."""
    other = (
        Attendance.objects.filter(
            member_id=member_id,
            state=PRESENT,
            seen=True,
            gathering__state=Gathering.State.CLOSED,
            gathering__items__revision=revision,
        )
        .exclude(pk=but.pk)
        .select_related("gathering")
        .order_by("gathering__starts_at", "pk")
        .first()
    )
    if other:
        meet_by_group(
            member_id=member_id,
            revision=revision,
            on=clock.local_day(other.gathering.starts_at),
            origin=origin_of(other),
        )
