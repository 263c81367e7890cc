"""Sending and reading messages. A reminder on one matter reaches a person once in three days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from school.core import audit, clock
from school.members.models import Member
from school.notices.models import Delivery, Message


@dataclass(frozen=True)
class Sent:
    """Outcome: the message (None when nobody was left), how many got it, how many were spared."""

    message: Message | None
    delivered: int
    spared: int


@transaction.atomic
def remind(
    *,
    member_ids: Iterable[int],
    title: str,
    body: str,
    path: str,
    topic: str,
    by: Member | None,
) -> Sent:
    """Remind members of a matter, across all senders at most once in the set number of days.

    Args:
        topic: what is one matter, for example ``plan:3``.
    """
    wanted = set(member_ids)
    since = clock.now() - timedelta(days=settings.NOTICES_REMINDER_DAYS)
    spared = set(
        Delivery.objects.filter(
            member_id__in=wanted, message__topic=topic, delivered_at__gt=since
        ).values_list("member_id", flat=True)
    )
    remaining = sorted(wanted - spared)
    if not remaining:
        return Sent(None, 0, len(spared))
    message = _send(Message.Kind.REMINDER, remaining, title, body, path, topic, by)
    audit.record(
        "notices.reminded", actor=by, subject=message, fields={"delivered": len(remaining)}
    )
    return Sent(message, len(remaining), len(spared))


@transaction.atomic
def tell(*, member_ids: Iterable[int], title: str, body: str = "", path: str = "") -> Message:
    """A message from the system itself."""
    return _send(Message.Kind.SYSTEM, sorted(set(member_ids)), title, body, path, "", None)


def _send(
    kind: str,
    member_ids: list[int],
    title: str,
    body: str,
    path: str,
    topic: str,
    by: Member | None,
) -> Message:
    now = clock.now()
    message = Message.objects.create(
        kind=kind,
        title=title[:80],
        body=body[:500],
        path=path,
        topic=topic,
        sender=by,
        sent_at=now,
    )
    Delivery.objects.bulk_create(
        [Delivery(message=message, member_id=pk, delivered_at=now) for pk in member_ids],
        batch_size=500,
    )
    return message


@transaction.atomic
def mark_read(*, member: Member) -> int:
    """All of a member's messages are read; returns how many were not before."""
    return Delivery.objects.filter(member=member, read_at=None).update(read_at=clock.now())
