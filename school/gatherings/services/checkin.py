"""The member's own part: check in with the code that is shown, or ask for leave."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from school.core import clock
from school.core.errors import Conflict, DomainError, TooMany
from school.gatherings.models import Attendance, CheckInTries, Gathering, Presence
from school.gatherings.rules import code_fits, code_of, code_window, folded_code, late_minutes
from school.gatherings.selectors.sessions import open_session
from school.gatherings.services.names import locked_in
from school.members.models import Member

State = Gathering.State
PRESENT, LEAVE = Attendance.State.PRESENT, Attendance.State.LEAVE


def _key() -> bytes:
    return settings.SECRET_KEY.encode()


def code_now(gathering: Gathering) -> str:
    """The code to show at this moment."""
    seconds = settings.GATHERING_CODE_SECONDS
    window = code_window(clock.to_ms(clock.authority()), seconds)
    return code_of(_key(), gathering.pk, window)


def check_in(*, member: Member, attendance: Attendance, code: str) -> Presence:
    """Check in oneself with the code on the screen; a second time changes nothing.

    Args:
        attendance: the member's own row.

    Raises:
        TooMany: too many wrong codes of this member.
        Conflict: it does not run, or check-in is not open.
        DomainError: the code is not the one shown.
    """
    if attendance.member_id != member.pk:
        raise DomainError(_("只能为本人签到。"))
    now = clock.authority()
    _count_try(member, now)
    presence = _check_in(attendance, folded_code(code), now)
    CheckInTries.objects.filter(member=member).update(tries=0)
    return presence


@transaction.atomic
def _check_in(attendance: Attendance, code: str, now: datetime) -> Presence:
    # The row first, then the state: closing takes the rows too, so one of both sees the other.
    attendance = Attendance.objects.select_for_update(of=("self",)).get(pk=attendance.pk)
    gathering = Gathering.objects.get(pk=attendance.gathering_id)
    session = open_session(gathering, now)
    if session is None:
        raise Conflict(_why_not_now(gathering, now))
    seconds = settings.GATHERING_CODE_SECONDS
    if not code_fits(_key(), gathering.pk, code, clock.to_ms(now), seconds):
        raise DomainError(_("签到码不对或已更新，请看屏幕上现在的数字再输一次。"), field="code")
    row = Presence.objects.filter(attendance=attendance, session=session).first()
    if row and row.state == PRESENT:
        return row
    row = row or Presence(attendance=attendance, session=session)
    row.state, row.method, row.checked_in_at = PRESENT, Presence.Method.CODE, now
    row.early_minutes = 0
    row.late_minutes = late_minutes(
        clock.to_ms(session.starts_at), clock.to_ms(now), settings.GATHERING_GRACE_MINUTES
    )
    row.save()
    attendance.state = PRESENT
    attendance.save(update_fields=["state"])
    return row


def _why_not_now(gathering: Gathering, now: datetime) -> str:
    if gathering.state == State.RUNNING and now < gathering.ends_at:
        return _("还没有到签到时间，开始前 %(minutes)d 分钟起可以签到。") % {
            "minutes": settings.GATHERING_CHECK_IN_BEFORE_MINUTES
        }
    return _("签到已结束。到会的请找组织者登记。")


@transaction.atomic
def _count_try(member: Member, now: datetime) -> None:
    """Count a try before it is looked at, so that guesses sent at once wait for each other."""
    CheckInTries.objects.get_or_create(member=member, defaults={"since": now})
    row = CheckInTries.objects.select_for_update().get(member=member)
    pause = timedelta(minutes=settings.GATHERING_CODE_MINUTES)
    if now - row.since >= pause:
        row.tries, row.since = 0, now
    if row.tries >= settings.GATHERING_CODE_TRIES:
        left = max(1, -(-int((row.since + pause - now).total_seconds()) // 60))
        raise TooMany(
            _("输错次数过多，请 %(minutes)d 分钟后再试，或请组织者点名登记。") % {"minutes": left}
        )
    row.tries += 1
    row.save()


@transaction.atomic
def ask_leave(*, attendance: Attendance, excuse: str) -> Attendance:
    """Say in advance or while it runs that one cannot come; the organiser sees why.

    Raises:
        Conflict: it does not run any more, or one is present already.
        DomainError: no reason.
    """
    excuse = excuse.strip()
    if not excuse:
        raise DomainError(_("请写明请假事由。"), field="excuse")
    gathering = locked_in(attendance.gathering_id, State.RUNNING)
    attendance = Attendance.objects.select_for_update(of=("self",)).get(pk=attendance.pk)
    if attendance.state == PRESENT:
        raise Conflict(_("已经签到，不能再请假。要早退请告诉组织者。"))
    for session in gathering.sessions.all():
        Presence.objects.get_or_create(
            attendance=attendance,
            session=session,
            defaults={"state": LEAVE, "method": Presence.Method.NAME},
        )
    attendance.state, attendance.excuse = LEAVE, excuse[:100]
    attendance.save(update_fields=["state", "excuse"])
    return attendance
