"""Open a gathering before, while or after it runs; end, close and void it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import Conflict, DomainError
from school.core.language import school_language
from school.gatherings.models import Attendance, Gathering, GatheringItem, GatheringSession
from school.gatherings.rules import Mark
from school.gatherings.services.booking import book_all, take_back_all
from school.gatherings.services.names import locked_in, write_marks
from school.members.models import Branch, Member
from school.members.selectors.people import attached_members_of, home_branch_ids, members_of
from school.notices.services import tell
from school.study.models import StudyItem

LONGEST = timedelta(hours=12)
LONGEST_DAY = timedelta(hours=18)
AHEAD = timedelta(days=60)
SLACK = timedelta(minutes=5)
State = Gathering.State
Times = Sequence[tuple[datetime, datetime]]


@transaction.atomic
def open_gathering(
    *,
    branch: Branch,
    kind: str,
    title: str,
    items: Sequence[StudyItem],
    by: Member,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    sessions: Times = (),
    place: str = "",
    invited: Sequence[Branch] = (),
) -> Gathering:
    """Register a gathering that is over; who belongs to the branch that day is expected.

    Args:
        sessions: start and end of each; ``starts_at`` and ``ends_at`` are short for one.

    Raises:
        DomainError: times that cannot be, nothing shown, an item without a published revision,
            or nobody expected.
    """
    times = list(sessions) or [(starts_at, ends_at)]
    _check_times(times)
    if times[-1][1] > clock.now() + SLACK:
        raise DomainError(_("集体学习结束后才能登记，结束时间不能晚于现在。"), field="ends_at")
    gathering = _create(
        State.OPEN, times, branch=branch, kind=kind, title=title, items=items, by=by,
        place=place, invited=invited,
    )  # fmt: skip
    audit.record("gatherings.opened", actor=by, subject=gathering)
    return gathering


@transaction.atomic
def convene_gathering(
    *,
    branch: Branch,
    kind: str,
    title: str,
    items: Sequence[StudyItem],
    by: Member,
    sessions: Times,
    place: str = "",
    invited: Sequence[Branch] = (),
) -> Gathering:
    """Open a gathering before or while it runs; the expected are told and may check in.

    Raises:
        DomainError: as ``open_gathering``; or it is over already, or too far ahead.
    """
    times = list(sessions)
    _check_times(times)
    now = clock.now()
    if times[-1][1] <= now:
        raise DomainError(_("结束时间已过，请按“补登记”办理。"), field="ends_at")
    if times[0][0] > now + AHEAD:
        raise DomainError(_("最多提前 60 天，请检查日期。"), field="held_on")
    gathering = _create(
        State.RUNNING, times, branch=branch, kind=kind, title=title, items=items, by=by,
        place=place, invited=invited,
    )  # fmt: skip
    audit.record("gatherings.convened", actor=by, subject=gathering)
    _tell_invited(gathering, gathering.place or branch.short_name)
    return gathering


@school_language()
def _tell_invited(gathering: Gathering, place: str) -> None:
    local = gathering.starts_at.astimezone(clock.LOCAL)
    tell(
        member_ids=gathering.attendances.values_list("member_id", flat=True),
        title=_("集体学习通知：%(title)s") % {"title": gathering.title},
        body=_("%(when)s，%(where)s。到场后用本人手机签到；不能参加请先请假。")
        % {"when": f"{local:%Y-%m-%d %H:%M}", "where": place},
        path=reverse("gatherings:own"),
    )


def _check_times(times: Times) -> None:
    previous = None
    for starts_at, ends_at in times:
        if ends_at <= starts_at:
            raise DomainError(_("结束时间要晚于开始时间。"), field="ends_at")
        if ends_at - starts_at > LONGEST:
            raise DomainError(_("一次集体学习不能超过 12 小时，请按天分别登记。"), field="ends_at")
        if previous and starts_at < previous:
            raise DomainError(_("各场次要按先后填写，时间不能重叠。"), field="ends_at")
        previous = ends_at
    if times[-1][1] - times[0][0] > LONGEST_DAY:
        raise DomainError(_("各场次要在同一天，跨天请分别登记。"), field="ends_at")


def _create(state: str, times: Times, *, branch, kind, title, items, by, place, invited):
    shown = [item for item in items if item.current_id and item.withdrawn_at is None]
    if kind == Gathering.Kind.GROUP and not shown:
        raise DomainError(_("请至少选一项学习内容。"), field="items")
    title = title.strip()[:80] or (shown[0].title[:80] if shown else "")
    if not title:
        raise DomainError(_("请填写主题。"), field="title")
    gathering = Gathering.objects.create(
        branch=branch,
        kind=kind,
        title=title,
        place=place.strip()[:60],
        starts_at=times[0][0],
        ends_at=times[-1][1],
        state=state,
        created_by=by,
        created_at=clock.now(),
    )
    GatheringSession.objects.bulk_create(
        GatheringSession(gathering=gathering, starts_at=low, ends_at=high) for low, high in times
    )
    GatheringItem.objects.bulk_create(
        GatheringItem(gathering=gathering, item=item, revision_id=item.current_id) for item in shown
    )
    _expect(gathering, branch, invited, clock.local_day(gathering.starts_at))
    return gathering


def _expect(gathering: Gathering, branch: Branch, invited: Sequence[Branch], day: date) -> None:
    """The branch's own, those who take part there too, and those of the invited below."""
    for below in invited:
        if below.pk == branch.pk or not below.path.startswith(branch.path):
            raise DomainError(_("只能邀请下级党组织，请重新选择。"), field="invited")
    gathering.invited.set(invited)
    home = set(members_of(branch, day, subtree=False).values_list("pk", flat=True))
    for below in invited:
        home |= set(members_of(below, day).values_list("pk", flat=True))
    attached = set(attached_members_of(branch, day).values_list("pk", flat=True)) - home
    if not home and not attached:
        raise DomainError(_("这个党组织当天没有党员，不能登记集体学习。"))
    if len(home) + len(attached) > settings.GATHERING_PEOPLE:
        raise DomainError(
            _("应到超过 %(limit)d 人，请按支部分别登记。") % {"limit": settings.GATHERING_PEOPLE},
            field="invited",
        )
    branches = home_branch_ids(home | attached, day)
    Attendance.objects.bulk_create(
        Attendance(
            gathering=gathering,
            member_id=pk,
            branch_id=branches.get(pk),
            attached=pk in attached,
        )
        for pk in sorted(home | attached)
    )


