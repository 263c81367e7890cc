"""The ``buffered`` sink, the workers' half: from Redis into the database, many members at once.

A batch leaves Redis only after its transaction has committed, so whatever dies in between, it is
posted again, and a number of a session counts once. The pages learn of their durable numbers last.
"""

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from school.core import clock
from school.core.errors import DomainError
from school.study.services.sinks import batches, queue
from school.study.services.sinks.answers import Accepted, Kept
from school.study.services.sinks.batches import Batch
from school.study.services.sinks.buffered import refusal_text, written
from school.study.services.sinks.post import Outcome, post

logger = logging.getLogger(__name__)

HOLD_SECONDS = 30
LONGEST_SECONDS = 20
MOST_STRETCH = 4


@dataclass(slots=True)
class Drained:
    """What a drain did: reports posted or found posted, kept as late, refused, and put aside."""

    posted: int = 0
    kept: int = 0
    refused: int = 0
    bad: int = 0

    def __add__(self, other: "Drained") -> "Drained":
        return Drained(
            self.posted + other.posted,
            self.kept + other.kept,
            self.refused + other.refused,
            self.bad + other.bad,
        )


def drain_shard(shard: int) -> Drained:
    """Post what waits in a shard, until nothing does or it took long; nothing if it is held."""
    total = Drained()
    if not queue.hold(shard, HOLD_SECONDS):
        return total
    try:
        until = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < until:
            taken = queue.take(shard, settings.STUDY_DRAIN_MEMBERS)
            if not taken.entries:
                break
            total += _settle(shard, taken)
    finally:
        queue.let_go(shard)
    return total


def drain_all() -> Drained:
    """Post everything that waits."""
    total = Drained()
    for shard in queue.waiting():
        total += drain_shard(shard)
    return total


def drain_member(member_id: int) -> Drained:
    """Post what waits for one member: before something is shown or decided that rests on it."""
    total, shard = Drained(), queue.shard_of(member_id)
    while (taken := queue.take_member(member_id)).entries:
        total += _settle(shard, taken)
    return total


def _settle(shard: int, taken: queue.Taken) -> Drained:
    """Post what was taken, then take it out of Redis."""
    read, bad = _read(taken)
    outcomes, broken = _posted([batch for _member, _entry, batch in read])
    told: dict[tuple[str, str], tuple[str, str, bytes, int | str]] = {}
    stretch = _stretch(taken)
    result = Drained(bad=len(bad))
    for (member_id, entry, batch), outcome in zip(read, outcomes, strict=True):
        sid = batch.claim.sid.hex
        if isinstance(outcome, Accepted):
            result.posted += 1
            answer = replace(outcome, cadence=outcome.cadence * stretch)
            told[sid, "answer"] = (sid, "answer", written(answer), outcome.durable_seq)
        elif isinstance(outcome, Kept):
            result.kept += 1  # the page hears of it when it asks again: it was late at the door
        elif isinstance(outcome, DomainError):
            result.refused += 1
            what = f"refused:{batch.seq}"
            told[sid, what] = (sid, what, refusal_text(outcome), "")
        else:
            result.bad += 1
            bad.append(b"%d %s" % (member_id, entry))
    queue.done(shard, taken, told=list(told.values()), bad=bad)
    if broken:
        logger.error("%s batches of study could not be posted and are kept aside", len(bad))
    return result


def _read(taken: queue.Taken) -> tuple[list[tuple[int, bytes, Batch]], list[bytes]]:
    """Entries as batches; those that cannot be read any more (a changed secret key) apart."""
    read, bad = [], []
    for member_id, entries in taken.entries.items():
        for entry in entries:
            try:
                read.append((member_id, entry, _batch(entry)))
            except DomainError:
                bad.append(b"%d %s" % (member_id, entry))
    return read, bad


def _batch(entry: bytes) -> Batch:
    received, _space, body = entry.partition(b" ")
    token, seq, segments, answers = json.loads(body)
    return batches.read_batch(
        batches.read_claim(token),
        seq=seq,
        segments=segments,
        answers=answers,
        received=datetime.fromtimestamp(int(received) / 1000, UTC),
    )


def _posted(found: Sequence[Batch]) -> tuple[list[Outcome | None], bool]:
    """Outcomes of batches posted together; where that fails, of each member's by themselves.

    Raises:
        OperationalError, InterfaceError: the database is away; nothing was lost, try again.
    """
    try:
        return _together(found), False
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception(
            "posting %s batches together failed; each member by themselves", len(found)
        )
    outcomes: dict[int, Outcome | None] = {}
    for member_id in dict.fromkeys(batch.claim.member_id for batch in found):
        places = [n for n, batch in enumerate(found) if batch.claim.member_id == member_id]
        try:
            got: Sequence[Outcome | None] = _together([found[n] for n in places])
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("posting batches of member %s failed", member_id)
            got = [None] * len(places)
        outcomes |= dict(zip(places, got, strict=True))
    return [outcomes[n] for n in range(len(found))], True


def _together(found: Sequence[Batch]) -> list[Outcome]:
    if not found:
        return []
    with transaction.atomic():
        return post(found)


def _stretch(taken: queue.Taken) -> int:
    """By how much pages are asked to report less often: the longer evidence waits, the more."""
    if not taken.now or clock.settled():
        return 1
    heads = (entries[0] for entries in taken.entries.values() if entries)
    oldest = min((int(head.split(b" ", 1)[0]) for head in heads), default=taken.now)
    waited = (taken.now - oldest) / 1000
    return max(1, min(MOST_STRETCH, int(waited // settings.STUDY_REPORT_SECONDS) + 1))
