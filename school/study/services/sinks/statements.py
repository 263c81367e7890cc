"""The statements of posting, written out, for one batch or for hundreds.

Taking in reports is the school's most frequent work. Composing these by the ORM costs about three
times their execution, so this module writes SQL; everything else goes through the models. SQLite
and PostgreSQL get the same text but for locks, the local day of a moment, and that PostgreSQL is
given all writes in one statement. Values are always parameters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from django.db import connection

from school.members.models import Member, SignInSession
from school.study import spans as sets
from school.study.models import Coverage, ItemRevision, Report, StudyDay, StudySession, WallDay

_SESSION = StudySession._meta.db_table
_REVISION = ItemRevision._meta.db_table
_MEMBER = Member._meta.db_table
_SIGN_IN = SignInSession._meta.db_table
_REPORT = Report._meta.db_table
_COVERAGE = Coverage._meta.db_table
_WALL = WallDay._meta.db_table
_DAY = StudyDay._meta.db_table

# Ends by which somebody has taken a device its sign-in away. Who signs out or stays away for long
# keeps what is still to come from that browser.
REVOKING = (
    SignInSession.End.REVOKED,
    SignInSession.End.PASSWORD,
    SignInSession.End.SECOND_STEP,
    SignInSession.End.ADMINISTRATOR,
)


def run(sql: str, params: Sequence) -> list[tuple]:
    """Execute one statement; its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


def _on_postgresql() -> bool:
    return connection.vendor == "postgresql"


def _id(sid: UUID) -> object:
    return sid if connection.features.has_native_uuid_field else sid.hex


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(hex=value)


