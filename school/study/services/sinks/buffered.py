"""The ``buffered`` sink, the web server's half: check, put into Redis, answer.

No row is read for a page that sends from the browser and sign-in it was opened in: the token
proves who it is, and posting looks whether the sign-in was taken away meanwhile. What the page is
told are the numbers of the last posting; a batch stays on the device until they cover it.
"""

import contextlib
import json
from datetime import UTC, datetime, timedelta

from celery import current_app
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from school.core import clock
from school.core.errors import DomainError
from school.study.rules.tokens import Claim
from school.study.services.sinks import batches, direct, queue
from school.study.services.sinks.answers import Accepted, Kept
from school.study.services.sinks.post import look, too_many


def accept(body: dict, session: SessionBase) -> bytes | Kept:
    """Take a report in; the JSON to answer with. What comes too late is kept in the database.

    Args:
        body: ``{"token", "seq", "segments", "answers"}``.
        session: of the browser that sends; read only when it is not the one of the opening.

    Raises:
        DomainError: refused now, or by posting when the same batch was sent before.
    """
    claim = batches.read_claim(body.get("token"))
    if session.session_key and not claim.opened_in(session.session_key):
        batches.refuse_other(claim, batches.signed_in_member(session))
    seq, segments, answers = body.get("seq"), body.get("segments"), body.get("answers")
    batch = batches.read_batch(claim, seq=seq, segments=segments, answers=answers)
    if _may_be_late(claim):
        outcome = direct.accept(batch)
        return written(outcome) if isinstance(outcome, Accepted) else outcome
    entry = json.dumps([body["token"], seq, segments, answers], separators=(",", ":")).encode()
    try:
        told = queue.push(sid=claim.sid.hex, member_id=claim.member_id, seq=seq, entry=entry)
        if told.unknown:
            _introduce(claim)
            told = queue.push(sid=claim.sid.hex, member_id=claim.member_id, seq=seq, entry=entry)
        if told.crowded:
            _wake(claim.member_id)
    except RedisError as error:
        raise away() from error
    if told.wait:
        raise too_many(told.wait)
    if told.refused:
        raise stored_refusal(told.text)
    if told.unknown:
        raise away()
    return told.text


def _may_be_late(claim: Claim) -> bool:
    """Whether a visit is over for so long that its reports are rare: they need no queue."""
    over = datetime.fromtimestamp(claim.expires, UTC)
    return clock.now() > over + timedelta(days=settings.STUDY_EVIDENCE_DAYS - 1)


class Away(DomainError):
    """Redis does not answer; the page keeps its evidence and sends it again."""

    status = 503


def away() -> Away:
    """What a page is told while evidence cannot be taken in."""
    return Away(_("学习记录暂时不能上传，已保存在本机，稍后自动重试。"))


def _wake(member_id: int) -> None:
    """Have a crowded shard drained now; the schedule does it anyway, a little later."""
    with contextlib.suppress(OSError, OperationalError):
        args = [queue.shard_of(member_id)]
        current_app.send_task("school.study.tasks.drain_shard", args=args, queue="study")


def _introduce(claim: Claim) -> None:
    """The first report of a session after its opening (or after Redis forgot it)."""
    answer = look(claim)
    queue.seed(sid=claim.sid.hex, answer=written(answer), durable=answer.durable_seq)


def written(answer: Accepted) -> bytes:
    """An answer as the JSON that a page gets."""
    return json.dumps(answer.payload(), ensure_ascii=False, separators=(",", ":")).encode()


class Refused(DomainError):
    """A refusal found by posting, told when the same report is sent again."""

    def __init__(self, status: int, message: str, retry_after: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


def stored_refusal(text: bytes) -> Refused:
    """Inverse of ``refusal_text``."""
    return Refused(*json.loads(text))


def refusal_text(error: DomainError) -> bytes:
    """A refusal as it is kept until its report is sent again."""
    told = [error.status, error.message, getattr(error, "retry_after", 0)]
    return json.dumps(told, ensure_ascii=False).encode()
