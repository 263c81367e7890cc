"""The second step of a sign-in: an authenticator app, passkeys, recovery codes (django-allauth)."""

import json
from dataclasses import dataclass

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, validate_totp_code
from allauth.mfa.webauthn.internal import auth as webauthn
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from school.core import audit
from school.core.errors import Conflict, DomainError, NotFound
from school.core.prepared import prepared
from school.members.models import Member, SignInSession
from school.members.permissions import scope_for, signed_in
from school.members.services.sessions import SECOND_STEP, end_sessions

ENROLMENT = "/me/security/second-step/"
PAGES = ("/me/security/",)
SECRET = "totp_secret"  # in the session: the secret shown and not yet confirmed
Type = Authenticator.Type


class NotProved(DomainError):
    """A wrong code or a passkey that does not fit."""


@dataclass(frozen=True)
class Proof:
    """What a person shows: the six digits of the app or a recovery code, or a passkey's answer."""

    code: str = ""
    credential: str = ""


def is_asked_of(member: Member) -> bool:
    """Whether a role held today must have a second step."""
    asked = settings.SIGN_IN_SECOND_STEP_ROLES
    return bool(asked) and bool(scope_for(member).role_names & set(asked))


def is_owed(request: HttpRequest) -> bool:
    """Whether this session has to set a second step up before it may go on."""
    if not settings.SIGN_IN_SECOND_STEP_ROLES or request.session.get(SECOND_STEP):
        return False
    return is_asked_of(signed_in(request))


def is_set_up(member: Member) -> bool:
    """Whether a member has an app or a passkey; recovery codes alone are none."""
    return bool(_any_means(member.pk))


@prepared
def _any_means(member_id: int) -> QuerySet:
    means = Authenticator.objects.filter(user_id=member_id, type__in=[Type.TOTP, Type.WEBAUTHN])
    return means.order_by().values_list("pk", flat=True)[:1]


def _means(member: Member):
    return Authenticator.objects.filter(user=member, type__in=[Type.TOTP, Type.WEBAUTHN])


def authenticators(member: Member) -> dict[str, list[Authenticator]]:
    """A member's authenticators by type: ``totp``, ``webauthn``, ``recovery_codes``."""
    found: dict[str, list[Authenticator]] = {name: [] for name in Type.values}
    for row in Authenticator.objects.filter(user=member).order_by("id"):
        found[row.type].append(row)
    return found


def codes_left(row: Authenticator) -> int:
    """How many recovery codes have not been used."""
    return len(row.wrap().get_unused_codes())


# -- proving -------------------------------------------------------------------------------------


def passkey_options(member: Member) -> dict:
    """What the browser's passkey dialog needs; the challenge stays in the session."""
    return webauthn.begin_authentication(member)


def check(*, request: HttpRequest, member: Member, proof: Proof) -> None:
    """Check a proof; a recovery code is used up by it.

    Raises:
        NotProved: it is wrong.
    """
    if proof.credential:
        row = _by_passkey(member, proof.credential)
    else:
        row = _by_code(member, proof.code)
    if row is None:
        audit.record("members.second_step_refused", actor=member, subject=member, request=request)
        raise NotProved(_("验证没有通过。请核对手机上的 6 位数字，或换用恢复码。"), field="code")
    row.record_usage()
    if row.type == Type.RECOVERY_CODES:
        row.refresh_from_db()  # allauth crossed the code out on a copy of its own
        fields = {"left": codes_left(row)}
        audit.record("members.recovery_code_used", actor=member, subject=member, fields=fields)


def _by_code(member: Member, typed: str) -> Authenticator | None:
    code = "".join(str(int(c)) for c in typed if c.isdecimal())
    kinds = Authenticator.objects.filter(user=member, type__in=[Type.TOTP, Type.RECOVERY_CODES])
    for row in kinds.order_by("-type"):
        if row.wrap().validate_code(code):
            return row
    return None


def _by_passkey(member: Member, credential: str) -> Authenticator | None:
    try:
        response = json.loads(credential)
        webauthn.parse_authentication_response(response)
        return webauthn.complete_authentication(member, response)
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError):
        return None


# -- setting up ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class AppSecret:
    """What an authenticator app is given: the secret in groups, the same as an address and a QR."""

    grouped: str
    address: str
    qr: str


