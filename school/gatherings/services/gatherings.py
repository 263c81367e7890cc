"""Open a gathering with its expected list, close it and book the hours, cancel and take back."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import Conflict, DomainError
from school.gatherings.models import Attendance, Gathering, GatheringItem
from school.members.models import Branch, Member
from school.members.selectors.people import attached_members_of, members_of
from school.study import spans
from school.study.models import HourEntry, ItemRevision, StudyItem
from school.study.services.completion import meet_by_group, unmeet_by_group
from school.study.services.ledger import claim_wall, post_offline, release_wall, reverse_entry

LONGEST = timedelta(hours=12)


@transaction.atomic
def open_gathering(
    *,
    branch: Branch,
    kind: str,
    title: str,
    items: Sequence[StudyItem],
    starts_at: datetime,
    ends_at: datetime,
    by: Member,
    place: str = "",
) -> Gathering:
    """Register a gathering; who belongs to the branch that day is expected.

    Raises:
        DomainError: times that cannot be, nothing shown, an item without a published revision,
            or nobody expected.
    """
    _check_times(starts_at, ends_at)
    shown = [item for item in items if item.current_id and item.withdrawn_at is None]
    if kind == Gathering.Kind.GROUP and not shown:
        raise DomainError(_("请至少选一项学习内容。"), field="items")
    day = clock.local_day(starts_at)
    gathering = Gathering.objects.create(
        branch=branch,
        kind=kind,
        title=title.strip()[:80] or (shown[0].title[:80] if shown else ""),
        place=place.strip()[:60],
        starts_at=starts_at,
        ends_at=ends_at,
        created_by=by,
        created_at=clock.now(),
    )
    GatheringItem.objects.bulk_create(
        GatheringItem(gathering=gathering, item=item, revision_id=item.current_id) for item in shown
    )
    _expect(gathering, branch, day)
    audit.record("gatherings.opened", actor=by, subject=gathering)
    return gathering


def _check_times(starts_at: datetime, ends_at: datetime) -> None:
    if ends_at <= starts_at:
        raise DomainError(_("结束时间要晚于开始时间。"), field="ends_at")
    if ends_at - starts_at > LONGEST:
        raise DomainError(_("一次集体学习不能超过 12 小时，请按天分别登记。"), field="ends_at")
    if ends_at > clock.now() + timedelta(minutes=5):
        raise DomainError(_("集体学习结束后才能登记，结束时间不能晚于现在。"), field="ends_at")


def _expect(gathering: Gathering, branch: Branch, day) -> None:
    home = list(members_of(branch, day, subtree=False).values_list("pk", flat=True))
    attached = set(attached_members_of(branch, day).values_list("pk", flat=True)) - set(home)
    if not home and not attached:
        raise DomainError(_("这个党组织当天没有党员，不能登记集体学习。"))
    Attendance.objects.bulk_create(
        [Attendance(gathering=gathering, member_id=pk) for pk in home]
        + [Attendance(gathering=gathering, member_id=pk, attached=True) for pk in sorted(attached)]
    )


@transaction.atomic
def close_gathering(*, gathering: Gathering, states: Mapping[int, str], by: Member) -> Gathering:
    """Record who was there and book it: hours once a person, viewing met for the items shown.

    The interval enters each person's spent time, so minutes already counted elsewhere are not
    paid again, and later reports of the same minutes earn nothing.

    Args:
        states: attendance id → present, leave or absent; who is not named was absent.

    Raises:
        Conflict: the gathering is no longer open.
    """
    gathering = Gathering.objects.select_for_update().get(pk=gathering.pk)
    if gathering.state != Gathering.State.OPEN:
        raise Conflict(_("这次集体学习已经登记或作废，不能重复登记。"))
    known = {Attendance.State.PRESENT, Attendance.State.LEAVE, Attendance.State.ABSENT}
    revisions = [shown.revision for shown in gathering.items.select_related("revision__item")]
    for attendance in gathering.attendances.order_by("member_id"):
        state = states.get(attendance.pk, Attendance.State.ABSENT)
        attendance.state = state if state in known else Attendance.State.ABSENT
        if attendance.state == Attendance.State.PRESENT:
            attendance.paid_seconds = _book(gathering, attendance, revisions)
        attendance.save(update_fields=["state", "paid_seconds", "claimed"])
    gathering.state, gathering.closed_at = Gathering.State.CLOSED, clock.now()
    gathering.save(update_fields=["state", "closed_at"])
    audit.record("gatherings.closed", actor=by, subject=gathering)
    return gathering


def _book(gathering: Gathering, attendance: Attendance, revisions: list) -> int:
    """Hours and completions of one present person; returns the seconds that were still free."""
    day = clock.local_day(gathering.starts_at)
    origin = f"attendance:{attendance.pk}"
    attendance.claimed = claim_wall(
        member_id=attendance.member_id, start=gathering.starts_at, end=gathering.ends_at
    )
    free = spans.length(attendance.claimed)
    whole = (gathering.ends_at - gathering.starts_at).total_seconds()
    note = "" if free // 1000 >= int(whole) else "部分时间已在别处计入，不重复计"
    post_offline(
        member_id=attendance.member_id,
        title=gathering.title,
        seconds=free // 1000,
        source=gathering.kind,
        studied_on=day,
        origin=origin,
        note=note,
    )
    for revision in revisions:
        meet_by_group(member_id=attendance.member_id, revision=revision, on=day, origin=origin)
    return free // 1000


@transaction.atomic
def cancel_gathering(*, gathering: Gathering, reason: str, by: Member) -> Gathering:
    """Declare a gathering void; hours and completions it gave are taken back by further rows.

    The time it took is free again, so the gathering can be registered anew as it was.

    Raises:
        DomainError: no reason is given.
        Conflict: it is void already, or its year is closed.
    """
    if not reason.strip():
        raise DomainError(_("请写明作废原因。"), field="reason")
    gathering = Gathering.objects.select_for_update().get(pk=gathering.pk)
    if gathering.state == Gathering.State.CANCELLED:
        raise Conflict(_("这次集体学习已经作废。"))
    gathering.state = Gathering.State.CANCELLED
    gathering.cancel_reason = reason.strip()[:200]
    gathering.save(update_fields=["state", "cancel_reason"])
    present = gathering.attendances.filter(state=Attendance.State.PRESENT)
    for attendance in present.order_by("member_id"):
        _take_back(gathering, attendance, reason, by)
    audit.record("gatherings.cancelled", actor=by, subject=gathering, fields={"reason": reason})
    return gathering


def _take_back(gathering: Gathering, attendance: Attendance, reason: str, by: Member) -> None:
    member_id, origin = attendance.member_id, f"attendance:{attendance.pk}"
    unmet = unmeet_by_group(member_id=member_id, origin=origin, reason=reason, by=by)
    for entry in HourEntry.objects.in_force().filter(member_id=member_id, origin=origin):
        reverse_entry(entry=entry, reason=reason, by=by)
    release_wall(member_id=member_id, start=gathering.starts_at, spans=attendance.claimed)
    for revision in unmet:
        _meet_elsewhere(member_id, revision)


def _meet_elsewhere(member_id: int, revision: ItemRevision) -> None:
    """Another gathering may have shown the same to the same person."""
    other = (
        Attendance.objects.filter(
            member_id=member_id,
            state=Attendance.State.PRESENT,
            gathering__state=Gathering.State.CLOSED,
            gathering__items__revision=revision,
        )
        .select_related("gathering")
        .order_by("gathering__starts_at", "pk")
        .first()
    )
    if other:
        meet_by_group(
            member_id=member_id,
            revision=revision,
            on=clock.local_day(other.gathering.starts_at),
            origin=f"attendance:{other.pk}",
        )
