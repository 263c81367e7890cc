"""One batch as a page sends it: read and checked the same way by both sinks."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.utils.translation import gettext as _

from school.core.errors import DomainError, NotAllowed
from school.study.rules import gates, judge, tokens

MAX_SEQ = 2**31 - 1
LOCKED_SECONDS = 15 * 60


class BadReport(DomainError):
    """The report is not one our page sends."""

    status = 400


class Locked(DomainError):
    """The member may not sign in now; evidence stays on its device until that has changed."""

    status = 423

    def __init__(self, message: str, retry_after: int = LOCKED_SECONDS) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Batch:
    """One report. ``received``: when the queue took it in; None: now, by the database's clock.

    ``admitted``: somebody has decided that it counts though it came too late.
    """

    claim: tokens.Claim
    seq: int
    segments: list[judge.Segment]
    answers: list[tuple[int, int]]
    received: datetime | None = None
    admitted: bool = False


def read_claim(token: object) -> tokens.Claim:
    """What a token proves.

    Raises:
        NotAllowed: it is none of ours.
    """
    claim = tokens.read(token)
    if claim is None:
        raise NotAllowed(_("学习凭证无效，请刷新页面后继续学习。"))
    return claim


def signed_in_member(session: SessionBase) -> int | None:
    """Whose browser it is, from its session alone: the member's row is read with the evidence."""
    member_id = session.get(SESSION_KEY)
    return int(member_id) if member_id else None


def refuse_other(claim: tokens.Claim, member_id: int | None) -> None:
    """Nobody's evidence travels under another member's name.

    Args:
        member_id: who is signed in on the browser that sends; None when nobody is.

    Raises:
        NotAllowed: somebody else is.
    """
    if member_id is not None and member_id != claim.member_id:
        raise NotAllowed(_("这份学习记录属于另一名党员，请由本人登录后上传。"))


def read_batch(
    claim: tokens.Claim,
    *,
    seq: object,
    segments: object,
    answers: object = None,
    received: datetime | None = None,
) -> Batch:
    """A batch of a claim from plain JSON.

    Args:
        seq: number of the batch in its session, from 1.
        segments: ``[[m0, m1, w0, w1, rate, visible], …]``, see ``judge.Segment``.
        answers: ``[[check-in, ms], …]`` that the segments rely on, see ``gates``.

    Raises:
        BadReport: wrong shape or absurd size.
    """
    if type(seq) is not int or not 1 <= seq <= MAX_SEQ:
        raise BadReport(_("学习上报的序号不正确，请刷新页面后继续学习。"))
    try:
        parsed = judge.parse_segments(segments, settings.STUDY_SEGMENTS_PER_REPORT)
        answered = gates.parse_answers(answers)
    except ValueError as error:
        raise unreadable() from error
    return Batch(claim, seq, parsed, answered, received)


def unreadable() -> BadReport:
    """What a page is told whose report cannot be one of ours."""
    return BadReport(_("学习上报的内容不正确，请刷新页面后继续学习。"))
