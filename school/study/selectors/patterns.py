"""The evidence of one local day, in bulk, as the rules on patterns want it."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from django.conf import settings

from school.core import clock
from school.study import registry
from school.study import spans as sets
from school.study.models import ItemRevision, Report, StudySession, WallDay
from school.study.rules import gates
from school.study.rules.anomalies import Delivery, Trace, Visit

MEMBERS_AT_ONCE = 100


class Opened(NamedTuple):
    """A visit that reported something, as it is stored."""

    sid: UUID
    member_id: int
    revision_id: int
    item_id: int
    axis: str
    study_ms: int
    check_low: int
    check_high: int
    carried_ms: int
    opened_at: datetime
    last_report_at: datetime
    browser: str


def bounds(day: date) -> tuple[datetime, datetime]:
    """When a local day begins and ends."""
    begin = datetime.combine(day, time(), tzinfo=clock.LOCAL)
    return begin, begin + timedelta(days=1)


def visits_of(day: date) -> list[Opened]:
    """All visits opened on a day that still have their reports, by member. One query."""
    begin, end = bounds(day)
    rows = StudySession.objects.filter(
        opened_at__gte=begin, opened_at__lt=end, last_report_at__isnull=False, pruned_at=None
    ).values_list(
        *("pk", "member_id", "revision_id", "revision__item_id", "revision__axis"),
        *("revision__study_ms", "check_low", "check_high", "carried_ms"),
        *("opened_at", "last_report_at", "browser"),
    )
    return [Opened(*row) for row in rows.order_by("member_id", "opened_at").iterator()]


def is_pruned(day: date) -> bool:
    """Whether evidence of a day is gone, so that less is found than there was."""
    begin, end = bounds(day)
    rows = StudySession.objects.filter(opened_at__gte=begin, opened_at__lt=end)
    return rows.exclude(pruned_at=None).exists()


def on_the_day(opened: Sequence[Opened], day: date) -> list[Visit]:
    """Visits on the clock of their day."""
    midnight = bounds(day)[0]
    return [
        Visit(
            each.member_id,
            each.revision_id,
            _since(midnight, each.opened_at),
            _since(midnight, each.last_report_at),
            each.browser,
        )
        for each in opened
    ]


def _since(midnight: datetime, moment: datetime) -> int:
    return (moment - midnight) // timedelta(milliseconds=1)


def together_on(day: date) -> dict[int, sets.Spans]:
    """Member → the day's time in registered gatherings, in milliseconds since midnight."""
    begin, end = bounds(day)
    found: dict[int, sets.Spans] = {}
    for member, starts_at, ends_at in registry.together(begin, end):
        span = _since(begin, starts_at), _since(begin, ends_at)
        found[member] = sets.add(found.get(member, []), *span)[0]
    return found


def spent_on(day: date) -> Iterator[tuple[int, sets.Spans]]:
    """Each member with study on a day, and the real time it took. One query."""
    rows = WallDay.objects.filter(day=day).values_list("member_id", "spans")
    for member, spans in rows.iterator():
        yield member, sets.unpack(spans)


def traces_of(
    opened: Sequence[Opened], day: date
) -> Iterator[tuple[int, list[Trace], list[Delivery]]]:
    """Each member, what his visits of a day reported, and when; one query for a portion of members.

    Args:
        opened: visits, by member.
    """
    midnight = bounds(day)[0]
    by_member = [(member, list(rows)) for member, rows in groupby(opened, lambda o: o.member_id)]
    for first in range(0, len(by_member), MEMBERS_AT_ONCE):
        portion = by_member[first : first + MEMBERS_AT_ONCE]
        reports = _reports_of([each.sid for _member, rows in portion for each in rows])
        for member, rows in portion:
            told = [(each, reports[each.sid]) for each in rows if each.sid in reports]
            traces = [_trace(each, [one for one, _at in came]) for each, came in told]
            yield member, traces, [_delivery(each, came, midnight) for each, came in told]


def _reports_of(sids: list[UUID]) -> dict[UUID, list]:
    """Session → (evidence, receipt) of each report."""
    found: dict[UUID, list] = {}
    rows = Report.objects.filter(session_id__in=sids).order_by("session_id", "seq")
    rows = rows.only("session_id", "packed", "segments", "answers", "received_at")
    for report in rows.iterator():
        found.setdefault(report.session_id, []).append((report.evidence(), report.received_at))
    return found


def _delivery(each: Opened, came: list, midnight: datetime) -> Delivery:
    opened = _since(midnight, each.opened_at)
    spans: sets.Spans = []
    for (stretches, _answers), _at in came:
        for stretch in stretches:
            if stretch.visible and stretch.w0 < stretch.w1:
                spans, _gain = sets.add(spans, opened + stretch.w0, opened + stretch.w1)
    return Delivery(
        revision=each.revision_id,
        opened=opened,
        begin=spans[0] if spans else opened,
        end=spans[-1] if spans else opened,
        spent=sets.length(spans),
        received=[_since(midnight, at) for _evidence, at in came],
        browser=each.browser,
    )


def _trace(each: Opened, reports: list) -> Trace:
    is_text = each.axis == ItemRevision.Axis.TEXT
    trace = Trace(
        item=each.item_id,
        wanted=each.study_ms,
        moments=(),
        reports=reports,
        idle=settings.STUDY_TEXT_IDLE_SECONDS * 1000 if is_text else 0,
    )
    if not each.check_low or is_text:  # a text goes on by itself when somebody reads
        return trace
    asked = each.check_low, each.check_high, trace.length, each.carried_ms
    moments = gates.schedule(each.sid, *asked)
    return Trace(trace.item, trace.wanted, moments, reports, trace.idle)


def reported_late_on(day: date) -> dict[date, set[int]]:
    """Earlier days that something came in for on a day → whose visits it was. One query."""
    begin, _end = bounds(day)
    rows = StudySession.objects.filter(
        last_report_at__gte=begin, opened_at__lt=begin, opened_at__gte=begin - _late()
    )
    found: dict[date, set[int]] = {}
    for moment, member in rows.values_list("opened_at", "member_id").iterator():
        found.setdefault(clock.local_day(moment), set()).add(member)
    return found


def _late() -> timedelta:
    return timedelta(days=settings.STUDY_EVIDENCE_DAYS + 2)
