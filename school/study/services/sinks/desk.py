"""What lies on the table while batches are posted: read once, changed in memory, written once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.conf import settings

from school.core import clock
from school.members.models import Member
from school.study import spans as sets
from school.study.rules import judge, packing
from school.study.rules.tokens import Claim
from school.study.services.sinks import statements
from school.study.services.sinks.batches import Batch
from school.study.services.sinks.statements import Held, Session

Key = tuple[int, int, int]


@dataclass(slots=True)
class Desk:
    """The rows that some batches touch. Between two ``write`` calls nothing else is stored."""

    now: datetime
    may_sign_in: dict[int, bool]
    sessions: dict[UUID, Session]
    held: dict[Key, Held]
    wall: dict[tuple[int, date], sets.Spans]
    numbers: dict[UUID, set[int]] = field(default_factory=dict)
    _reports: list[tuple] = field(default_factory=list)
    _walls: set[tuple[int, date]] = field(default_factory=set)
    _days: dict[tuple[Key, date], int] = field(default_factory=dict)
    _covers: set[Key] = field(default_factory=set)
    _sessions: set[UUID] = field(default_factory=set)

    def is_known(self, session: Session, seq: int) -> bool:
        """Whether this number of the session has been posted before."""
        if seq <= session.durable_seq:
            return True
        return seq <= session.last_seq and seq in self._numbers(session)

    def _numbers(self, session: Session) -> set[int]:
        if session.sid not in self.numbers:
            self.numbers |= statements.stored_numbers([session.sid])
        return self.numbers[session.sid]

    def wall_of(self, session: Session) -> sets.Spans:
        """Real time its member has spent on the days of a session (local ms)."""
        first, last = (
            judge.day_of(judge.local_ms(clock.to_ms(at)))
            for at in (session.opened_at, session.expires_at)
        )
        days = {
            number: self.wall.get((session.member_id, judge.date_of(number)), [])
            for number in range(first, last + 1)
        }
        return judge.join_days(days)

    def book(
        self, session: Session, batch: Batch, verdict: judge.Verdict, received: datetime
    ) -> None:
        """Take a verdict over into all rows it concerns."""
        packed = packing.pack(batch.segments, batch.answers)
        row = (session.sid, batch.seq, received, packed, verdict.studied_ms, verdict.covered_gain)
        self._reports.append(row)
        self._spend(session.member_id, verdict)
        for number, studied in verdict.studied.items():
            day = session.key, judge.date_of(number)
            self._days[day] = self._days.get(day, 0) + studied
        self._cover(session.key, verdict, received)
        self._count(session, batch.seq, received)

    def _spend(self, member_id: int, verdict: judge.Verdict) -> None:
        if not verdict.claimed:
            return
        whole = judge.split_by_day(verdict.wall)
        for number in judge.split_by_day(verdict.claimed):
            day = member_id, judge.date_of(number)
            # Gaps of a crumbled day are closed, so no row grows without end; nobody gains by it.
            self.wall[day] = sets.coarsen(whole[number], settings.STUDY_SPANS)
            self._walls.add(day)

    def _cover(self, key: Key, verdict: judge.Verdict, received: datetime) -> None:
        held = self.held[key]
        held.cover = verdict.cover
        held.covered += verdict.covered_gain
        held.studied_ms += verdict.studied_ms
        held.reviewed_ms += verdict.reviewed
        if verdict.resume_at is not None:
            held.resume_at = verdict.resume_at
        if held.pk is not None or verdict.claimed:
            held.updated_at = received
            self._covers.add(key)

    def _count(self, session: Session, seq: int, received: datetime) -> None:
        """Count the report in; ``durable_seq`` ends the run of numbers without a gap."""
        beyond = session.last_seq > session.durable_seq
        session.last_seq = max(session.last_seq, seq)
        session.last_report_at = max(session.last_report_at or received, received)
        if session.minute_at is None:
            session.minute_at = received
        self._sessions.add(session.sid)
        if seq != session.durable_seq + 1:
            self._numbers(session).add(seq)
            return
        session.durable_seq = seq
        if beyond:
            stored = self._numbers(session)
            while session.durable_seq + 1 in stored:
                session.durable_seq += 1

    def is_new(self, key: Key) -> bool:
        """Whether evidence of a key has been booked that has no row yet."""
        return self.held[key].pk is None and key in self._covers

    def write(self) -> None:
        """Store what was booked since the last time."""
        writes = []
        if self._reports:
            writes.append(statements.insert_reports(self._reports))
        if self._walls:
            days = [(*day, self.wall[day]) for day in sorted(self._walls)]
            writes.append(statements.save_wall(days))
        if self._days:
            writes.append(statements.add_days([(*day, ms) for day, ms in self._days.items()]))
        if self._covers:
            writes.append(statements.save_coverage([(k, self.held[k]) for k in self._covers]))
        if self._sessions:
            writes.append(
                statements.save_sessions([self.sessions[sid] for sid in sorted(self._sessions)])
            )
        statements.execute(writes)
        for pile in (self._reports, self._walls, self._days, self._covers, self._sessions):
            pile.clear()


def laid_out(batches: Iterable[Batch]) -> Desk:
    """The desk for some batches; their members' rows stay locked until the transaction ends."""
    claims = [batch.claim for batch in batches]
    may_sign_in = statements.lock_members(claim.member_id for claim in claims)
    return _desk({claim.sid for claim in claims}, may_sign_in)


def seen(claim: Claim) -> Desk:
    """The desk for a look at one session; nothing is locked."""
    active = Member.objects.filter(pk=claim.member_id, is_active=True).exists()
    return _desk({claim.sid}, {claim.member_id: active})


def _desk(sids: set[UUID], may_sign_in: dict[int, bool]) -> Desk:
    found = statements.find(sids)
    now = clock.settled() or found.now or clock.authority()
    return Desk(now, may_sign_in, found.sessions, found.held, found.wall)
