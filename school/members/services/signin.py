"""Signing in: one answer for every refusal, then the second step, then a session.

A session opens only when every step is through; until then the browser holds who is at the door.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.contrib.auth import authenticate
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import DomainError
from school.core.models import HostSettings
from school.core.prepared import PreparedInsert, stored
from school.members.backends import find_member
from school.members.models import KnownDevice, Member
from school.members.permissions import scope_for
from school.members.rules.signin import device_label, strictest
from school.members.services import second_step, sessions, throttle
from school.members.services.codes import spend_time_of_a_code, use_code
from school.members.services.throttle import Try, keyed

DEVICE_COOKIE = "device"
DOOR = "at_the_door"  # in the session: who has given the password and owes the second step
DOOR_MINUTES = 10
OWN_BACKEND = "school.members.backends.MemberBackend"


class WrongCredentials(DomainError):
    """Wrong password, unknown account, closed account: always the same words."""


@dataclass(frozen=True)
class SignIn:
    """A successful sign-in: who, and the device mark to keep in the browser."""

    member: Member
    device: str
    with_code: bool


def refusal() -> WrongCredentials:
    """What everybody hears who is not let in."""
    return WrongCredentials(
        _("账号或密码不对。请核对工号（或手机号）和密码；忘记密码请找支部书记领取一次性登录码。")
    )


def device_mac(mark: str) -> str:
    """How a device mark is stored."""
    return keyed("device", mark)


def browser_of(request: HttpRequest) -> str:
    """The stored form of the mark that an earlier sign-in left in this browser; empty for none."""
    mark = request.COOKIES.get(DEVICE_COOKIE, "")
    return device_mac(mark) if mark else ""


def _devices(request: HttpRequest) -> frozenset[str]:
    return frozenset(filter(None, [browser_of(request)]))


def _is_known(member: Member | None, devices: frozenset[str]) -> bool:
    return bool(member) and KnownDevice.objects.filter(member=member, mac__in=devices).exists()


def sign_in(*, request: HttpRequest, account: str, secret: str) -> SignIn | None:
    """Check an account with its password or a one-time code and open a session.

    Returns:
        None when all is right so far and the second step is owed: ``second_sign_in`` goes on.

    Raises:
        TooMany: the delay or the pause after failures has not passed.
        WrongCredentials: anything else that is wrong.
    """
    candidate, devices = find_member(account), _devices(request)
    attempt = Try(
        # One person, one count, by whichever number: two spellings are not twice the tries.
        account=keyed("member", str(candidate.pk))
        if candidate
        else keyed("account", account.strip().upper()),
        address=audit.address_prefix(request),
        is_known=lambda: _is_known(candidate, devices),
    )
    throttle.count_try(attempt)
    member, with_code, door = _authenticate(request, account, secret, candidate, devices)
    if member is None:
        throttle.count_against_address(attempt)
        audit.record("members.sign_in_refused", request=request, fields={"account": attempt.short})
        raise refusal()
    return enter(request=request, member=member, attempt=attempt, with_code=with_code, door=door)


def _authenticate(
    request: HttpRequest,
    account: str,
    secret: str,
    candidate: Member | None,
    devices: frozenset[str],
) -> tuple[Member | None, bool, str]:
    """Who it is, whether by a one-time code, and through which door."""
    setattr(request, "found_member", (account, candidate))  # noqa: B010 - read once for both
    member = authenticate(request, username=account, password=secret)
    if member is not None:
        door = "" if member.backend == OWN_BACKEND else "ldap"
        member.backend = OWN_BACKEND  # only ours looks at every request whether one is still active
        return member, False, door
    if candidate is None or not candidate.is_active:
        spend_time_of_a_code(secret)
        return None, False, ""
    if not use_code(member=candidate, typed=secret, devices=devices):
        return None, False, ""
    candidate.backend = OWN_BACKEND
    return candidate, True, ""


@transaction.atomic
def enter(
    *,
    request: HttpRequest,
    member: Member,
    attempt: Try | None = None,
    with_code: bool = False,
    door: str = "",
) -> SignIn | None:
    """Let in somebody who has proved who he is; None: kept at the door for the second step.

    Args:
        door: name of the provider that has vouched, when it was not the school itself. Who comes
            in this way needs no password of the school.
    """
    if attempt is not None:
        throttle.take_back(attempt)
    if second_step.is_set_up(member):
        request.session.cycle_key()
        request.session[DOOR] = {
            "member": member.pk,
            "code": with_code,
            "backend": member.backend,
            "door": door,
            "at": int(clock.now().timestamp()),
        }
        return None
    return _open(request, member, with_code, door=door)


def member_at_the_door(request: HttpRequest) -> Member | None:
    """Who has given the password in this browser a short while ago, or None."""
    door = request.session.get(DOOR)
    if not door:
        return None
    came = datetime.fromtimestamp(door["at"], UTC)
    if clock.now() - came > timedelta(minutes=DOOR_MINUTES):
        return None
    return Member.objects.filter(pk=door["member"], is_active=True).first()


def second_sign_in(*, request: HttpRequest, proof: second_step.Proof) -> SignIn:
    """Open the session of the member at the door when the second step is right.

    Raises:
        WrongCredentials: nobody is at the door any more.
        second_step.NotProved: the proof is wrong.
        TooMany: too many wrong proofs; counted apart from passwords.
    """
    member = member_at_the_door(request)
    if member is None:
        raise WrongCredentials(_("等候时间过长，请重新输入账号和密码。"))
    attempt = Try(keyed("second", str(member.pk)), audit.address_prefix(request))
    throttle.count_try(attempt)
    second_step.check(request=request, member=member, proof=proof)
    with transaction.atomic():
        throttle.take_back(attempt)
        door = request.session.pop(DOOR)
        member.backend = door["backend"]
        return _open(request, member, door["code"], with_second_step=True, door=door["door"])


def _open(
    request: HttpRequest,
    member: Member,
    with_code: bool,
    *,
    with_second_step: bool = False,
    door: str = "",
) -> SignIn:
    mark = request.COOKIES.get(DEVICE_COOKIE) or secrets.token_urlsafe(24)
    version = HostSettings.for_request(request).privacy_version
    if with_code or is_password_old(member):
        member.must_set_password = True
    elif door and not member.has_usable_password():
        member.must_set_password = False
    if member.consent_version != version:
        member.first_run_done_at = None
    member.previous_login, member.last_login = member.last_login, clock.now()
    _note_sign_in(member)
    sessions.begin_session(
        request=request, member=member, with_code=with_code, with_second_step=with_second_step
    )
    _remember_device(request, member, mark)
    audit.record(
        "members.signed_in",
        actor=member,
        request=request,
        fields={"code": with_code, "second_step": with_second_step}
        | ({"door": door} if door else {}),
    )
    return SignIn(member=member, device=mark, with_code=with_code)


def _note_sign_in(member: Member) -> None:
    # Written out, as in ``throttle``: building it with the ORM costs more than running it.
    moments = (member.first_run_done_at, member.previous_login, member.last_login)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE members_member SET must_set_password = %s, first_run_done_at = %s,"
            " previous_login = %s, last_login = %s WHERE id = %s",
            [member.must_set_password, *map(stored, moments), member.pk],
        )


_keep_device = PreparedInsert(
    KnownDevice, update=["label", "last_seen_at"], unique=["member", "mac"]
)


def _remember_device(request: HttpRequest, member: Member, mark: str) -> None:
    now = clock.now()
    device = KnownDevice(
        member=member,
        mac=device_mac(mark),
        label=device_label(request.headers.get("User-Agent", "")),
        first_seen_at=now,
        last_seen_at=now,
    )
    _keep_device(device)


def is_password_old(member: Member) -> bool:
    """Whether a role held today asks for a newer password than the member's."""
    if not member.has_usable_password():
        return False
    age = clock.now() - (member.password_changed_at or member.date_joined)
    limits = [days for days in settings.SIGN_IN_PASSWORD_DAYS.values() if days]
    if not limits or age <= timedelta(days=min(limits)):
        return False  # young enough for every role: the member's own need not be read
    days = strictest(settings.SIGN_IN_PASSWORD_DAYS, scope_for(member).role_names)
    return bool(days) and age > timedelta(days=days)
