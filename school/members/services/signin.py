"""Signing in: one answer for every refusal, a growing delay, known devices.

Limits count per account and address prefix. An address alone is never locked: two hundred members
may share one in a meeting room.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import authenticate, login
from django.db import transaction
from django.http import HttpRequest

from school.core import audit, clock
from school.core.errors import DomainError, TooMany
from school.core.models import HostSettings
from school.members.backends import find_member
from school.members.models import KnownDevice, Member, SignInThrottle
from school.members.rules import wait_seconds
from school.members.services.codes import use_code

DEVICE_COOKIE = "device"
REFUSED = "账号或密码不对。请核对工号（或手机号）和密码；忘记密码请找支部书记领取一次性登录码。"


class WrongCredentials(DomainError):
    """Wrong password, unknown account, locked person: always the same words."""


@dataclass(frozen=True)
class SignIn:
    """A successful sign-in: who, and the device mark to keep in the browser."""

    member: Member
    device: str
    with_code: bool


def _keyed(purpose: str, value: str) -> str:
    return hmac.new(
        settings.SECRET_KEY.encode(), f"{purpose}:{value}".encode(), hashlib.sha256
    ).hexdigest()


def device_mac(mark: str) -> str:
    """How a device mark is stored."""
    return _keyed("device", mark)


def sign_in(*, request: HttpRequest, account: str, secret: str) -> SignIn:
    """Check an account with its password or a one-time code and open a session.

    Raises:
        TooMany: the growing delay after failures has not passed, or the pair is locked.
        WrongCredentials: anything else that is wrong.
    """
    key = _keyed("account", account.strip().upper())
    address = audit.address_prefix(request)
    _count_try(key, address)
    member, with_code = _authenticate(request, account, secret)
    if member is None:
        audit.record("members.sign_in_refused", request=request, fields={"account": key[:12]})
        raise WrongCredentials(REFUSED)
    SignInThrottle.objects.filter(account=key, address=address).delete()
    return _open(request, member, with_code)


def _authenticate(request: HttpRequest, account: str, secret: str) -> tuple[Member | None, bool]:
    member = authenticate(request, username=account, password=secret)
    if member is not None:
        return member, False
    candidate = find_member(account)
    if candidate is None or not candidate.is_active:
        return None, False
    mark = request.COOKIES.get(DEVICE_COOKIE, "")
    devices = frozenset({device_mac(mark)}) if mark else frozenset()
    if not use_code(member=candidate, typed=secret, devices=devices):
        return None, False
    candidate.backend = settings.AUTHENTICATION_BACKENDS[0]
    return candidate, True


@transaction.atomic
def _open(request: HttpRequest, member: Member, with_code: bool) -> SignIn:
    mark = request.COOKIES.get(DEVICE_COOKIE) or secrets.token_urlsafe(24)
    version = HostSettings.for_request(request).privacy_version
    if with_code:
        member.must_set_password = True
    if member.consent_version != version:
        member.first_run_done_at = None
    member.previous_login = member.last_login
    member.save(update_fields=["must_set_password", "first_run_done_at", "previous_login"])
    login(request, member)
    now = clock.now()
    KnownDevice.objects.update_or_create(
        member=member,
        mac=device_mac(mark),
        defaults={"last_seen_at": now, "label": _device_label(request)},
        create_defaults={
            "first_seen_at": now,
            "last_seen_at": now,
            "label": _device_label(request),
        },
    )
    audit.record("members.signed_in", actor=member, request=request, fields={"code": with_code})
    return SignIn(member=member, device=mark, with_code=with_code)


def _device_label(request: HttpRequest) -> str:
    agent = request.headers.get("User-Agent", "")
    kinds = (
        ("MicroMessenger", "微信"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "安卓手机"),
        ("Windows", "Windows 电脑"),
        ("Macintosh", "Mac 电脑"),
        ("Linux", "Linux 电脑"),
    )
    return next((label for mark, label in kinds if mark in agent), "其他设备")


def _refuse_if_waiting(row: SignInThrottle, now: datetime) -> None:
    passed = now - row.last_failure_at
    if row.failures >= settings.SIGN_IN_FAILURES:
        wait = timedelta(minutes=settings.SIGN_IN_LOCK_MINUTES)
        if passed < wait:
            minutes = -(-int((wait - passed).total_seconds()) // 60)
            raise TooMany(
                f"连续输错次数过多，请 {minutes} 分钟后再试，或找支部书记领取一次性登录码。"
            )
        return
    wait = timedelta(seconds=wait_seconds(row.failures))
    if passed < wait:
        seconds = max(1, -(-int((wait - passed).total_seconds() * 1000) // 1000))
        raise TooMany(f"请 {seconds} 秒后再试。")


@transaction.atomic
def _count_try(key: str, address: str) -> None:
    """Count a try as failed before it is looked at; success forgets it.

    Under the row's lock, so guesses sent at once wait for each other like those sent one by one.

    Raises:
        TooMany: the delay after earlier failures has not passed.
    """
    now = clock.now()
    row, made = SignInThrottle.objects.select_for_update().get_or_create(
        account=key, address=address, defaults={"failures": 1, "last_failure_at": now}
    )
    if made:
        return
    _refuse_if_waiting(row, now)
    lock = timedelta(minutes=settings.SIGN_IN_LOCK_MINUTES)
    row.failures = 1 if now - row.last_failure_at > lock else row.failures + 1
    row.last_failure_at = now
    row.save(update_fields=["failures", "last_failure_at"])
