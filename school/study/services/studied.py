"""Booking study that counts by time, once nobody studies any more."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from school.core import clock
from school.study.models import HourRule, StudySession
from school.study.selectors.rules import RuleBook
from school.study.services.ledger import post_studied
from school.study.services.locks import lock_member

PORTION = 500


def settle_idle_sessions() -> int:
    """Book the study of sessions that have ended: nothing reported for some minutes, or expired.

    Each in a transaction of its own; returns how many sessions were settled.
    """
    book, settled = RuleBook(), 0
    while portion := _ended():
        for session in portion:
            settle_session(session=session, book=book)
        settled += len(portion)
    return settled


def _ended() -> list[StudySession]:
    now = clock.authority()
    idle = now - timedelta(minutes=settings.STUDY_SETTLE_MINUTES)
    over = Q(last_report_at__lt=idle) | Q(last_report_at=None, opened_at__lt=idle)
    return list(
        StudySession.objects.filter(over | Q(expires_at__lt=now), settled_at=None)
        .select_related("revision__item")
        .order_by("opened_at")[:PORTION]
    )


@transaction.atomic
def settle_session(*, session: StudySession, book: RuleBook | None = None) -> None:
    """Book what a session's item has to be paid by time; called when a session is over.

    Each report that is posted takes the mark back, whenever it was sent: what waited in a queue or
    on a device is booked in the next round. Under the member's lock, so no report falls between.
    """
    lock_member(session.member_id)
    book = book or RuleBook()
    days = {clock.local_day(at) for at in (session.opened_at, session.expires_at)}
    if any(book.mode(day) == HourRule.Mode.AS_STUDIED for day in days):
        post_studied(
            member_id=session.member_id,
            revision=session.revision,
            cycle=session.cycle,
            book=book,
        )
    StudySession.objects.filter(pk=session.pk).update(settled_at=clock.now())
