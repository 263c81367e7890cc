"""Taking in what a page reports: the ``direct`` sink, one transaction around the pure judge."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from school.core import clock
from school.core.errors import DomainError, NotAllowed, TooMany
from school.study import presets, signals
from school.study import spans as sets
from school.study.models import Coverage, ItemRevision, Report
from school.study.rules import gates, judge, tokens
from school.study.selectors.standing import Standing, standing
from school.study.services import rows
from school.study.services.completion import consider

MAX_SEQ = 2**31 - 1
MINUTE = 60


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
    completion. ``cadence``: seconds until the next report is wanted. ``superseded``: study goes on
    in another page or on another device.
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
    superseded: bool


def accept_report(
    *, token: object, seq: object, segments: object, member_id: int | None, answers: object = None
) -> Accepted:
    """Judge and store one batch of a session. The same ``seq`` counts once.

    Args:
        token: what ``open_session`` gave; the proof of who studies what.
        seq: number of the batch in its session, from 1.
        segments: ``[[m0, m1, w0, w1, rate, visible], …]``, see ``judge.Segment``.
        member_id: who is signed in on that browser; None when nobody is (late evidence travels on
            its token alone).
        answers: ``[[check-in, ms], …]`` that the segments rely on, see ``gates``.

    Raises:
        NotAllowed: no token of ours, or another member is signed in.
        Gone: more than the days of the evidence window after the session's end.
        BadReport: wrong shape, absurd size, or coverage in more pieces than is kept.
        TooMany: more reports of this session in a minute than are taken.
    """
    claim = tokens.read(token)
    if claim is None:
        raise NotAllowed(_("学习凭证无效，请刷新页面后继续学习。"))
    if member_id is not None and member_id != claim.member_id:
        raise NotAllowed(_("这份学习记录属于另一名党员，请由本人登录后上传。"))
    if type(seq) is not int or not 1 <= seq <= MAX_SEQ:
        raise BadReport(_("学习上报的序号不正确，请刷新页面后继续学习。"))
    try:
        parsed = judge.parse_segments(segments, settings.STUDY_SEGMENTS_PER_REPORT)
        answered = gates.parse_answers(answers)
    except ValueError as error:
        raise BadReport(_("学习上报的内容不正确，请刷新页面后继续学习。")) from error
    with transaction.atomic():
        return _accept(claim, seq, parsed, answered, segments)


def _accept(
    claim: tokens.Claim,
    seq: int,
    parsed: list[judge.Segment],
    answered: list[tuple[int, int]],
    raw: object,
) -> Accepted:
    session = _session(claim)
    now = clock.authority()
    if now > session.expires_at + timedelta(days=settings.STUDY_EVIDENCE_DAYS):
        raise Gone(_("学习结束已超过规定天数，这份记录不能再上传。"))
    held = rows.held(session)
    if seq <= session.last_seq and _reports(session).filter(seq=seq).exists():
        return _answer(session, held, _known(session, held))
    _count(session, now)
    verdict = _judge(session, parsed, answered, held, now)
    if len(verdict.cover) > max(len(held.cover), 2 * settings.STUDY_SPANS):
        raise BadReport(_("学习上报的内容不正确，请刷新页面后继续学习。"))
    _store(session, seq, raw, answered, verdict, held, now)
    return _answer(session, held, _standing(session, held, verdict, now))


def _session(claim: tokens.Claim) -> rows.SessionRow:
    session = rows.lock_session(claim.sid)
    if (
        session is None
        or session.member_id != claim.member_id
        or session.revision_id != claim.revision_id
        or not session.active
    ):
        raise NotAllowed(_("学习凭证已失效，请刷新页面后继续学习。"))
    return session


def _count(session: rows.SessionRow, now: datetime) -> None:
    """Count a report into its minute; the session's row carries it, so it costs no statement.

    Raises:
        TooMany: a page sends one in half a minute and one at each pause, never so many.
    """
    since = (now - session.minute_at).total_seconds() if session.minute_at else MINUTE
    if not 0 <= since < MINUTE:
        session.minute_at, session.minute_reports, since = now, 0, 0
    if session.minute_reports >= settings.STUDY_REPORTS_PER_MINUTE:
        raise TooMany(_("上报过于频繁，请稍后继续。"), retry_after=ceil(MINUTE - since))
    session.minute_reports += 1


def _reports(session: rows.SessionRow):
    return Report.objects.filter(session_id=session.sid)


def _judge(
    session: rows.SessionRow,
    parsed: list[judge.Segment],
    answered: list[tuple[int, int]],
    held: rows.Held,
    now: datetime,
) -> judge.Verdict:
    opened = judge.local_ms(clock.to_ms(session.opened_at))
    closes = judge.local_ms(clock.to_ms(min(now, session.expires_at)))
    terms = presets.terms(
        axis=session.axis,
        length=session.length,
        study_ms=session.study_ms,
        max_rate=session.max_rate,
        opened=opened,
        closes=closes,
        windows=_windows(session, parsed, answered),
        barrier=session.barrier,
        review=session.review_ms - held.reviewed_ms,
    )
    last = min(closes, opened + max((s.w1 for s in parsed), default=0))
    first = min(last, opened + min((s.w0 for s in parsed), default=0))
    days = rows.load_wall(session.member_id, first, last) if parsed else {}
    return judge.judge(
        parsed,
        terms,
        cover=held.cover,
        wall=judge.join_days(days),
        studied_ms=held.studied_ms,
    )


def _windows(
    session: rows.SessionRow, parsed: list[judge.Segment], answered: list[tuple[int, int]]
) -> sets.Spans | None:
    """The time of the session that its check-ins let count; None when it has none."""
    if not session.check_low:
        return None
    until = max((s.w1 for s in parsed), default=0)
    moments = gates.schedule(session.sid, session.check_low, session.check_high, until)
    return gates.windows(moments, answered, until)


def _store(
    session: rows.SessionRow,
    seq: int,
    raw: object,
    answered: list[tuple[int, int]],
    verdict: judge.Verdict,
    held: rows.Held,
    now: datetime,
) -> None:
    rows.insert_report(session.sid, seq, now, raw, answered, verdict)
    rows.save_wall(session.member_id, verdict.wall, verdict.claimed)
    _store_coverage(session, verdict, held, now)
    for day, studied in verdict.studied.items():
        rows.add_study_day(session, judge.date_of(day), studied)
    _advance(session, seq)
    rows.update_session(session, now)


def _store_coverage(
    session: rows.SessionRow, verdict: judge.Verdict, held: rows.Held, now: datetime
) -> None:
    held.cover = verdict.cover
    held.covered += verdict.covered_gain
    held.studied_ms += verdict.studied_ms
    held.reviewed_ms += verdict.reviewed
    if verdict.resume_at is not None:
        held.resume_at = verdict.resume_at
    if held.pk is not None:
        rows.update_coverage(held, now)
    elif verdict.claimed:
        coverage = Coverage.objects.create(
            member_id=session.member_id,
            revision_id=session.revision_id,
            cycle=session.cycle,
            spans=sets.pack(held.cover),
            covered=held.covered,
            studied_ms=held.studied_ms,
            reviewed_ms=held.reviewed_ms,
            resume_at=held.resume_at,
            updated_at=now,
        )
        held.pk = coverage.pk
        signals.started.send(sender=Coverage, coverage=coverage)


def _advance(session: rows.SessionRow, seq: int) -> None:
    """Count the report in; ``durable_seq`` ends the run of numbers without a gap."""
    ahead = session.last_seq > seq
    session.last_seq = max(session.last_seq, seq)
    if seq != session.durable_seq + 1:
        return
    session.durable_seq = seq
    if not ahead:
        return
    later = _reports(session).filter(seq__gt=seq).order_by("seq")
    for stored in later.values_list("seq", flat=True):
        if stored != session.durable_seq + 1:
            break
        session.durable_seq = stored


def _enough(session: rows.SessionRow, covered: int) -> bool:
    return presets.covered_enough(covered, session.axis, session.length)


def _standing(
    session: rows.SessionRow, held: rows.Held, verdict: judge.Verdict, now: datetime
) -> Standing:
    """Where the member stands now; the report that completes the coverage posts the completion."""
    crossed = (
        verdict.covered_gain
        and _enough(session, held.covered)
        and not _enough(session, held.covered - verdict.covered_gain)
    )
    if crossed:
        day = verdict.last_day
        consider(
            member_id=session.member_id,
            revision=_revision(session),
            cycle=session.cycle,
            on=judge.date_of(day) if day is not None else clock.local_day(now),
            origin=f"session:{session.sid.hex}",
        )
    return _known(session, held)


def _revision(session: rows.SessionRow) -> ItemRevision:
    return ItemRevision.objects.select_related("item").get(pk=session.revision_id)


def _known(session: rows.SessionRow, held: rows.Held) -> Standing:
    if not (held.met or _enough(session, held.covered)):
        return Standing()  # nothing can have been completed; spares the look-up
    return standing(session.member_id, _revision(session), session.cycle, enough=True)


def _answer(session: rows.SessionRow, held: rows.Held, now_at: Standing) -> Accepted:
    return Accepted(
        durable_seq=session.durable_seq,
        covered=held.covered,
        cover=held.cover,
        length=session.length,
        studied_ms=held.studied_ms,
        required_ms=session.study_ms,
        completed=now_at.completed,
        credit=now_at.credit,
        state=now_at.state,
        outstanding=now_at.outstanding,
        cadence=settings.STUDY_REPORT_SECONDS,
        superseded=session.superseded,
    )
