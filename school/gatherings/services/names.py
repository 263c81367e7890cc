"""Go through the names: who was there, late, early, on leave; guests come and go."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import Conflict, DomainError, NotFound
from school.gatherings.models import Attendance, Gathering, GatheringSession, Presence
from school.gatherings.rules import Mark, mark_fault, overall
from school.members.models import Member
from school.members.permissions import scope_for
from school.members.selectors.people import home_branch_id

State = Gathering.State
Method = Presence.Method
Marks = Mapping[tuple[int, int], Mark]


def locked_in(pk: int, *states: str) -> Gathering:
    """The gathering, its row locked, in one of some states.

    Raises:
        Conflict: it is in another; the message says in which.
    """
    gathering = Gathering.objects.select_for_update().select_related("branch").get(pk=pk)
    if gathering.state not in states:
        raise Conflict(
            _("这次集体学习现在是“%(state)s”，不能这样办理。请刷新页面。")
            % {"state": gathering.stage}
        )
    return gathering


def held_row(gathering: Gathering, attendance_id: int) -> Attendance:
    """One row of the list, locked.

    Raises:
        NotFound: there is none.
    """
    rows = gathering.attendances.select_for_update(of=("self",)).select_related("member")
    attendance = rows.filter(pk=attendance_id).first()
    if attendance is None:
        raise NotFound(_("名单里没有这个人，请刷新页面。"))
    return attendance


def set_absent(attendance: Attendance) -> None:
    """Nobody was there after all: absent in every session where presence was entered."""
    absent = Attendance.State.ABSENT
    there = attendance.presences.filter(state=Attendance.State.PRESENT)
    there.update(state=absent, late_minutes=0, early_minutes=0)
    attendance.state, attendance.withheld = absent, False
    attendance.save(update_fields=["state", "withheld"])


@transaction.atomic
def enter_names(
    *,
    gathering: Gathering,
    marks: Marks,
    by: Member,
    seen_at: datetime | None = None,
    method: str = Method.NAME,
) -> int:
    """Save marks of some people without closing; returns how many rows changed.

    Raises:
        Conflict: it is booked, waits for approval, or is void.
        DomainError: a mark that cannot be.
    """
    gathering = locked_in(gathering.pk, State.RUNNING, State.OPEN)
    sessions = list(gathering.sessions.all())
    changed = write_marks(gathering, sessions, marks, seen_at=seen_at, method=method)
    if changed:
        audit.record(
            "gatherings.names_entered", actor=by, subject=gathering, fields={"rows": changed}
        )
    return changed


def write_marks(
    gathering: Gathering,
    sessions: Sequence[GatheringSession],
    marks: Marks,
    *,
    seen_at: datetime | None = None,
    rest: str = "",
    method: str = Method.NAME,
) -> int:
    """Write marks under the lock of the gathering and of its list; returns how many changed.

    Args:
        rest: the state of who is neither named nor entered; "" leaves them as they are.
    """
    attendances = list(
        gathering.attendances.select_for_update(of=("self",))
        .select_related("member")
        .order_by("member_id")
    )
    held = {
        (row.attendance_id, row.session_id): row
        for row in Presence.objects.filter(attendance__gathering=gathering)
    }
    new, old, touched = [], [], set()
    for attendance in attendances:
        for session in sessions:
            row = held.get((attendance.pk, session.pk))
            mark = marks.get((attendance.pk, session.pk))
            if mark is None and row is None and rest:
                mark = Mark(rest)
            if mark is None or _came_meanwhile(row, seen_at):
                continue
            _check(attendance, session, row, mark)
            if row is None:
                row = Presence(attendance=attendance, session=session)
                held[attendance.pk, session.pk] = row
                new.append(row)
            elif (row.state, row.late_minutes, row.early_minutes) == _columns(mark):
                continue
            else:
                old.append(row)
            _write(row, mark, method)
            touched.add(attendance.pk)
    Presence.objects.bulk_create(new)
    Presence.objects.bulk_update(old, ["state", "late_minutes", "early_minutes", "method"])
    for attendance in attendances:
        if attendance.pk in touched:
            said = [row.state for (pk, _s), row in held.items() if pk == attendance.pk]
            attendance.state = overall(said, len(sessions))
    Attendance.objects.bulk_update([a for a in attendances if a.pk in touched], ["state"])
    return len(new) + len(old)


def _columns(mark: Mark) -> tuple[str, int, int]:
    present = mark.state == Attendance.State.PRESENT
    return (mark.state, mark.late, mark.early) if present else (mark.state, 0, 0)


def _write(row: Presence, mark: Mark, method: str) -> None:
    row.state, row.late_minutes, row.early_minutes = _columns(mark)
    # Who checked in and was there stays somebody who checked in, also with minutes corrected.
    if not (row.checked_in_at and mark.state == Attendance.State.PRESENT):
        row.method = method


def _came_meanwhile(row: Presence | None, seen_at: datetime | None) -> bool:
    return bool(row and row.checked_in_at and seen_at and row.checked_in_at > seen_at)


def _check(
    attendance: Attendance, session: GatheringSession, row: Presence | None, mark: Mark
) -> None:
    minutes = int((session.ends_at - session.starts_at).total_seconds() // 60)
    fault = mark_fault(mark, minutes)
    name = attendance.member.name
    if fault == "state":
        raise DomainError(_("%(name)s：到会情况只能是到会、请假或缺席。") % {"name": name})
    if fault == "minutes":
        raise DomainError(
            _("%(name)s：迟到和早退合计要少于本场的 %(minutes)d 分钟，全程不在请选缺席。")
            % {"name": name, "minutes": minutes}
        )
    came = row is not None and row.checked_in_at is not None
    if attendance.outside and mark.state == Attendance.State.PRESENT and not came:
        raise DomainError(
            _("%(name)s不在管理范围内，只能由本人用手机签到，不能代为登记到会。") % {"name": name}
        )


@transaction.atomic
def add_guest(*, gathering: Gathering, staff_number: str, name: str, by: Member) -> Attendance:
    """Add somebody of another branch who sits in.

    Whoever is outside the scope of who adds is present only by checking in himself.

    Raises:
        Conflict: closed already, or the person is on the list.
        NotFound: number and name do not belong together.
    """
    gathering = locked_in(gathering.pk, State.RUNNING, State.OPEN)
    found = Member.objects.filter(staff_number__iexact=staff_number.strip(), is_active=True)
    member = found.filter(name=name.strip()).first()
    if member is None:
        raise NotFound(_("工号和姓名对不上，请核对后再添加。"), field="staff_number")
    if gathering.attendances.filter(member=member).exists():
        raise Conflict(_("%(name)s已在应到名单里。") % {"name": member.name}, field="staff_number")
    day = clock.local_day(gathering.starts_at)
    inside = scope_for(by).members(day).filter(pk=member.pk).exists()
    if not inside and gathering.state == State.OPEN:
        raise DomainError(
            _("该党员不在管理范围内，会后不能补登，请由所在党支部登记。"), field="staff_number"
        )
    guest = Attendance.objects.create(
        gathering=gathering,
        member=member,
        branch_id=home_branch_id(member.pk, day),
        guest=True,
        outside=not inside,
    )
    audit.record(
        "gatherings.guest_added", actor=by, subject=gathering, fields={"member": member.pk}
    )
    return guest


@transaction.atomic
def remove_guest(*, gathering: Gathering, attendance_id: int, by: Member) -> None:
    """Take a guest off the list again.

    Raises:
        NotFound: no such guest; people of the branch stay expected.
    """
    gathering = locked_in(gathering.pk, State.RUNNING, State.OPEN)
    row = gathering.attendances.filter(pk=attendance_id, guest=True).first()
    if row is None:
        raise NotFound(_("没有找到这名列席人员。"))
    fields = {"member": row.member_id}
    row.delete()
    audit.record("gatherings.guest_removed", actor=by, subject=gathering, fields=fields)
