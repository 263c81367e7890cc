"""Lines of hours together, and from outside: gatherings, imports, decisions, late arrivals."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from school.core import clock
from school.core.errors import DomainError
from school.core.language import school_language
from school.study import spans as sets
from school.study.models import (
    HourEntry,
    HourRule,
    LateArrival,
    StudyItem,
)
from school.study.rules import hours, judge, origins
from school.study.selectors.rules import rule_on
from school.study.services import rows
from school.study.services.ledger.posting import SELF_PACED, booked_as, post
from school.study.services.locks import lock_member


@transaction.atomic
def post_offline(
    *,
    member_id: int,
    title: str,
    seconds: int,
    source: str,
    studied_on: date,
    origin: str,
    item: StudyItem | None = None,
    note: str = "",
    award: int | None = None,
    again: bool = False,
) -> HourEntry:
    """Book time spent together or entered by hand; the same ``origin`` books once.

    In a closed year the line is 0 and the hours go to the list of late arrivals.

    Args:
        award: hundredths of 学时 when they are given as such; None: by the minutes of the kind.
        again: book anew where the last line of the origin was taken back.

    Raises:
        DomainError: no time, or a source that is not for offline hours.
    """
    if seconds < 0 or source in SELF_PACED or source not in HourEntry.Source.values:
        raise DomainError(_("线下学时的时长或来源不正确，请检查后重新提交。"))
    lock_member(member_id)
    booked = booked_as(member_id, origin)
    if booked and not (again and hasattr(booked, "reversed_by")):
        return booked
    rule = rule_on(studied_on)
    return post(
        round=booked.round + 1 if booked else 0,
        member_id=member_id,
        item=item,
        title=title[:255],
        seconds=seconds,
        award=hours.offline_credit(rule, source, seconds) if award is None else award,
        source=source,
        studied_on=studied_on,
        counts_for_year=studied_on.year,
        rule=rule,
        origin=origin,
        note=note,
    )


@transaction.atomic
def post_decided(
    *,
    member_id: int,
    title: str,
    award: int,
    source: str,
    studied_on: date,
    origin: str,
    item: StudyItem | None = None,
    note: str = "",
) -> HourEntry:
    """Book hours that a person has decided on, of any source; the same ``origin`` books once.

    They count in full. Online ones fill the caps for what is studied afterwards. In a closed year
    the line is 0 and the hours go to the list of late arrivals.

    Args:
        award: hundredths of 学时.

    Raises:
        DomainError: no hours, or no such source.
    """
    if award <= 0 or source not in HourEntry.Source.values:
        raise DomainError(_("学时或来源不正确，请检查后重新提交。"))
    lock_member(member_id)
    if booked := booked_as(member_id, origin):
        return booked
    return post(
        member_id=member_id,
        item=item,
        title=title[:255],
        seconds=0,
        award=award,
        source=source,
        studied_on=studied_on,
        counts_for_year=studied_on.year,
        rule=rule_on(studied_on),
        origin=origin,
        note=note,
        decided=True,
    )


@transaction.atomic
def claim_wall(*, member_id: int, start: datetime, end: datetime) -> sets.Spans:
    """Spend a member's real time on something else than a page (a gathering).

    Returns the parts of ``[start, end)`` that were still free, as spans of milliseconds since
    ``start``; keep them for ``release_wall``. Study reported later for the same minutes earns
    nothing, and the other way round.
    """
    low, high = (judge.local_ms(clock.to_ms(moment)) for moment in (start, end))
    if low >= high:
        return []
    return sets.shift(rows.claim(member_id, low, high), -low)


@transaction.atomic
def release_wall(*, member_id: int, start: datetime, spans: sets.Spans) -> None:
    """Give back time that ``claim_wall`` took: what it was spent on has been declared void."""
    rows.release(member_id, sets.shift(spans, judge.local_ms(clock.to_ms(start))))


@transaction.atomic
def post_late(*, late: LateArrival, year: int, rule: HourRule | None) -> HourEntry:
    """Book a late arrival into another year; once."""
    first = late.entry
    origin = f"{origins.LATE}:{late.pk}"
    lock_member(first.member_id)
    if booked := booked_as(first.member_id, origin):
        return booked
    return post(
        member_id=first.member_id,
        item_id=first.item_id,
        title=first.title,
        seconds=0,  # the time stands in the line of the closed year
        award=late.award,
        source=first.source,
        studied_on=first.studied_on,
        counts_for_year=year,
        rule=rule,
        origin=origin,
        note=_late_note(late),
    )


@school_language()
def _late_note(late: LateArrival) -> str:
    return _("%(year)s 年度封账后到达，经批准计入") % {"year": late.year}