def app_secret(request: HttpRequest) -> AppSecret:
    """A secret to scan; the same until it is confirmed."""
    secret = request.session.get(SECRET)
    if not secret:
        secret = request.session[SECRET] = generate_totp_secret()
    adapter = get_adapter()
    address = adapter.build_totp_url(request.user, secret)
    grouped = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    return AppSecret(grouped=grouped, address=address, qr=adapter.build_totp_svg(address))


@transaction.atomic
def add_app(*, request: HttpRequest, code: str) -> list[str]:
    """Confirm the scanned secret with the app's first digits.

    Returns:
        The recovery codes, if these are the member's first.

    Raises:
        NotProved: the digits do not fit.
        Conflict: there is an app already.
    """
    member, secret = request.user, request.session.get(SECRET, "")
    if Authenticator.objects.filter(user=member, type=Type.TOTP).exists():
        raise Conflict(_("已经设有验证器。要换手机，请先删除原来的。"))
    digits = "".join(str(int(c)) for c in code if c.isdecimal())
    if not secret or not validate_totp_code(secret, digits):
        raise NotProved(_("数字不对。请等下一组 6 位数字出现后再输入。"), field="code")
    TOTP.activate(member, secret)
    del request.session[SECRET]
    return _added(request, Type.TOTP)


def new_passkey_options(member: Member) -> dict:
    """What the browser's dialog needs to make a passkey; the challenge is in the session."""
    return webauthn.begin_registration(member, passwordless=False)


@transaction.atomic
def add_passkey(*, request: HttpRequest, credential: str, name: str = "") -> list[str]:
    """Keep a passkey the browser has made.

    Returns:
        The recovery codes, if these are the member's first.

    Raises:
        NotProved: the answer does not fit the challenge.
    """
    try:
        response = json.loads(credential)
        webauthn.parse_registration_response(response)
        webauthn.complete_registration(response)
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise NotProved(_("通行密钥没有保存，请重新添加。")) from error
    name = name.strip()[:30] or get_adapter().generate_authenticator_name(
        request.user, Type.WEBAUTHN
    )
    webauthn.WebAuthn.add(request.user, name, response)
    return _added(request, Type.WEBAUTHN)


def _added(request: HttpRequest, kind: str) -> list[str]:
    """After the first one, browsers that came in without a second step have to come in again."""
    member = signed_in(request)
    request.session[SECOND_STEP] = True
    _record("members.second_step_added", member, member, kind)
    if Authenticator.objects.filter(user=member, type=Type.RECOVERY_CODES).exists():
        return []
    why = SignInSession.End.SECOND_STEP
    end_sessions(member=member, by=member, why=why, but=request.session.session_key)
    return RecoveryCodes.activate(member).get_unused_codes()


@transaction.atomic
def renew_recovery_codes(*, member: Member) -> list[str]:
    """New recovery codes; the old ones stop working.

    Raises:
        Conflict: there is nothing yet that they could stand in for.
    """
    if not is_set_up(member):
        raise Conflict(_("请先添加验证器或通行密钥。"))
    Authenticator.objects.filter(user=member, type=Type.RECOVERY_CODES).delete()
    _record("members.recovery_codes_renewed", member, member, Type.RECOVERY_CODES)
    return RecoveryCodes.activate(member).get_unused_codes()


# -- taking away ---------------------------------------------------------------------------------


@transaction.atomic
def remove(*, member: Member, authenticator_id: int) -> None:
    """Take one's own app or passkey away; with the last one go the recovery codes.

    Raises:
        NotFound: the member has no such authenticator.
        Conflict: it is the last one, and a role asks for a second step.
    """
    list(Member.objects.select_for_update().filter(pk=member.pk))  # two removals at once
    row = _means(member).filter(pk=authenticator_id).first()
    if row is None:
        raise NotFound(_("没有找到这个验证方式。"))
    last = not _means(member).exclude(pk=row.pk).exists()
    if last and is_asked_of(member):
        raise Conflict(_("所任角色必须两步验证。请先添加另一种，再删除这一种。"))
    row.delete()
    if last:
        Authenticator.objects.filter(user=member).delete()
    _record("members.second_step_removed", member, member, row.type)


@transaction.atomic
def reset(*, member: Member, by: Member) -> None:
    """Recovery: take everything away, so that the member sets the second step up anew."""
    Authenticator.objects.filter(user=member).delete()
    _record("members.second_step_reset", member, by, "all")


def _record(action: str, member: Member, by: Member, kind: str) -> None:
    audit.record(action, actor=by, subject=member, fields={"kind": str(kind)})
