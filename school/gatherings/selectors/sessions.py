"""Which session of a gathering one may check in to."""

from datetime import datetime, timedelta

from django.conf import settings

from school.gatherings.models import Gathering, GatheringSession


def open_session(gathering: Gathering, now: datetime) -> GatheringSession | None:
    """The session one may check in to at a moment: somewhat before it until its end, or None."""
    if gathering.state != Gathering.State.RUNNING:
        return None
    before = timedelta(minutes=settings.GATHERING_CHECK_IN_BEFORE_MINUTES)
    running = (s for s in gathering.sessions.all() if s.starts_at - before <= now < s.ends_at)
    return next(running, None)
