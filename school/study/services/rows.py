"""The statements of a report, written out.

A report is the school's most frequent request. Composing these by the ORM costs about three times
their execution, so this one module writes SQL; everything else goes through the models. The text
is the same for SQLite and PostgreSQL (``ON CONFLICT``) except for the row locks. Values are always
parameters.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from django.conf import settings
from django.db import connection

from school.members.models import Member
from school.study import spans as sets
from school.study.models import Coverage, ItemRevision, Report, StudyDay, StudySession, WallDay
from school.study.rules import judge
from school.study.services.locks import lock_member

_SESSION = StudySession._meta.db_table
_REVISION = ItemRevision._meta.db_table
_MEMBER = Member._meta.db_table
_REPORT = Report._meta.db_table
_COVERAGE = Coverage._meta.db_table
_WALL = WallDay._meta.db_table
_DAY = StudyDay._meta.db_table


def _run(sql: str, params: Sequence) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


def _id(sid: UUID) -> object:
    return sid if connection.features.has_native_uuid_field else sid.hex


def _moment(value: datetime) -> datetime:
    """A moment as this database returns it; SQLite keeps UTC without saying so."""
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _date(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


@dataclass(slots=True)
class SessionRow:
    """A session with what the judge needs of its revision."""

    sid: UUID
    member_id: int
    revision_id: int
    cycle: int
    opened_at: datetime
    expires_at: datetime
    last_seq: int
    durable_seq: int
    minute_at: datetime | None
    minute_reports: int
    max_rate: int
    check_low: int
    check_high: int
    review_ms: int
    barrier: int | None
    superseded: bool
    active: bool
    axis: str
    length: int
    study_ms: int


_FIND_SESSION = f"""
    SELECT s.member_id, s.revision_id, s.cycle, s.opened_at, s.expires_at, s.last_seq,
           s.durable_seq, s.minute_at, s.minute_reports, s.max_rate, s.check_low, s.check_high,
           s.review_ms, s.barrier, s.superseded_at IS NOT NULL, m.is_active,
           r.axis, r.axis_length, r.study_ms
    FROM {_SESSION} s
    JOIN {_MEMBER} m ON m.id = s.member_id
    JOIN {_REVISION} r ON r.id = s.revision_id
    WHERE s.id = %s
"""


def lock_session(sid: UUID) -> SessionRow | None:
    """The session; its row and its member's row stay locked, so a member has one writer."""
    lock = " FOR NO KEY UPDATE OF s, m" if connection.features.has_select_for_update else ""
    found = _run(_FIND_SESSION + lock, [_id(sid)])
    if not found:
        return None
    row = SessionRow(sid, *found[0])
    row.opened_at, row.expires_at = _moment(row.opened_at), _moment(row.expires_at)
    row.superseded = bool(row.superseded)
    row.minute_at = row.minute_at and _moment(row.minute_at)
    return row


@dataclass(slots=True)
class Held:
    """A coverage row as it stands; ``pk`` None: there is none yet. ``met``: by a group."""

    pk: int | None
    cover: sets.Spans
    covered: int
    studied_ms: int
    reviewed_ms: int
    resume_at: int
    met: bool


_FIND_COVERAGE = f"""
    SELECT id, spans, covered, studied_ms, reviewed_ms, resume_at, met_on IS NOT NULL
    FROM {_COVERAGE} WHERE member_id = %s AND revision_id = %s AND cycle = %s
"""


def held(session: SessionRow) -> Held:
    """What the member has of the session's revision and cycle so far."""
    found = _run(_FIND_COVERAGE, [session.member_id, session.revision_id, session.cycle])
    if not found:
        return Held(None, [], 0, 0, 0, 0, False)
    pk, packed, *numbers, met = found[0]
    return Held(pk, sets.unpack(packed), *numbers, met=bool(met))


_UPDATE_COVERAGE = f"""
    UPDATE {_COVERAGE}
    SET spans = %s, covered = %s, studied_ms = %s, reviewed_ms = %s, resume_at = %s,
        updated_at = %s
    WHERE id = %s
"""


def update_coverage(row: Held, now: datetime) -> None:
    """Write an existing coverage row."""
    moment = connection.ops.adapt_datetimefield_value(now)
    packed = sets.pack(row.cover)
    numbers = [row.covered, row.studied_ms, row.reviewed_ms, row.resume_at]
    _run(_UPDATE_COVERAGE, [packed, *numbers, moment, row.pk])


