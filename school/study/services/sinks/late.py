"""Evidence that comes too late to be judged at once. Both sinks ask here, and only here.

It is kept as it was sent until a person decides on it (``services.late``). What one member can have
kept is bounded; a batch that does not fit stays on its device.
"""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from school.core import clock
from school.core.errors import DomainError, TooMany
from school.core.language import school_language
from school.members.models import Member
from school.members.permissions import WRITING
from school.members.selectors.people import home_branch
from school.notices.services import tell
from school.study import spans as sets
from school.study.models import LateReport, LateStudy
from school.study.rules import judge, packing
from school.study.selectors.officers import above_own, nearest_officers
from school.study.services.sinks.answers import Kept
from school.study.services.sinks.batches import Batch
from school.study.services.sinks.statements import Session

AGAIN_SECONDS = 6 * 3600


class Gone(DomainError):
    """The evidence comes too late even to be kept."""

    status = 410


def is_late(expires_at: datetime, received: datetime) -> bool:
    """Whether a batch of a session came in after the days in which evidence is judged at once."""
    return received > expires_at + timedelta(days=settings.STUDY_EVIDENCE_DAYS)


def keep(batch: Batch, session: Session, received: datetime) -> Kept:
    """Keep a batch that came too late, once; the member's row is locked by the caller.

    Raises:
        Gone: so late that the rest of the evidence is not kept any more either, or more batches
            than one visit can have.
        TooMany: so much of the member waits already that no more is kept until it is decided.
    """
    claimed = claimed_ms(batch.segments, _length(session))
    mine = LateReport.objects.filter(session_id=session.sid, seq=batch.seq)
    if not claimed or mine.exists():
        return Kept()
    _refuse_too_much(session, received)
    study, made = _study(session, batch, received)
    LateReport.objects.create(
        study=study,
        session_id=session.sid,
        seq=batch.seq,
        received_at=received,
        packed=packing.pack(batch.segments, batch.answers),
    )
    study.claimed_ms = min(_length(session), study.claimed_ms + claimed)
    study.batches += 1
    study.last_at = received
    study.save(update_fields=["claimed_ms", "batches", "last_at"])
    if made:
        _tell(study)
    return Kept()


def _refuse_too_much(session: Session, received: datetime) -> None:
    if received > session.expires_at + timedelta(days=settings.STUDY_EVIDENCE_KEEP_DAYS):
        raise Gone(_("学习结束已超过凭据保存期，这份记录不能再上传。"))
    kept = LateReport.objects.filter(study__member_id=session.member_id)
    if kept.filter(session_id=session.sid).count() >= settings.STUDY_LATE_PER_SESSION:
        raise Gone(_("这次学习的逾期记录过多，不再接收。"))
    waiting = kept.filter(study__state=LateStudy.State.WAITING)
    if waiting.count() >= settings.STUDY_LATE_PER_MEMBER:
        raise TooMany(_("待核实的逾期记录较多，请等支部核实后再上传。"), retry_after=AGAIN_SECONDS)


def _length(session: Session) -> int:
    """How long a session can last, milliseconds."""
    return int((session.expires_at - session.opened_at).total_seconds() * 1000)


def claimed_ms(segments: list[judge.Segment], length: int) -> int:
    """The time of a batch's stretches with the page in front, each millisecond of a visit once.

    Args:
        length: milliseconds after which the visit was over.
    """
    spans: sets.Spans = []
    for each in segments:
        if each.visible and each.w0 < min(each.w1, length):
            spans, _gain = sets.add(spans, each.w0, min(each.w1, length))
    return sets.length(spans)


def _study(session: Session, batch: Batch, received: datetime) -> tuple[LateStudy, bool]:
    """The open case of a session, or a new one."""
    waiting = LateStudy.objects.filter(session_id=session.sid, state=LateStudy.State.WAITING)
    day = _day(session, batch)
    if found := waiting.first():
        return found, False
    member = Member.objects.get(pk=session.member_id)
    home = home_branch(member)
    return (
        LateStudy.objects.create(
            session_id=session.sid,
            member=member,
            holder=home and above_own(member, home),
            studied_on=day,
            came_at=received,
            last_at=received,
        ),
        True,
    )


def _day(session: Session, batch: Batch) -> date:
    """The local day on which a batch's first stretch lies."""
    begun = min(each.w0 for each in batch.segments if each.visible)
    return clock.local_day(session.opened_at + timedelta(milliseconds=begun))


@school_language()
def _tell(study: LateStudy) -> None:
    """Who has to decide hears of a visit once, however many batches it comes in."""
    if study.holder is None:
        return
    ids = nearest_officers(study.holder, WRITING, study.member)
    if not ids:
        return
    tell(
        member_ids=ids,
        title=_("有逾期上传的学习待核实"),
        body=_("%(name)s %(day)s 的学习逾期上传，请核实后认定或不予认定。")
        % {"name": study.member.name, "day": study.studied_on},
        path=reverse("study:late_case", args=[study.pk]),
    )
