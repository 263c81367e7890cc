"""Opening a study session: what the page learns and the token it studies with."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from school.core import clock
from school.core.errors import NotFound, TooMany
from school.members.models import Member, SignInSession
from school.members.selectors.audiences import in_audience
from school.study import spans as sets
from school.study.models import Coverage, ItemRevision, StudyItem, StudySession
from school.study.rules import gates as check_ins
from school.study.rules import tokens
from school.study.rules.policy import Policy
from school.study.selectors.cycles import cycle_after
from school.study.selectors.gates import GateState, barrier_of, gates_of
from school.study.selectors.pay import pay_under
from school.study.selectors.policy import settled_policy
from school.study.selectors.presence import unanswered_ms, visits_of_a_day
from school.study.selectors.room import room_under
from school.study.selectors.rules import rule_on
from school.study.selectors.standing import Standing, is_enough, standing
from school.study.services.locks import lock_member


@dataclass(frozen=True)
class Opened:
    """What the page needs to study; ``cover`` is flat spans of the axis.

    ``check_ins``: milliseconds of the session at which the page asks whether somebody is there; the
    answers travel with the reports. ``gates``: questions of the film, with where they wait; what
    lies beyond the first one not ``passed`` does not count while ``questions`` holds.
    ``review_ms``: study time that watching again may still earn. ``again``: it was completed before
    and not only by a gathering, so it earns nothing else. ``room``: what the caps leave today (see
    ``_room``), None where they cut nothing.
    """

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
    check_ins: list[int]
    gates: list[GateState]
    questions: bool
    review_ms: int
    completed: bool
    again: bool
    credit: int | None
    state: str
    outstanding: list[dict]
    room: dict | None


@transaction.atomic
def open_session(
    *,
    member: Member,
    item: StudyItem,
    device: str = "",
    address: str = "",
    browser: str = "",
    session_key: str | None = None,
    take: bool = True,
) -> Opened:
    """Open a session of a member on an item's revision in force.

    Args:
        device: what the browser calls itself, shortened.
        address: the client's address prefix.
        browser: keyed hash of the mark that the sign-in left in the browser.
        session_key: of the sign-in; the token is bound to it by a keyed hash.
        take: whether study goes on here; pages opened before learn that they are superseded.

    Raises:
        NotFound: the item is withdrawn, not published yet, or not for this member.
        TooMany: more sessions in a minute than a person opens.
    """
    if item.withdrawn_at or item.current_id is None or not in_audience(item.audience, member):
        raise NotFound(_("该内容已撤下或不在学习范围内，请返回课程页面。"))
    revision = item.current
    revision.item = item  # known; what asks for it needs no statement
    if revision.axis == ItemRevision.Axis.NONE:
        raise NotFound(_("该内容不按时长学习。"))
    now = clock.authority()
    lock_member(member.pk)
    visits = visits_of_a_day(member.pk, now)
    minute_ago = now - timedelta(minutes=1)
    if sum(visit.opened_at > minute_ago for visit in visits) >= settings.STUDY_OPENS_PER_MINUTE:
        raise TooMany(_("打开过于频繁，请一分钟后再试。"), retry_after=60)
    day = clock.local_day(now)
    seen = Coverage.objects.filter(member=member, revision=revision).order_by("-cycle").first()
    cycle = cycle_after(seen.cycle if seen else 0, member.pk, revision.pk, day)
    if seen and seen.cycle != cycle:
        seen = None  # that was an earlier round
    now_at = standing(member.pk, revision, cycle, enough=is_enough(revision, seen))
    together = now_at.completed and not now_at.again
    policy = settled_policy(member.pk, revision, completed=now_at.again, day=day, together=together)
    gates = gates_of(member.pk, revision, cycle)
    session = StudySession.objects.create(
        member=member,
        revision=revision,
        cycle=cycle,
        opened_at=now,
        expires_at=now + timedelta(hours=settings.STUDY_SESSION_HOURS),
        # Settled here and signed into the token: no report looks at plans.
        max_rate=policy.max_rate,
        check_low=policy.check_low,
        check_high=policy.check_high,
        carried_ms=unanswered_ms(visits, now) if policy.checks_in else 0,
        review_ms=_review_ms(policy, revision),
        barrier=barrier_of(gates) if policy.questions else None,
        sign_in_id=_sign_in(session_key),
        device=device[:64],
        address=address[:45],
        browser=browser[:64],
    )
    if take:
        supersede_others(session)
    return _opened(session, revision, seen, now_at, policy, gates, session_key)


def _sign_in(session_key: str | None) -> int | None:
    """The sign-in behind a session key: when it is taken away, what is studied later is void."""
    if not session_key:
        return None
    rows = SignInSession.objects.filter(key=session_key).values_list("pk", flat=True)
    return rows.first()


def supersede_others(session: StudySession) -> None:
    """Tell the member's other open pages that study goes on here. A courtesy: two pages never
    count the same minute anyway."""
    others = StudySession.objects.filter(
        member_id=session.member_id, superseded_at=None, expires_at__gt=session.opened_at
    )
    others.exclude(pk=session.pk).update(superseded_at=session.opened_at)


def _review_ms(policy: Policy, revision: ItemRevision) -> int:
    return revision.axis_length * policy.review // 100


def _opened(
    session: StudySession,
    revision: ItemRevision,
    seen: Coverage | None,
    now_at: Standing,
    policy: Policy,
    gates: list[GateState],
    session_key: str | None,
) -> Opened:
    lasts = int((session.expires_at - session.opened_at).total_seconds() * 1000)
    return Opened(
        sid=session.pk.hex,
        token=token_of(session, revision, policy, session_key),
        seq=0,
        cadence=settings.STUDY_REPORT_SECONDS,
        length=revision.axis_length,
        cover=sets.unpack(seen.spans) if seen else [],
        covered=seen.covered if seen else 0,
        studied_ms=seen.studied_ms if seen else 0,
        required_ms=revision.study_ms,
        resume_at=seen.resume_at if seen else 0,
        max_rate=policy.max_rate,
        seek_free=policy.seek_free,
        check_ins=check_ins.schedule(
            session.pk, policy.check_low, policy.check_high, lasts, session.carried_ms
        ),
        gates=gates,
        questions=policy.questions,
        review_ms=max(0, session.review_ms - (seen.reviewed_ms if seen else 0)),
        completed=now_at.completed,
        again=now_at.again,
        credit=now_at.credit,
        state=now_at.state,
        outstanding=now_at.outstanding,
        room=None if now_at.again else _room(session.member_id, revision),
    )


def _room(member_id: int, revision: ItemRevision) -> dict | None:
    """What today's caps leave, for the line under the player.

    ``left_ms``: study time until they are full, None where it does not run down while one studies;
    ``full``: what is said then; ``before``: what is said before it begins, "" for nothing.
    """
    rule = rule_on(clock.local_day(clock.authority()))
    room = room_under(rule, member_id)
    if room is None:
        return None
    pay = pay_under(rule, member_id, revision.item)
    if pay.state not in ("pays", "by_time"):
        return None
    left_ms = 0 if room.full else room.left_ms
    before = room.said(pay.credit if pay.state == "pays" else 0)
    return {"left_ms": left_ms, "full": room.text, "before": before, "until_ms": room.until_ms}


def token_of(
    session: StudySession, revision: ItemRevision, policy: Policy, session_key: str | None
) -> str:
    """The signed token of a session."""
    return tokens.seal(
        tokens.Claim(
            sid=session.pk,
            member_id=session.member_id,
            revision_id=revision.pk,
            length=revision.axis_length,
            expires=int(session.expires_at.timestamp()),
            max_rate=policy.max_rate,
            cycle=session.cycle,
            seek_free=policy.seek_free,
            check_low=policy.check_low,
            check_high=policy.check_high,
            questions=policy.questions,
            review_ms=session.review_ms,
            browser=tokens.browser_of(session_key),
        )
    )
