"""Taking in what a page reports: the ``direct`` sink, one transaction around the pure judge."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from school.core import clock
from school.core.errors import DomainError, NotAllowed
from school.study import presets, signals
from school.study import spans as sets
from school.study.models import Coverage, Report, StudyDay, StudySession
from school.study.rules import judge, tokens
from school.study.selectors.standing import DONE, STUDYING, Standing, standing
from school.study.services.completion import consider
from school.study.services.ledger import load_wall, save_wall

MAX_SEQ = 2**31 - 1


class Gone(DomainError):
    """The evidence comes too late to be taken."""

    status = 410


class BadReport(DomainError):
    """The report is not one our page sends."""

    status = 400


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server's numbers after a report; the page shows these, never its own.

    ``durable_seq``: every report up to it is stored. ``studied_ms``, ``required_ms``: real study
    time so far and the standard time of the whole. ``credit``: hundredths of 学时, None before
    completion. ``cadence``: seconds until the next report is wanted.
    """

    durable_seq: int
    covered: int
    cover: list[int]
    length: int
    studied_ms: int
    required_ms: int
    completed: bool
    credit: int | None
    state: str
    outstanding: list[dict]
    cadence: int


def accept_report(
    *, token: object, seq: object, segments: object, member_id: int | None
) -> Accepted:
    """Judge and store one batch of a session. The same ``seq`` counts once.

    Args:
        token: what ``open_session`` gave; the proof of who studies what.
        seq: number of the batch in its session, from 1.
        segments: ``[[m0, m1, w0, w1, rate, visible], …]``, see ``judge.Segment``.
        member_id: who is signed in on that browser; None when nobody is (late evidence travels on
            its token alone).

    Raises:
        NotAllowed: no token of ours, or another member is signed in.
        Gone: more than the days of the evidence window after the session's end.
        BadReport: wrong shape or absurd size.
    """
    claim = tokens.read(token)
    if claim is None:
        raise NotAllowed("学习凭证无效，请刷新页面后继续学习。")
    if member_id is not None and member_id != claim.member_id:
        raise NotAllowed("这份学习记录属于另一名党员，请由本人登录后上传。")
    if type(seq) is not int or not 1 <= seq <= MAX_SEQ:
        raise BadReport("学习上报的序号不正确，请刷新页面后继续学习。")
    try:
        parsed = judge.parse_segments(segments)
    except ValueError as error:
        raise BadReport("学习上报的内容不正确，请刷新页面后继续学习。") from error
    with transaction.atomic():
        return _accept(claim, seq, parsed, segments)


def _accept(claim: tokens.Claim, seq: int, parsed: list[judge.Segment], raw: object) -> Accepted:
    session = _session(claim)
    now = clock.authority()
    if now > session.expires_at + timedelta(days=settings.STUDY_EVIDENCE_DAYS):
        raise Gone("学习结束已超过规定天数，这份记录不能再上传。")
    held = _held(session)
    if seq <= session.last_seq and Report.objects.filter(session=session, seq=seq).exists():
        return _answer(session, held, _known(session, held))
    verdict = _judge(session, parsed, held, now)
    _store(session, seq, raw, verdict, held, now)
    return _answer(session, held, _standing(session, held, verdict, now))


def _session(claim: tokens.Claim) -> StudySession:
    """The session, its row and its member's row locked: one writer a member."""
    session = (
        StudySession.objects.select_for_update(of=("self", "member"), no_key=True)
        .select_related("revision", "member")
        .only(
            "cycle",
            "opened_at",
            "expires_at",
            "last_seq",
            "durable_seq",
            "max_rate",
            "member__is_active",
            "revision__item_id",
            "revision__axis",
            "revision__axis_length",
            "revision__study_ms",
            "revision__award",
        )
        .filter(pk=claim.sid)
        .first()
    )
    if (
        session is None
        or session.member_id != claim.member_id
        or session.revision_id != claim.revision_id
        or not session.member.is_active
    ):
        raise NotAllowed("学习凭证已失效，请刷新页面后继续学习。")
    return session


@dataclass(slots=True)
class _Held:
    """The coverage row as it stands; ``pk`` None: there is none yet."""

    pk: int | None
    cover: sets.Spans
    covered: int
    studied_ms: int
    resume_at: int
    met: bool = False


def _held(session: StudySession) -> _Held:
    row = (
        Coverage.objects.filter(
            member_id=session.member_id, revision_id=session.revision_id, cycle=session.cycle
        )
        .values_list("pk", "spans", "covered", "studied_ms", "resume_at", "met_on")
        .first()
    )
    if row is None:
        return _Held(None, [], 0, 0, 0)
    pk, packed, covered, studied_ms, resume_at, met_on = row
    return _Held(pk, sets.unpack(packed), covered, studied_ms, resume_at, met_on is not None)


