"""The sealer: binds what has become visible to the chain.

An entry takes its number when it is written and becomes visible when its transaction commits, so
a lower number may appear after a higher one was sealed. The sealer therefore never waits and
never assumes: it writes down which numbers it has sealed and which are missing so far (holes),
and seals a late entry as soon as it appears.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from school.core import clock
from school.core.audit import heads, ranges
from school.core.audit.entries import record
from school.core.audit.ranges import Range
from school.core.crypto import derived, key_id
from school.core.models import AuditEntry, AuditSeal

BATCH = 10_000
# No transaction stays open longer than this; a number missing for longer was never used.
HOLE_LIFE = timedelta(hours=24)
# Ranges asked for in one statement.
RANGES_AT_ONCE = 200

# What of an entry is sealed, in this order.
CONTENT = (
    "id",
    "at",
    "actor_id",
    "actor_label",
    "action",
    "subject_type",
    "subject_id",
    "subject_label",
    "fields",
    "address",
)


def moment(value: datetime) -> str:
    """A moment as it is signed: in UTC, whatever zone it was given in."""
    return value.astimezone(UTC).isoformat()


def content(row: tuple) -> list:
    """A row of ``CONTENT`` as it is sealed and archived."""
    return [moment(value) if isinstance(value, datetime) else value for value in row]


def digest(row: list) -> bytes:
    """SHA-256 of an entry's content."""
    text = json.dumps(row, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).digest()


def signature(key: str, document: Any, digests: Iterable[bytes] = ()) -> str:
    """HMAC of a document (plain values) and of digests, with a key made for the trail alone."""
    mac = hmac.new(derived("audit-seal", key), digestmod=hashlib.sha256)
    mac.update(hashlib.sha256(json.dumps(document, sort_keys=True).encode()).digest())
    for one in digests:
        mac.update(one)
    return mac.hexdigest()


def key_named(name: str) -> str | None:
    """The audit key a seal was made with, if it is still in the ring."""
    ring = [settings.AUDIT_KEY, *settings.AUDIT_KEYS_OLD]
    return next((key for key in ring if key_id(key) == name), None)


def seal_document(link: AuditSeal, previous_mac: str) -> list:
    """What of a seal is signed, besides its entries."""
    return [
        previous_mac,
        link.previous,
        link.first_id,
        link.last_id,
        link.high_id,
        link.count,
        link.ids,
        link.holes,
        moment(link.newest_at),
        link.key_id,
        moment(link.sealed_at),
    ]


def in_ranges(wanted: Iterable[Range]) -> Iterable[Q]:
    """Conditions on the number, each of at most ``RANGES_AT_ONCE`` ranges."""
    listed = list(wanted)
    for start in range(0, len(listed), RANGES_AT_ONCE):
        found = Q(pk__in=())
        for first, last in listed[start : start + RANGES_AT_ONCE]:
            found |= Q(pk=first) if first == last else Q(pk__range=(first, last))
        yield found


def rows_in(wanted: Iterable[Range]) -> list[tuple]:
    """Entries with these numbers as tuples of ``CONTENT``, by number."""
    rows: list[tuple] = []
    for condition in in_ranges(wanted):
        rows += AuditEntry.objects.filter(condition).order_by("pk").values_list(*CONTENT)
    return sorted(rows)


def seal() -> int:
    """Seal what is visible and not sealed, at most ``BATCH`` entries; returns how many.

    Two sealers at once are harmless: a seal names its predecessor, and only one may.
    """
    try:
        with transaction.atomic():
            link = _next_link()
    except IntegrityError:
        return 0
    if link is None:
        return 0
    # After the commit: the file must never know a seal that the database has not kept.
    heads.append(link)
    return link.count


def seal_all() -> int:
    """Seal until nothing waits; returns how many entries."""
    total = 0
    while sealed := seal():
        total += sealed
    heads.catch_up()
    return total


def write_heads() -> int:
    """Add to the file of heads what it lacks, and say so in the trail; returns how many."""
    missing = heads.write_missing()
    if missing:
        seals = ranges.written(ranges.compress(missing))
        record("core.audit_heads_written", fields={"count": len(missing), "seals": seals})
    return len(missing)


def _next_link() -> AuditSeal | None:
    last = AuditSeal.objects.order_by("-pk").first()
    now = clock.now()
    holes = _open_holes(last, now)
    rows = rows_in((first, end) for first, end, _since in holes)[:BATCH]
    high = last.high_id if last else 0
    fresh = AuditEntry.objects.filter(pk__gt=high).order_by("pk").values_list(*CONTENT)
    rows += list(fresh[: BATCH - len(rows)])
    if not rows:
        return None
    ids = ranges.compress(row[0] for row in rows)
    top = max(high, ids[-1][1])
    link = AuditSeal(
        previous=last.pk if last else 0,
        first_id=ids[0][0],
        last_id=ids[-1][1],
        high_id=top,
        count=len(rows),
        ids=[list(pair) for pair in ids],
        holes=_left_holes(holes, (high + 1, top), ids, now),
        newest_at=max([row[1] for row in rows] + ([last.newest_at] if last else [])),
        key_id=key_id(settings.AUDIT_KEY),
        sealed_at=now,
    )
    digests = (digest(content(row)) for row in rows)
    link.mac = signature(settings.AUDIT_KEY, seal_document(link, last.mac if last else ""), digests)
    link.save()
    return link


def _open_holes(last: AuditSeal | None, now: datetime) -> list[tuple[int, int, int]]:
    oldest = int((now - HOLE_LIFE).timestamp())
    return [tuple(hole) for hole in (last.holes if last else []) if hole[2] >= oldest]


def _left_holes(
    holes: list[tuple[int, int, int]], new: Range, sealed: list[Range], now: datetime
) -> list[list[int]]:
    """Holes after a seal: the old ones and the new numbers, without those sealed now."""
    left = []
    for first, last, since in [*holes, (*new, int(now.timestamp()))]:
        left += [[a, b, since] for a, b in ranges.subtract([(first, last)], sealed)]
    return left
