"""Visits of people and of scripts, as evidence: plain for the rules, and stored in the tables."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from school.members.models import Member
from school.study.models import ItemRevision, Report, StudySession
from school.study.rules import gates, packing
from school.study.rules.anomalies import Trace
from school.study.rules.judge import Segment

LOW, HIGH = 8 * 60_000, 15 * 60_000
STRETCH, CADENCE = 5_000, 30_000


def film(
    length: int, *, item: int = 1, random: Random | None = None, delay: int | None = None
) -> Trace:
    """A film seen to its end: by the school's page and a person, or by a script.

    Args:
        length: of the film, milliseconds.
        random: of a person, who plays in a browser and answers when he has noticed.
        delay: of a script: after how long it says that somebody is there. It never stops.
    """
    random = random or Random(item)
    moments = gates.schedule(UUID(int=random.getrandbits(128)), LOW, HIGH, 12 * 3_600_000)
    told = (
        _by_page(length, moments, random) if delay is None else _by_script(length, moments, delay)
    )
    return Trace(item, length, moments, told)


def _by_script(length: int, moments: list[int], delay: int) -> list:
    told = [(number, moment + delay) for number, moment in enumerate(moments)]
    return [
        ([Segment(at, min(at + CADENCE, length), at, min(at + CADENCE, length), 100, True)], told)
        for at in range(0, length, CADENCE)
    ]


def _by_page(length: int, moments: list[int], random: Random) -> list:
    """Stretches end with the player's own events, four a second; the film stops at a check-in."""
    reports, told, rows = [], [], []
    wall = sent = random.randint(300, 4_000)
    media, number = 0, 0
    while media < length:
        step = min(STRETCH + random.randint(0, 260), length - media)
        stop = number < len(moments) and wall + step >= moments[number]
        if stop:
            step = max(0, moments[number] - wall)
        if step:
            rows.append(Segment(media, media + step, wall, wall + step, 100, True))
        media, wall = media + step, wall + step
        if rows and (stop or wall - sent >= CADENCE):
            reports.append((rows, list(told)))
            rows, sent = [], wall
        if stop:
            wall = moments[number] + int(1_000 * random.lognormvariate(1.4, 0.7)) + 400
            told.append((number, wall))
            number += 1
    return [*reports, (rows, list(told))] if rows else reports


@dataclass
class Kept:
    """Visits put into the tables as they stand after a day, without judging anything."""

    day: datetime

    def visit(
        self,
        member: Member,
        revision: ItemRevision,
        begin: float,
        minutes: float,
        *,
        browser: str = "",
        address: str = "",
        reports: list | None = None,
        check_in: bool = False,
        received: float | None = None,
    ) -> StudySession:
        """A visit that began ``begin`` minutes after the day's first moment.

        ``received``: minutes after that moment at which its reports came; None: at its end.
        """
        opened = self.day + timedelta(minutes=begin)
        last = opened + timedelta(minutes=minutes)
        if received is not None:
            last = self.day + timedelta(minutes=received)
        session = StudySession.objects.create(
            member=member,
            revision=revision,
            opened_at=opened,
            expires_at=opened + timedelta(hours=12),
            last_report_at=last,
            max_rate=100,
            browser=browser,
            address=address,
            check_low=LOW if check_in else 0,
            check_high=HIGH if check_in else 0,
        )
        for number, (rows, told) in enumerate(reports or [], start=1):
            Report.objects.create(
                session=session, seq=number, received_at=last, packed=packing.pack(rows, told)
            )
        return session