def _judge(
    session: StudySession, parsed: list[judge.Segment], held: _Held, now: datetime
) -> judge.Verdict:
    opened = judge.local_ms(clock.to_ms(session.opened_at))
    closes = judge.local_ms(clock.to_ms(min(now, session.expires_at)))
    revision = session.revision
    terms = presets.terms(
        axis=revision.axis,
        length=revision.axis_length,
        study_ms=revision.study_ms,
        max_rate=session.max_rate,
        opened=opened,
        closes=closes,
    )
    last = min(closes, opened + max((s.w1 for s in parsed), default=0))
    first = min(last, opened + min((s.w0 for s in parsed), default=0))
    wall = judge.join_days(load_wall(session.member_id, first, last)) if parsed else []
    return judge.judge(parsed, terms, cover=held.cover, wall=wall, studied_ms=held.studied_ms)


def _store(
    session: StudySession,
    seq: int,
    raw: object,
    verdict: judge.Verdict,
    held: _Held,
    now: datetime,
) -> None:
    Report.objects.create(
        session=session,
        seq=seq,
        received_at=now,
        segments=raw,
        studied_ms=verdict.studied_ms,
        covered_ms=verdict.covered_gain,
    )
    save_wall(session.member_id, verdict.wall, verdict.claimed)
    _store_coverage(session, verdict, held, now)
    _store_days(session, verdict)
    _store_seq(session, seq, now)


def _store_coverage(
    session: StudySession, verdict: judge.Verdict, held: _Held, now: datetime
) -> None:
    held.cover = verdict.cover
    held.covered += verdict.covered_gain
    held.studied_ms += verdict.studied_ms
    if verdict.resume_at is not None:
        held.resume_at = verdict.resume_at
    values = {
        "spans": sets.pack(held.cover),
        "covered": held.covered,
        "studied_ms": held.studied_ms,
        "resume_at": held.resume_at,
        "updated_at": now,
    }
    if held.pk is not None:
        Coverage.objects.filter(pk=held.pk).update(**values)
    elif verdict.claimed:
        coverage = Coverage.objects.create(
            member_id=session.member_id,
            revision_id=session.revision_id,
            cycle=session.cycle,
            **values,
        )
        held.pk = coverage.pk
        signals.started.send(sender=Coverage, coverage=coverage)


def _store_days(session: StudySession, verdict: judge.Verdict) -> None:
    for day, studied in verdict.studied.items():
        key = {
            "member_id": session.member_id,
            "revision_id": session.revision_id,
            "cycle": session.cycle,
            "day": judge.date_of(day),
        }
        if not StudyDay.objects.filter(**key).update(studied_ms=F("studied_ms") + studied):
            StudyDay.objects.create(**key, studied_ms=studied)


def _store_seq(session: StudySession, seq: int, now: datetime) -> None:
    ahead = session.last_seq > seq
    session.last_seq = max(session.last_seq, seq)
    if seq == session.durable_seq + 1:
        session.durable_seq = seq
        if ahead:
            session.durable_seq = _without_gap(session, seq)
    StudySession.objects.filter(pk=session.pk).update(
        last_seq=session.last_seq, durable_seq=session.durable_seq, last_report_at=now
    )


def _without_gap(session: StudySession, seq: int) -> int:
    """The last number of the unbroken run of reports that goes on after ``seq``."""
    later = Report.objects.filter(session=session, seq__gt=seq).order_by("seq")
    for stored in later.values_list("seq", flat=True):
        if stored != seq + 1:
            break
        seq = stored
    return seq


def _enough(session: StudySession, covered: int) -> bool:
    revision = session.revision
    return presets.covered_enough(covered, revision.axis, revision.axis_length)


def _standing(
    session: StudySession, held: _Held, verdict: judge.Verdict, now: datetime
) -> Standing:
    """Where the member stands now; the report that completes the coverage posts the completion."""
    if not _enough(session, held.covered):
        return _known(session, held)
    if verdict.covered_gain and not _enough(session, held.covered - verdict.covered_gain):
        day = verdict.last_day
        consider(
            member_id=session.member_id,
            revision=session.revision,
            cycle=session.cycle,
            on=judge.date_of(day) if day is not None else clock.local_day(now),
            origin=f"session:{session.pk.hex}",
        )
    return _known(session, held)


def _known(session: StudySession, held: _Held) -> Standing:
    if not (held.met or _enough(session, held.covered)):
        return Standing()  # nothing can have been completed; spares the look-up
    return standing(session.member_id, session.revision, session.cycle, enough=True)


def _answer(session: StudySession, held: _Held, now_at: Standing) -> Accepted:
    revision = session.revision
    return Accepted(
        durable_seq=session.durable_seq,
        covered=held.covered,
        cover=held.cover,
        length=revision.axis_length,
        studied_ms=held.studied_ms,
        required_ms=revision.study_ms,
        completed=now_at.state == DONE,
        credit=now_at.credit,
        state=now_at.state or STUDYING,
        outstanding=now_at.outstanding,
        cadence=settings.STUDY_REPORT_SECONDS,
    )
