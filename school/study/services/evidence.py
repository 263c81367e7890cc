"""How long evidence is kept: as long as somebody may ask for it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from school.core import audit, clock
from school.study import registry
from school.study.models import LateReport, LateStudy, Report, StudySession, YearClose

SESSIONS_AT_ONCE = 500


def prune() -> int:
    """Delete the reports of closed years that came ``STUDY_EVIDENCE_KEEP_DAYS`` ago or earlier.

    Evidence of an open year stays, and so does all evidence of a member with an open dispute (or
    whatever else an app holds, see ``registry.register_evidence_hold``). Sessions, coverage, study
    days, completions and the ledger stay for good. Small transactions: it may be interrupted and
    run again. Returns how many reports went.
    """
    years = sorted(YearClose.objects.values_list("year", flat=True))
    reports = sessions = 0
    while batch := list(_prunable(years).values_list("pk", flat=True)[:SESSIONS_AT_ONCE]):
        with transaction.atomic():
            reports += Report.objects.filter(session_id__in=batch).delete()[0]
            late = LateReport.objects.filter(session_id__in=batch)
            reports += late.exclude(study__state=LateStudy.State.WAITING).delete()[0]
            StudySession.objects.filter(pk__in=batch).update(pruned_at=clock.now())
        sessions += len(batch)
    if reports:
        fields = {"reports": reports, "sessions": sessions, "years": years}
        audit.record("study.evidence_pruned", fields=fields)
    return reports


def _prunable(years: Iterable[int]) -> QuerySet[StudySession]:
    """Sessions that lie in closed years from end to end, rest for long, and nobody holds."""
    before = clock.now() - timedelta(days=settings.STUDY_EVIDENCE_KEEP_DAYS)
    closed = Q(pk__in=[])
    for first, last in runs(years):
        closed |= Q(opened_at__gte=_new_year(first), expires_at__lt=_new_year(last + 1))
    rows = StudySession.objects.filter(closed, pruned_at=None)
    rows = rows.filter(Q(last_report_at=None) | Q(last_report_at__lt=before))
    for members in registry.evidence_holds():
        rows = rows.exclude(member_id__in=members)
    return rows.filter(expires_at__lt=before).order_by("opened_at")


def runs(years: Iterable[int]) -> list[tuple[int, int]]:
    """Years without a gap as (first, last): a session over New Year lies in two."""
    found: list[tuple[int, int]] = []
    for year in sorted(years):
        if found and found[-1][1] == year - 1:
            found[-1] = found[-1][0], year
        else:
            found.append((year, year))
    return found


def _new_year(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=clock.LOCAL)