def _moment(value: datetime) -> datetime:
    """A moment as this database returns it; SQLite keeps UTC without saying so."""
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _date(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _list(count: int, row: str = "%s") -> str:
    return ", ".join([row] * count)


@dataclass(slots=True)
class Session:
    """A session with what the judge needs of its revision; ``revoked_at``: its sign-in was."""

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
    carried_ms: int
    review_ms: int
    barrier: int | None
    superseded: bool
    revoked_at: datetime | None
    axis: str
    length: int
    study_ms: int
    last_report_at: datetime | None = None

    @property
    def key(self) -> tuple[int, int, int]:
        """Whose coverage it adds to: member, revision, cycle."""
        return self.member_id, self.revision_id, self.cycle


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
    updated_at: datetime | None = None


def lock_members(member_ids: Iterable[int]) -> dict[int, bool]:
    """Hold the rows of members until the transaction ends: a member has one writer.

    In the order of their ids, so that two that lock many never wait for each other. Returns whether
    each may sign in.
    """
    wanted = sorted(set(member_ids))
    lock = " ORDER BY id FOR NO KEY UPDATE" if connection.features.has_select_for_update else ""
    sql = f"SELECT id, is_active FROM {_MEMBER} WHERE id IN ({_list(len(wanted))}){lock}"
    return {pk: bool(active) for pk, active in run(sql, wanted)}


_COLUMNS = """
    s.id, s.member_id, s.revision_id, s.cycle, s.opened_at, s.expires_at, s.last_seq,
    s.durable_seq, s.minute_at, s.minute_reports, s.max_rate, s.check_low, s.check_high,
    s.carried_ms, s.review_ms, s.barrier, s.superseded_at IS NOT NULL,
    CASE WHEN i."end" IN ({ends}) THEN i.ended_at END,
    r.axis, r.axis_length, r.study_ms,
    c.id, c.spans, c.covered, c.studied_ms, c.reviewed_ms, c.resume_at, c.met_on IS NOT NULL,
    w.day, w.spans, {now}
"""
_FROM = f"""
    FROM {_SESSION} s
    JOIN {_REVISION} r ON r.id = s.revision_id
    LEFT JOIN {_SIGN_IN} i ON i.id = s.sign_in_id
    LEFT JOIN {_COVERAGE} c
      ON c.member_id = s.member_id AND c.revision_id = s.revision_id AND c.cycle = s.cycle
    LEFT JOIN {_WALL} w
      ON w.member_id = s.member_id AND w.day BETWEEN {{opened}} AND {{expires}}
    WHERE s.id IN ({{ids}})
"""


def _local_day(column: str) -> str:
    """SQL for the study day of a moment (Asia/Shanghai has been UTC+8 since 1991)."""
    if _on_postgresql():
        return f"CAST({column} AT TIME ZONE 'Asia/Shanghai' AS date)"
    return f"date({column}, '+8 hours')"


@dataclass(frozen=True, slots=True)
class Found:
    """What stands in the database for some sessions. ``now``: the database's clock, if it has one.

    ``wall``: real time spent, by member and local day, of the days that the sessions lie on.
    """

    now: datetime | None
    sessions: dict[UUID, Session]
    held: dict[tuple[int, int, int], Held]
    wall: dict[tuple[int, date], sets.Spans]


def find(sids: Iterable[UUID]) -> Found:
    """Sessions with all that judging them needs, in one statement; lock the members before."""
    wanted = [_id(sid) for sid in sids]
    columns = _COLUMNS.format(
        ends=_list(len(REVOKING)), now="clock_timestamp()" if _on_postgresql() else "NULL"
    )
    source = _FROM.format(
        opened=_local_day("s.opened_at"), expires=_local_day("s.expires_at"), ids=_list(len(wanted))
    )
    found = Found(None, {}, {}, {})
    now = None
    for row in run(f"SELECT {columns} {source}", [*map(str, REVOKING), *wanted]):
        session, held, (day, spans, now) = _session(row[:21]), row[21:28], row[28:]
        found.sessions[session.sid] = session
        found.held.setdefault(session.key, _held(held))
        if day is not None:
            found.wall[session.member_id, _date(day)] = sets.unpack(spans)
    return Found(now, found.sessions, found.held, found.wall)


def _session(row: tuple) -> Session:
    session = Session(*row)
    session.sid = _uuid(session.sid)
    session.opened_at, session.expires_at = _moment(session.opened_at), _moment(session.expires_at)
    session.minute_at = session.minute_at and _moment(session.minute_at)
    session.revoked_at = session.revoked_at and _moment(_parsed(session.revoked_at))
    session.superseded = bool(session.superseded)
    return session


def _parsed(value: datetime | str) -> datetime:
    """SQLite tells no type of a computed column, and so no datetime either."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _held(row: tuple) -> Held:
    pk, packed, covered, studied_ms, reviewed_ms, resume_at, met = row
    if pk is None:
        return Held(None, [], 0, 0, 0, 0, False)
    return Held(pk, sets.unpack(packed), covered, studied_ms, reviewed_ms, resume_at, bool(met))


def stored_numbers(sids: Sequence[UUID]) -> dict[UUID, set[int]]:
    """Numbers of stored reports beyond the run without a gap, by session."""
    sql = f"""
        SELECT p.session_id, p.seq FROM {_REPORT} p JOIN {_SESSION} s ON s.id = p.session_id
        WHERE p.session_id IN ({_list(len(sids))}) AND p.seq > s.durable_seq
    """
    found: dict[UUID, set[int]] = {sid: set() for sid in sids}
    for sid, seq in run(sql, [_id(sid) for sid in sids]):
        found[_uuid(sid)].add(seq)
    return found


# -- writing -------------------------------------------------------------------------------------

Statement = tuple[str, list]


def _at(moment: datetime) -> object:
    return connection.ops.adapt_datetimefield_value(moment)


def _day(day: date) -> object:
    return connection.ops.adapt_datefield_value(day)


def insert_reports(reports: Sequence[tuple[UUID, int, datetime, bytes, int, int]]) -> Statement:
    """Keep batches: session, number, receipt, packed evidence, studied ms, newly covered."""
    sql = f"""
        INSERT INTO {_REPORT} (session_id, seq, received_at, packed, studied_ms, covered_ms)
        VALUES {_list(len(reports), "(%s, %s, %s, %s, %s, %s)")}
    """
    params: list = []
    for sid, seq, received, packed, studied, covered in reports:
        params += [_id(sid), seq, _at(received), packed, studied, covered]
    return sql, params


def save_wall(days: Sequence[tuple[int, date, sets.Spans]]) -> Statement:
    """Write members' days of spent time."""
    sql = f"""
        INSERT INTO {_WALL} (member_id, day, spans) VALUES {_list(len(days), "(%s, %s, %s)")}
        ON CONFLICT (member_id, day) DO UPDATE SET spans = excluded.spans
    """
    params: list = []
    for member_id, day, spans in days:
        params += [member_id, _day(day), sets.pack(spans)]
    return sql, params


def add_days(days: Sequence[tuple[tuple[int, int, int], date, int]]) -> Statement:
    """Add milliseconds to study days; each (member, revision, cycle) and day once."""
    sql = f"""
        INSERT INTO {_DAY} (member_id, revision_id, cycle, day, studied_ms)
        VALUES {_list(len(days), "(%s, %s, %s, %s, %s)")}
        ON CONFLICT (member_id, revision_id, cycle, day)
        DO UPDATE SET studied_ms = {_DAY}.studied_ms + excluded.studied_ms
    """
    params: list = []
    for key, day, studied_ms in days:
        params += [*key, _day(day), studied_ms]
    return sql, params


def save_coverage(rows: Sequence[tuple[tuple[int, int, int], Held]]) -> Statement:
    """Write coverage, also of those who had none; what a group met stays as it is."""
    sql = f"""
        INSERT INTO {_COVERAGE} (member_id, revision_id, cycle, spans, covered, studied_ms,
                                 reviewed_ms, resume_at, updated_at, met_origin)
        VALUES {_list(len(rows), "(%s, %s, %s, %s, %s, %s, %s, %s, %s, '')")}
        ON CONFLICT (member_id, revision_id, cycle) DO UPDATE
        SET spans = excluded.spans, covered = excluded.covered, studied_ms = excluded.studied_ms,
            reviewed_ms = excluded.reviewed_ms, resume_at = excluded.resume_at,
            updated_at = excluded.updated_at
    """
    params: list = []
    for key, held in rows:
        params += [*key, sets.pack(held.cover), held.covered, held.studied_ms, held.reviewed_ms]
        params += [held.resume_at, _at(held.updated_at)]
    return sql, params


def save_sessions(sessions: Sequence[Session]) -> Statement:
    """Write how far the numbers of sessions have come; what is new of them is to be settled."""
    sql = f"""
        UPDATE {_SESSION} SET last_seq = v.column2, durable_seq = v.column3,
            last_report_at = v.column4, minute_at = v.column5, minute_reports = v.column6,
            settled_at = NULL
        FROM (VALUES {_list(len(sessions), "(%s, %s, %s, %s, %s, %s)")}) v
        WHERE {_SESSION}.id = v.column1
    """
    params: list = []
    for session in sessions:
        params += [_id(session.sid), session.last_seq, session.durable_seq]
        params += [_at(session.last_report_at), _at(session.minute_at), session.minute_reports]
    return sql, params


def execute(statements: Sequence[Statement]) -> None:
    """Run writes that touch different tables; on PostgreSQL as one statement."""
    if not _on_postgresql() or len(statements) < 2:
        for sql, params in statements:
            run(sql, params)
        return
    *before, (last, params) = statements
    named = ", ".join(f"w{number} AS ({sql})" for number, (sql, _params) in enumerate(before))
    run(f"WITH {named} {last}", [each for _sql, own in before for each in own] + params)