_INSERT_REPORT = f"""
    INSERT INTO {_REPORT} (session_id, seq, received_at, segments, answers, studied_ms,
        covered_ms)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
"""


def insert_report(
    sid: UUID,
    seq: int,
    now: datetime,
    segments: object,
    answers: list[tuple[int, int]],
    verdict: judge.Verdict,
) -> None:
    """Keep a batch as it was reported, with what it was worth."""
    _run(
        _INSERT_REPORT,
        [
            _id(sid),
            seq,
            connection.ops.adapt_datetimefield_value(now),
            json.dumps(segments, separators=(",", ":")),
            json.dumps(answers, separators=(",", ":")),
            verdict.studied_ms,
            verdict.covered_gain,
        ],
    )


_ADD_DAY = f"""
    INSERT INTO {_DAY} (member_id, revision_id, cycle, day, studied_ms)
    VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (member_id, revision_id, cycle, day)
    DO UPDATE SET studied_ms = {_DAY}.studied_ms + excluded.studied_ms
"""


def add_study_day(session: SessionRow, day: date, studied_ms: int) -> None:
    """Add milliseconds to a study day."""
    _run(
        _ADD_DAY,
        [session.member_id, session.revision_id, session.cycle, _day(day), studied_ms],
    )


def _day(day: date) -> object:
    return connection.ops.adapt_datefield_value(day)


_UPDATE_SESSION = f"""
    UPDATE {_SESSION}
    SET last_seq = %s, durable_seq = %s, last_report_at = %s, minute_at = %s, minute_reports = %s
    WHERE id = %s
"""


def update_session(session: SessionRow, now: datetime) -> None:
    """Write how far the numbers of a session have come."""
    moments = [connection.ops.adapt_datetimefield_value(at) for at in (now, session.minute_at)]
    _run(
        _UPDATE_SESSION,
        [
            session.last_seq,
            session.durable_seq,
            *moments,
            session.minute_reports,
            _id(session.sid),
        ],
    )


_FIND_WALL = f"SELECT day, spans FROM {_WALL} WHERE member_id = %s AND day >= %s AND day <= %s"

_SAVE_WALL = f"""
    INSERT INTO {_WALL} (member_id, day, spans) VALUES {{rows}}
    ON CONFLICT (member_id, day) DO UPDATE SET spans = excluded.spans
"""


def load_wall(member_id: int, low: int, high: int) -> dict[int, sets.Spans]:
    """The member's spent time on the study days of ``[low, high)`` (local ms)."""
    first, last = judge.day_of(low), judge.day_of(max(low, high - 1))
    days = [_day(judge.date_of(number)) for number in (first, last)]
    return {
        judge.day_number(_date(day)): sets.unpack(spans)
        for day, spans in _run(_FIND_WALL, [member_id, *days])
    }


def save_wall(member_id: int, wall: sets.Spans, claimed: sets.Spans) -> None:
    """Write the days that ``claimed`` touched, from the whole of ``wall``."""
    touched = judge.split_by_day(claimed)
    if not touched:
        return
    whole = judge.split_by_day(wall)
    params: list = []
    for day in touched:
        # Gaps of a crumbled day are closed, so no row grows without end; nobody gains by it.
        kept = sets.coarsen(whole[day], settings.STUDY_SPANS)
        params += [member_id, _day(judge.date_of(day)), sets.pack(kept)]
    _run(_SAVE_WALL.format(rows=", ".join(["(%s, %s, %s)"] * len(touched))), params)


def claim(member_id: int, low: int, high: int) -> sets.Spans:
    """Spend ``[low, high)`` (local ms) of a member's time; returns what was still free of it."""
    lock_member(member_id)
    wall = judge.join_days(load_wall(member_id, low, high))
    fresh = sets.free(wall, low, high)
    save_wall(member_id, sets.union(wall, fresh), fresh)
    return fresh


def release(member_id: int, spans: sets.Spans) -> None:
    """Give time back that was claimed (local ms)."""
    if not spans:
        return
    lock_member(member_id)
    wall = judge.join_days(load_wall(member_id, spans[0], spans[-1]))
    left = judge.split_by_day(sets.subtract(wall, spans))
    params: list = []
    for day in judge.split_by_day(spans):
        params += [member_id, _day(judge.date_of(day)), sets.pack(left.get(day, []))]
    _run(_SAVE_WALL.format(rows=", ".join(["(%s, %s, %s)"] * (len(params) // 3))), params)
