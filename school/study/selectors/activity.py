"""Study as a sign of life: whoever watches a film makes no page request for an hour."""

from datetime import datetime, timedelta

from django.conf import settings

from school.study.models import StudySession


def studied_since(member_id: int, since: datetime, agent: str) -> bool:
    """Whether a report of this member from this kind of browser was accepted after a moment."""
    opened = since - timedelta(hours=settings.STUDY_SESSION_HOURS)
    return StudySession.objects.filter(
        member_id=member_id,
        opened_at__gt=opened,
        last_report_at__gt=since,
        device=agent[:64],
    ).exists()
