"""Posting: the one way from a batch to the books, for both sinks.

Everything a batch is worth is decided by the judge; here its rows are found, its verdict is
written, and what it completes is looked at. The caller holds the transaction.
"""

from collections.abc import Sequence
from datetime import datetime
from math import ceil
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from school.core import clock
from school.core.errors import DomainError, NotAllowed, TooMany
from school.study import presets, signals
from school.study import spans as sets
from school.study.models import Coverage, ItemRevision
from school.study.rules import gates, judge
from school.study.rules.tokens import Claim
from school.study.selectors.standing import Standing, standing
from school.study.services.completion import consider
from school.study.services.sinks import late
from school.study.services.sinks.answers import Accepted, Kept
from school.study.services.sinks.batches import Batch, Locked, unreadable
from school.study.services.sinks.desk import Desk, laid_out, seen
from school.study.services.sinks.statements import Held, Session

MINUTE = 60

Outcome = Accepted | Kept | DomainError


def post(batches: Sequence[Batch]) -> list[Outcome]:
    """Judge and store batches in their order; the outcome of each.

    Batches of one session share its last numbers. A number of a session counts once, so posting a
    batch again changes nothing. A refused batch leaves nothing behind and does not stop the others.
    """
    desk = laid_out(batches)
    outcomes: list[DomainError | Kept | UUID] = []
    for batch in batches:
        try:
            outcomes.append(_post(desk, batch))
        except DomainError as refusal:
            outcomes.append(refusal)
    desk.write()
    answers = {
        sid: _answer(desk, desk.sessions[sid])
        for sid in dict.fromkeys(each for each in outcomes if isinstance(each, UUID))
    }
    return [answers[each] if isinstance(each, UUID) else each for each in outcomes]


def look(claim: Claim) -> Accepted:
    """Where a session stands, without posting anything and without a lock.

    Raises:
        NotAllowed: the token's session does not exist.
        Locked: its member may not sign in.
    """
    desk = seen(claim)
    return _answer(desk, _session(desk, claim))


def _post(desk: Desk, batch: Batch) -> UUID | Kept:
    session = _session(desk, batch.claim)
    received = batch.received or desk.now
    if desk.is_known(session, batch.seq):
        return session.sid
    if not batch.admitted and late.is_late(session.expires_at, received):
        return late.keep(batch, session, received)
    if batch.received is None:
        _count(session, received)
    held = desk.held[session.key]
    verdict = _judge(desk, session, batch, held, received)
    if len(verdict.cover) > max(len(held.cover), 2 * settings.STUDY_SPANS):
        raise unreadable()
    before = held.covered
    desk.book(session, batch, verdict, received)
    if desk.is_new(session.key):
        _begin(desk, session)
    if not _enough(session, before) and _enough(session, held.covered):
        _finish(desk, session, verdict, received)
    return session.sid


def _session(desk: Desk, claim: Claim) -> Session:
    session = desk.sessions.get(claim.sid)
    if (
        session is None
        or session.member_id != claim.member_id
        or session.revision_id != claim.revision_id
    ):
        raise NotAllowed(_("学习凭证已失效，请刷新页面后继续学习。"))
    if not desk.may_sign_in.get(session.member_id):
        raise Locked(_("账号已停用，学习记录保存在本机，恢复后自动上传。"))
    return session


def _count(session: Session, now: datetime) -> None:
    """Count a report into its minute; the session's row carries it, so it costs no statement.

    What comes from the queue was counted when it went in.

    Raises:
        TooMany: a page sends one in half a minute and one at each pause, never so many.
    """
    since = (now - session.minute_at).total_seconds() if session.minute_at else MINUTE
    if not 0 <= since < MINUTE:
        session.minute_at, session.minute_reports, since = now, 0, 0
    if session.minute_reports >= settings.STUDY_REPORTS_PER_MINUTE:
        raise too_many(ceil(MINUTE - since))
    session.minute_reports += 1


def too_many(seconds: int) -> TooMany:
    """What a page is told that reports too often; ``seconds`` until it may again."""
    return TooMany(_("上报过于频繁，请稍后继续。"), retry_after=max(1, seconds))


def _judge(
    desk: Desk, session: Session, batch: Batch, held: Held, received: datetime
) -> judge.Verdict:
    opened = judge.local_ms(clock.to_ms(session.opened_at))
    # Nothing is studied after the session's end, nor after its sign-in was taken away; what was
    # studied before counts whenever it comes.
    ends = [received, session.expires_at, session.revoked_at or received]
    closes = judge.local_ms(clock.to_ms(min(ends)))
    terms = presets.terms(
        axis=session.axis,
        length=session.length,
        study_ms=session.study_ms,
        max_rate=session.max_rate,
        opened=opened,
        closes=closes,
        windows=_windows(session, batch),
        barrier=session.barrier,
        review=session.review_ms - held.reviewed_ms,
    )
    return judge.judge(
        batch.segments,
        terms,
        cover=held.cover,
        wall=desk.wall_of(session),
        studied_ms=held.studied_ms,
    )


def _windows(session: Session, batch: Batch) -> sets.Spans | None:
    """The time of the session that its check-ins let count; None when it has none."""
    if not session.check_low:
        return None
    until = max((segment.w1 for segment in batch.segments), default=0)
    moments = gates.schedule(
        session.sid, session.check_low, session.check_high, until, session.carried_ms
    )
    return gates.windows(moments, batch.answers, until)


def _enough(session: Session, covered: int) -> bool:
    return presets.covered_enough(covered, session.axis, session.length)


def _begin(desk: Desk, session: Session) -> None:
    """The member's first evidence on a revision: write it, and tell the apps above."""
    desk.write()
    coverage = _row(session)
    desk.held[session.key].pk = coverage.pk
    signals.started.send(sender=Coverage, coverage=coverage)


def _row(session: Session) -> Coverage:
    return Coverage.objects.get(
        member_id=session.member_id, revision_id=session.revision_id, cycle=session.cycle
    )


def _finish(desk: Desk, session: Session, verdict: judge.Verdict, received: datetime) -> None:
    """Enough has been seen: write it, and post the completion if nothing else is asked."""
    desk.write()
    day = verdict.last_day
    consider(
        member_id=session.member_id,
        revision=_revision(session),
        cycle=session.cycle,
        on=judge.date_of(day) if day is not None else clock.local_day(received),
        origin=f"session:{session.sid.hex}",
    )


def _revision(session: Session) -> ItemRevision:
    return ItemRevision.objects.select_related("item").get(pk=session.revision_id)


def _standing(session: Session, held: Held) -> Standing:
    if not (held.met or _enough(session, held.covered)):
        return Standing()  # nothing can have been completed; spares the look-up
    return standing(session.member_id, _revision(session), session.cycle, enough=True)


def _answer(desk: Desk, session: Session) -> Accepted:
    held = desk.held[session.key]
    now_at = _standing(session, held)
    return Accepted(
        durable_seq=session.durable_seq,
        covered=held.covered,
        cover=held.cover,
        length=session.length,
        studied_ms=held.studied_ms,
        required_ms=session.study_ms,
        completed=now_at.completed,
        again=now_at.again,
        credit=now_at.credit,
        state=now_at.state,
        outstanding=now_at.outstanding,
        cadence=settings.STUDY_REPORT_SECONDS,
        superseded=session.superseded,
    )
