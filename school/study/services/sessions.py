"""Opening a study session: what the page learns and the token it studies with."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from school.core import clock
from school.core.errors import NotFound, TooMany
from school.members.models import Member
from school.members.selectors.audiences import in_audience
from school.study import spans as sets
from school.study.models import Coverage, ItemRevision, StudyItem, StudySession
from school.study.rules import tokens
from school.study.selectors.cycles import cycle_for
from school.study.selectors.rates import permitted_rate
from school.study.selectors.standing import Standing, standing
from school.study.services.locks import lock_member


@dataclass(frozen=True)
class Opened:
    """What the page needs to study; ``cover`` is flat spans of the axis."""

    sid: str
    token: str
    seq: int
    cadence: int
    length: int
    cover: list[int]
    covered: int
    studied_ms: int
    required_ms: int
    resume_at: int
    max_rate: int
    seek_free: bool
    completed: bool
    credit: int | None
    state: str
    outstanding: list[dict]


@transaction.atomic
def open_session(*, member: Member, item: StudyItem, device: str = "", address: str = "") -> Opened:
    """Open a session of a member on an item's revision in force.

    Args:
        device: what the browser calls itself, shortened.
        address: the client's address prefix.

    Raises:
        NotFound: the item is withdrawn, not published yet, or not for this member.
        TooMany: more sessions in a minute than a person opens.
    """
    if item.withdrawn_at or item.current_id is None or not in_audience(item.audience, member):
        raise NotFound(_("该内容已撤下或不在学习范围内，请返回课程页面。"))
    revision = item.current
    if revision.axis == ItemRevision.Axis.NONE:
        raise NotFound(_("该内容不按时长学习。"))
    now = clock.authority()
    lock_member(member.pk)
    recent = StudySession.objects.filter(
        member=member, opened_at__gt=now - timedelta(minutes=1)
    ).count()
    if recent >= settings.STUDY_OPENS_PER_MINUTE:
        raise TooMany(_("打开过于频繁，请一分钟后再试。"), retry_after=60)
    day = clock.local_day(now)
    cycle = cycle_for(member.pk, revision.pk, day)
    now_at = standing(member.pk, revision, cycle)
    session = StudySession.objects.create(
        member=member,
        revision=revision,
        cycle=cycle,
        opened_at=now,
        expires_at=now + timedelta(hours=settings.STUDY_SESSION_HOURS),
        # Settled here and signed into the token: no report looks at plans.
        max_rate=permitted_rate(member.pk, revision, completed=now_at.completed, day=day),
        device=device[:64],
        address=address[:45],
    )
    return _opened(session, revision, now_at)


def _opened(session: StudySession, revision: ItemRevision, now_at: Standing) -> Opened:
    seen = Coverage.objects.filter(
        member_id=session.member_id, revision=revision, cycle=session.cycle
    ).first()
    return Opened(
        sid=session.pk.hex,
        token=token_of(session, revision),
        seq=0,
        cadence=settings.STUDY_REPORT_SECONDS,
        length=revision.axis_length,
        cover=sets.unpack(seen.spans) if seen else [],
        covered=seen.covered if seen else 0,
        studied_ms=seen.studied_ms if seen else 0,
        required_ms=revision.study_ms,
        resume_at=seen.resume_at if seen else 0,
        max_rate=session.max_rate,
        seek_free=revision.seek_free or now_at.completed,
        completed=now_at.completed,
        credit=now_at.credit,
        state=now_at.state,
        outstanding=now_at.outstanding,
    )


def token_of(session: StudySession, revision: ItemRevision) -> str:
    """The signed token of a session."""
    return tokens.seal(
        tokens.Claim(
            sid=session.pk,
            member_id=session.member_id,
            revision_id=revision.pk,
            length=revision.axis_length,
            expires=int(session.expires_at.timestamp()),
            max_rate=session.max_rate,
        )
    )