@transaction.atomic
def end_gathering(*, gathering: Gathering, ended_at: datetime, by: Member) -> Gathering:
    """End one that runs: nobody checks in any more, and the names can be gone through.

    Sessions that had not begun at ``ended_at`` fall away.

    Raises:
        Conflict: it does not run.
        DomainError: an end before the beginning or in the future.
    """
    gathering = locked_in(gathering.pk, State.RUNNING)
    if ended_at > clock.now() + SLACK:
        raise DomainError(_("结束时间不能晚于现在。"), field="ended_at")
    if ended_at <= gathering.starts_at:
        raise DomainError(_("结束时间要晚于开始时间；还没有开始的可以直接作废。"), field="ended_at")
    gathering.sessions.filter(starts_at__gte=ended_at).delete()
    last = gathering.sessions.order_by("-starts_at").first()
    last.ends_at = ended_at
    _check_times([(last.starts_at, ended_at)])
    last.save(update_fields=["ends_at"])
    gathering.ends_at, gathering.state = ended_at, State.OPEN
    gathering.save(update_fields=["ends_at", "state"])
    audit.record("gatherings.ended", actor=by, subject=gathering)
    return gathering


@transaction.atomic
def close_gathering(
    *,
    gathering: Gathering,
    by: Member,
    states: Mapping[int, str] | None = None,
    marks: Mapping[tuple[int, int], Mark] | None = None,
    seen_at: datetime | None = None,
) -> Gathering:
    """Record who was there and book it, or send it to the branch above where that approves.

    Booking: hours once a person from arrival to leave, viewing met for the items shown. The
    interval enters each person's spent time, so minutes already counted elsewhere are not paid
    again, and later reports of the same minutes earn nothing. Hours that whoever registers it has
    entered for himself wait for the branch above in any case.

    Args:
        states: attendance id → present, leave or absent, for all sessions.
        marks: (attendance id, session id) → mark. Who is neither named nor entered was absent.
        seen_at: when the list was shown; a check-in after that is not overwritten.

    Raises:
        Conflict: the gathering is not open for entering.
        DomainError: a mark that cannot be.
    """
    gathering = locked_in(gathering.pk, State.OPEN)
    sessions = list(gathering.sessions.all())
    named = {
        (pk, session.pk): Mark(state)
        for pk, state in (states or {}).items()
        for session in sessions
    } | dict(marks or {})
    write_marks(gathering, sessions, named, seen_at=seen_at, rest=Attendance.State.ABSENT)
    gathering.entered_by, gathering.entered_at = by, clock.now()
    gathering.send_back_reason = ""
    if settings.GATHERING_APPROVAL == "parent":
        gathering.state = State.WAITING
        gathering.save()
        audit.record("gatherings.submitted", actor=by, subject=gathering)
        return gathering
    return book_all(gathering=gathering, by=by)


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
    if gathering.state == State.CANCELLED:
        raise Conflict(_("这次集体学习已经作废。"))
    booked = gathering.state == State.CLOSED
    gathering.state = State.CANCELLED
    gathering.cancel_reason = reason.strip()[:200]
    gathering.save(update_fields=["state", "cancel_reason"])
    if booked:
        take_back_all(gathering=gathering, reason=reason, by=by)
    audit.record("gatherings.cancelled", actor=by, subject=gathering, fields={"reason": reason})
    return gathering
