"""Open sessions: begun by the sign-in, noted while used, ended by their member or for idleness."""

from datetime import UTC, datetime, timedelta
from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import transaction
from django.http import HttpRequest
from django.middleware.csrf import rotate_token
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import NotFound
from school.core.prepared import PreparedInsert
from school.members.models import Member, SignInSession
from school.members.permissions import scope_for, signed_in
from school.members.registry import was_active
from school.members.rules.signin import device_label, strictest

SEEN = "seen"  # in the session: when it was last noted as used, seconds since 1970
FRESH = "fresh"  # in the session: when the password was last proved
SECOND_STEP = "second_step"  # in the session: opened, or since proved, with a second step

End = SignInSession.End
_insert = PreparedInsert(SignInSession)


def begin_session(
    *, request: HttpRequest, member: Member, with_code: bool, with_second_step: bool
) -> None:
    """Sign a member in on this browser, and keep a row for the session.

    What Django's ``login`` does, with everything in the session before it gets its new key: it is
    written once. Its signal is not sent, for all it does is to write ``last_login`` by itself.
    """
    now, session = clock.now(), request.session
    if SESSION_KEY in session:
        session.flush()  # somebody else's, or from before a new password
    session[SESSION_KEY] = str(member.pk)
    session[BACKEND_SESSION_KEY] = member.backend
    session[HASH_SESSION_KEY] = member.get_session_auth_hash()
    session[SEEN] = session[FRESH] = int(now.timestamp())
    session[SECOND_STEP] = with_second_step
    session.cycle_key()
    request.user = member
    rotate_token(request)
    row = SignInSession(
        member=member,
        key=request.session.session_key,
        label=device_label(request.headers.get("User-Agent", "")),
        address=audit.address_prefix(request),
        began_at=now,
        seen_at=now,
        with_code=with_code,
        with_second_step=with_second_step,
    )
    _insert(row)


def is_kept(request: HttpRequest) -> bool:
    """Whether the session of a request goes on; notes now and then that it is used.

    No query while it is fresh; a role's shorter limit is looked up only after the shortest of all.
    """
    now = clock.now()
    seen = request.session.get(SEEN)
    if seen is None:
        _note(request, now)
        return True
    idle = now.timestamp() - seen
    if idle >= 60 * min(settings.SIGN_IN_IDLE_MINUTES.values()):
        limit = idle_limit(signed_in(request))
        if idle >= limit.total_seconds() and not was_active(
            request.user.pk, now - limit, request.headers.get("User-Agent", "")
        ):
            return False
    if idle >= settings.SIGN_IN_SEEN_SECONDS:
        _note(request, now)
    return True


def _note(request: HttpRequest, now: datetime) -> None:
    request.session[SEEN] = int(now.timestamp())
    SignInSession.objects.filter(key=request.session.session_key).update(seen_at=now)


def idle_limit(member: Member) -> timedelta:
    """How long a member's session may rest: the shortest of the roles held today."""
    minutes = strictest(settings.SIGN_IN_IDLE_MINUTES, scope_for(member).role_names)
    return timedelta(minutes=minutes)


def is_fresh(request: HttpRequest) -> bool:
    """Whether the password was proved a short while ago."""
    proved = request.session.get(FRESH, 0)
    return clock.now() - datetime.fromtimestamp(proved, UTC) < timedelta(
        minutes=settings.SIGN_IN_FRESH_MINUTES
    )


def prove(request: HttpRequest) -> None:
    """The password has just been given again."""
    request.session[FRESH] = int(clock.now().timestamp())


def rename(before: str, after: str) -> None:
    """A session has got a new key and goes on."""
    SignInSession.objects.filter(key=before).update(key=after)


def end_own(*, request: HttpRequest, why: str) -> None:
    """Note the end of the session of a request; the caller logs out."""
    SignInSession.objects.filter(key=request.session.session_key, ended_at=None).update(
        ended_at=clock.now(), end=why
    )


@transaction.atomic
def end_session(*, member: Member, session_id: int, by: Member, why: str = End.REVOKED) -> None:
    """Sign one browser of a member out.

    Raises:
        NotFound: no such open session of this member.
    """
    row = SignInSession.objects.filter(pk=session_id, member=member, ended_at=None).first()
    if row is None:
        raise NotFound(_("这台设备已经退出登录。"))
    _end([row], why)
    audit.record(
        "members.session_ended", actor=by, subject=member, fields={"device": row.label, "why": why}
    )


@transaction.atomic
def end_sessions(*, member: Member, by: Member | None, why: str, but: str | None = None) -> int:
    """Sign all browsers of a member out, but the one with a session key; returns how many."""
    rows = list(SignInSession.objects.filter(member=member, ended_at=None).exclude(key=but or ""))
    _end(rows, why)
    if rows:
        fields = {"count": len(rows), "why": why}
        audit.record("members.sessions_ended", actor=by, subject=member, fields=fields)
    return len(rows)


def _store():
    return import_module(settings.SESSION_ENGINE).SessionStore


def _end(rows: list[SignInSession], why: str) -> None:
    for row in rows:
        _store()(row.key).delete()
    SignInSession.objects.filter(pk__in=[row.pk for row in rows]).update(
        ended_at=clock.authority(),  # study after it is void, so the shared clock tells
        end=why,
    )


def sweep() -> int:
    """Clear expired sessions, and rows whose session ended long ago; returns how many rows."""
    _store().clear_expired()
    old = clock.now() - timedelta(days=settings.SIGN_IN_SESSION_DAYS)
    return SignInSession.objects.filter(seen_at__lt=old).delete()[0]


def open_sessions(member: Member) -> list[SignInSession]:
    """Sessions that may still be used, the last used first; those that ran out are left away."""
    oldest = clock.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    rows = SignInSession.objects.filter(member=member, ended_at=None, began_at__gt=oldest)
    return list(rows.order_by("-seen_at")[:20])
