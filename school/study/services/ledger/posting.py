"""The one door: how a line gets into the ledger, and what stands there of an origin."""

from django.db.models import Max, Q, Sum

from school.core import clock
from school.study import signals
from school.study.models import (
    HourEntry,
    HourRule,
    LateArrival,
)
from school.study.rules import origins
from school.study.selectors.room import held_by_caps
from school.study.selectors.rules import year_closed

SELF_PACED = HourEntry.SELF_PACED


def book(**fields) -> HourEntry:
    entry = HourEntry.objects.create(recorded_at=clock.now(), **fields)
    signals.credited.send(sender=HourEntry, entry=entry)
    return entry


def _sum(entries) -> int:
    return entries.aggregate(total=Sum("credit"))["total"] or 0


def post(
    *, award: int, rule: HourRule | None, paid: bool = False, decided: bool = False, **fields
) -> HourEntry:
    """Book an award as far as year and caps allow; the same origin once in the same round.

    A closed year takes a line of 0, and the award goes to the list of late arrivals.
    The member's row is held by the caller.

    Args:
        decided: a person has said how much it is, so no cap cuts it.
    """
    member_id, source = fields["member_id"], fields["source"]
    day, year = fields["studied_on"], fields["counts_for_year"]
    closed = year_closed(year)
    caps = None if closed or paid or decided else rule
    held = held_by_caps(member_id, caps, source, day, year)
    granted = held.grant(
        caps, award=award, source=source, day=day, year=year, paid=paid, closed=closed
    )
    fields["note"] = (granted.note or fields.get("note", ""))[:200]
    entry = book(**fields, award=award, credit=granted.credit, rule=rule)
    if closed and award > 0:
        LateArrival.objects.create(
            entry=entry, year=year, award=award, arrived_at=entry.recorded_at
        )
    return entry


def booked_as(member_id: int, origin: str) -> HourEntry | None:
    """The newest line of an origin, None before the first. It may have been reversed since."""
    mine = HourEntry.objects.filter(member_id=member_id, origin=origin)
    return mine.order_by("-round").first()


def lines_in_force(member_id: int, booked: Q) -> list[HourEntry]:
    """What stands today of some lines: themselves, or what corrections put in their place."""
    mine = HourEntry.objects.filter(member_id=member_id, reverses=None)
    found, more = set(), set(mine.filter(booked).values_list("pk", flat=True))
    while more:
        found |= more
        fixes = mine.filter(origin__in=[origins.of_fix(pk) for pk in more])
        more = set(fixes.values_list("pk", flat=True)) - found
    return list(HourEntry.objects.in_force().filter(pk__in=found).order_by("pk"))


def next_round(member_id: int, origin: str) -> int:
    mine = HourEntry.objects.filter(member_id=member_id, origin=origin)
    last = mine.aggregate(last=Max("round"))["last"]
    return 0 if last is None else last + 1
