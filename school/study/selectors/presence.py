"""How long a member has studied since somebody last said to be there, whichever page it was in."""

from datetime import datetime, timedelta
from typing import NamedTuple

from school.study.models import Report, StudySession
from school.study.rules import gates

REST = timedelta(hours=1)  # who comes back after it starts anew
REPORTS = 100
VISITS = 1000


class Visit(NamedTuple):
    """What an opening looks at of the visits before it."""

    pk: object
    opened_at: datetime
    last_report_at: datetime | None
    carried_ms: int
    check_high: int


def visits_of_a_day(member_id: int, now: datetime) -> list[Visit]:
    """The visits a member opened in the last 24 hours, the newest first, ``VISITS`` at most."""
    rows = StudySession.objects.filter(member_id=member_id, opened_at__gt=now - timedelta(days=1))
    found = rows.order_by("-opened_at").values_list(*Visit._fields)
    return [Visit(*each) for each in found[:VISITS]]


def unanswered_ms(visits: list[Visit], now: datetime) -> int:
    """Milliseconds studied since the last answered check-in, for a visit that begins now.

    Of the latest visit that was asked and has reported, and what that one had brought along; 0
    after a rest. One query, none without such a visit.
    """
    asked = [
        v for v in visits if v.check_high and v.last_report_at and v.last_report_at > now - REST
    ]
    if not asked:
        return 0
    last = max(asked, key=lambda visit: visit.last_report_at)
    reports = Report.objects.filter(session_id=last.pk).order_by("-seq")[:REPORTS]
    carried = gates.unanswered((each.evidence() for each in reports), last.carried_ms)
    return min(last.check_high, carried)
