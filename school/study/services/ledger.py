"""The credit ledger: every line is written here, once, and corrected only by a further line."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import Conflict, DomainError
from school.members.models import Member
from school.study import signals
from school.study import spans as sets
from school.study.models import (
    Completion,
    Coverage,
    HourEntry,
    StudyItem,
)
from school.study.rules import hours, judge
from school.study.selectors.rules import rule_on, year_closed
from school.study.services import rows
from school.study.services.locks import lock_member

# Self-paced study online: what the daily cap holds and cuts.
SELF_PACED = (HourEntry.Source.ONLINE, HourEntry.Source.QUIZ)


def _book(**fields) -> HourEntry:
    entry = HourEntry.objects.create(recorded_at=clock.now(), **fields)
    signals.credited.send(sender=HourEntry, entry=entry)
    return entry


@transaction.atomic
def post_completion(*, completion: Completion) -> HourEntry | None:
    """Book what a completion pays; once, however often it is called.

    Pays the revision's award, once a year for an item, within the caps of the rule in force on
    the day of study. What is not paid is booked as 0 with the reason. Nothing is booked where the
    item has no award or where the time was spent in a gathering, which books offline hours.
    """
    revision = completion.revision
    if not revision.award or completion.evidence == Completion.Evidence.GROUP:
        return None
    lock_member(completion.member_id)
    origin = f"completion:{completion.pk}"
    mine = HourEntry.objects.filter(member_id=completion.member_id)
    if booked := mine.filter(origin=origin).first():
        return booked
    day = completion.effective_on
    rule = rule_on(day)
    source = (
        HourEntry.Source.QUIZ
        if completion.item.kind == StudyItem.Kind.QUIZ
        else HourEntry.Source.ONLINE
    )
    year = mine.filter(counts_for_year=day.year)
    caps = rule.yearly_caps if rule else {}
    granted = hours.grant(
        revision.award,
        closed=year_closed(day.year),
        paid=_sum(year.filter(item_id=completion.item_id, source=source)) > 0,
        day_cap=rule.daily_cap if rule else None,
        day_sum=_sum(mine.filter(studied_on=day, source__in=SELF_PACED))
        if rule and rule.daily_cap is not None
        else 0,
        year_cap=caps.get(source),
        year_sum=_sum(year.filter(source=source)) if source in caps else 0,
    )
    return _book(
        member_id=completion.member_id,
        item_id=completion.item_id,
        title=completion.item.title,
        seconds=_studied_seconds(completion),
        credit=granted.credit,
        source=source,
        studied_on=day,
        counts_for_year=day.year,
        rule=rule,
        origin=origin,
        note=granted.note,
    )


def _sum(entries) -> int:
    return entries.aggregate(total=Sum("credit"))["total"] or 0


def _studied_seconds(completion: Completion) -> int:
    row = Coverage.objects.filter(
        member_id=completion.member_id,
        revision_id=completion.revision_id,
        cycle=completion.cycle,
    ).values_list("studied_ms", flat=True)
    return (row.first() or 0) // 1000


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
) -> HourEntry:
    """Book time spent together or entered by hand; the same ``origin`` books once.

    Raises:
        DomainError: no time, or a source that is not for offline hours.
        Conflict: the year is closed.
    """
    if seconds < 0 or source in SELF_PACED or source not in HourEntry.Source.values:
        raise DomainError(_("线下学时的时长或来源不正确，请检查后重新提交。"))
    lock_member(member_id)
    booked = HourEntry.objects.filter(member_id=member_id, origin=origin).first()
    if booked:
        return booked
    if year_closed(studied_on.year):
        raise Conflict(
            _("%(year)s 年度已封账，不能再记学时，请联系教务。") % {"year": studied_on.year}
        )
    rule = rule_on(studied_on)
    minutes = rule.offline_minutes_per_hour if rule else 60
    return _book(
        member_id=member_id,
        item=item,
        title=title[:255],
        seconds=seconds,
        credit=hours.proportional(seconds, minutes),
        source=source,
        studied_on=studied_on,
        counts_for_year=studied_on.year,
        rule=rule,
        origin=origin,
        note=note[:200],
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
def reverse_entry(*, entry: HourEntry, reason: str, by: Member | None) -> HourEntry:
    """Take an entry back by a further one of the opposite sign.

    Raises:
        Conflict: it is a reversal itself, was reversed before, or its year is closed.
    """
    lock_member(entry.member_id)
    if entry.reverses_id or HourEntry.objects.filter(reverses=entry).exists():
        raise Conflict(_("这条学时记录已经冲销过，不能再次冲销。"))
    if year_closed(entry.counts_for_year):
        raise Conflict(
            _("%(year)s 年度已封账，不能冲销，请联系教务。") % {"year": entry.counts_for_year}
        )
    opposite = _book(
        member_id=entry.member_id,
        item_id=entry.item_id,
        title=entry.title,
        seconds=-entry.seconds,
        credit=-entry.credit,
        source=entry.source,
        studied_on=entry.studied_on,
        counts_for_year=entry.counts_for_year,
        rule_id=entry.rule_id,
        origin=f"reverse:{entry.pk}",
        note=reason[:200],
        reverses=entry,
    )
    audit.record(
        "study.entry_reversed",
        actor=by,
        subject=entry,
        fields={"credit": entry.credit, "reason": reason},
    )
    return opposite
