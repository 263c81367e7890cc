"""The year of the ledger: closed once, and what arrives afterwards is booked or refused."""

from datetime import date, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import Conflict, DomainError, NotAllowed
from school.core.language import school_language
from school.members.models import Member, RoleGrant
from school.notices.services import remind
from school.study.models import HourEntry, LateArrival, YearClose
from school.study.registry import OpenMatter, open_matters
from school.study.selectors.rules import rule_on, year_closed
from school.study.selectors.years import closing_day, oldest_open_year
from school.study.services.ledger import post_late
from school.study.services.locks import lock_member
from school.study.services.sinks.drain import drain_all
from school.study.services.studied import settle_idle_sessions

State = LateArrival.State
CLOSE, BUFFERED = "close", "buffered"


def close_year(*, year: int, by: Member | None, despite: int = 0) -> YearClose:
    """Close a year: study still to be booked is booked first, then it takes no further entry.

    Args:
        by: who closes it; None: the school itself, on its day.
        despite: how many open matters of the year were read and are left to the late arrivals.

    Raises:
        Conflict: it is closed already, not over yet, its closing day has not come, or
            other matters of it are open than were read.
    """
    if year >= clock.today().year:
        raise Conflict(_("%(year)s 年度还没有结束，不能封账。") % {"year": year})
    if clock.today() <= closing_day(year):
        raise Conflict(
            _("%(year)s 年度的学时可以更正到 %(day)s，之后才能封账。")
            % {"year": year, "day": closing_day(year)}
        )
    if settings.STUDY_SINK == BUFFERED:
        drain_all()  # what still waits outside the database would come after the closing
    settle_idle_sessions()
    matters = open_matters(year)
    if sum(each.count for each in matters) != despite:
        raise Conflict(
            _("%(year)s 年度还有未了事项：%(what)s。请先办理，或核对数目后确认仍要封账。")
            % {"year": year, "what": named(matters)}
        )
    with transaction.atomic():
        closed, made = YearClose.objects.get_or_create(
            year=year, defaults={"closed_at": clock.now(), "closed_by": by}
        )
        if not made:
            raise Conflict(_("%(year)s 年度已经封账。") % {"year": year})
        fields = {"year": year, "open": despite}
        audit.record("study.year_closed", actor=by, subject=closed, fields=fields)
    return closed


def named(matters: list[OpenMatter]) -> str:
    """Open matters with their counts, as one line."""
    return "、".join(f"{each.label} {each.count}" for each in matters) or _("无")


def look_after_year() -> str:
    """What the setting says about a year whose closing day is past: close it, or remind.

    While something of the year is open it is not closed without a person: they are reminded.

    Returns "closed", "reminded", or "" when nothing was to be done.
    """
    year = oldest_open_year()
    if year is None or clock.today() <= closing_day(year):
        return ""
    if settings.STUDY_YEAR_END == CLOSE and not open_matters(year):
        close_year(year=year, by=None)
        return "closed"
    keepers = RoleGrant.objects.on(clock.today()).filter(
        role=RoleGrant.Role.SCHOOL_ADMIN, branch__depth=1, member__is_active=True
    )
    with school_language():
        title = _("%(year)s 年度学时等待封账") % {"year": year}
        body = _("更正截止日 %(day)s 已过，请在后台核对后封账。") % {"day": closing_day(year)}
        if matters := open_matters(year):
            body += _("未了事项：%(what)s。") % {"what": named(matters)}
    sent = remind(
        member_ids=keepers.values_list("member_id", flat=True),
        title=title,
        body=body,
        path=reverse("hour_years:close", args=[year]),
        topic=f"year:{year}:{_week(clock.today())}",
        by=None,
    )
    return "reminded" if sent.delivered else ""


def _week(day: date) -> str:
    return str(day - timedelta(days=day.weekday()))


@transaction.atomic
def book_late(*, late: LateArrival, by: Member, reason: str = "") -> HourEntry:
    """Count a late arrival for this year, within this year's caps.

    Raises:
        NotAllowed: it is one's own.
        Conflict: it has been decided already, or this year is closed.
    """
    late = _undecided(late, by)
    year = clock.today().year
    if year_closed(year):
        raise Conflict(_("%(year)s 年度已封账，不能再记学时，请联系教务。") % {"year": year})
    entry = post_late(late=late, year=year, rule=rule_on(late.entry.studied_on))
    _decide(late, State.BOOKED, by, reason, booked=entry)
    return entry


@transaction.atomic
def refuse_late(*, late: LateArrival, by: Member, reason: str) -> LateArrival:
    """Let a late arrival count for nothing, with the reason the member reads.

    Raises:
        NotAllowed: it is one's own.
        DomainError: no reason.
        Conflict: it has been decided already.
    """
    if not reason.strip():
        raise DomainError(_("请写明不予计入的原因。"), field="reason")
    late = _undecided(late, by)
    _decide(late, State.REFUSED, by, reason.strip())
    return late


def _undecided(late: LateArrival, by: Member) -> LateArrival:
    lock_member(late.entry.member_id)
    late = LateArrival.objects.select_for_update().select_related("entry").get(pk=late.pk)
    if late.entry.member_id == by.pk:
        raise NotAllowed(_("不能处理自己的学时，请由其他教务人员处理。"))
    if late.state != State.WAITING:
        raise Conflict(_("这条迟到学时已经处理过。"))
    return late


def _decide(late: LateArrival, state: str, by: Member, reason: str, **changed) -> None:
    late.state, late.decided_by, late.decided_at = state, by, clock.now()
    late.reason = reason[:200]
    late.booked = changed.get("booked")
    late.save(update_fields=["state", "decided_by", "decided_at", "reason", "booked"])
    audit.record(
        f"study.late_{state}",
        actor=by,
        subject=late,
        fields={"year": late.year, "award": late.award, "reason": late.reason},
    )
