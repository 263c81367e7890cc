"""One-time codes: issued by a secretary or the help desk, used once, only their HMAC kept."""

import hashlib
import hmac
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from school.core import audit, clock
from school.members.models import Member, OneTimeCode
from school.members.rules import CODE_ALPHABET, CODE_LENGTH, normalise_code, printed_code


def _mac(member: Member, code: str) -> str:
    return hmac.new(
        settings.SECRET_KEY.encode(), f"one-time-code:{member.pk}:{code}".encode(), hashlib.sha256
    ).hexdigest()


@transaction.atomic
def issue_code(*, member: Member, by: Member | None, days: int | None = None) -> str:
    """A new code for a member; earlier unused ones stop working.

    Args:
        days: validity of a printed slip; None gives the short validity of a code told in person.

    Returns:
        The code as it is to be shown, once.
    """
    now = clock.now()
    OneTimeCode.objects.filter(member=member, used_at=None, revoked_at=None).update(revoked_at=now)
    code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
    lifetime = (
        timedelta(days=days) if days else timedelta(hours=settings.SIGN_IN_ONE_TIME_CODE_HOURS)
    )
    OneTimeCode.objects.create(
        member=member,
        mac=_mac(member, code),
        issued_by=by,
        issued_at=now,
        expires_at=now + lifetime,
    )
    audit.record("members.code_issued", actor=by, subject=member)
    return printed_code(code)


@transaction.atomic
def use_code(*, member: Member, typed: str, devices: frozenset[str] = frozenset()) -> bool:
    """Use a code up; False when it is wrong, expired, used or withdrawn.

    Args:
        devices: marks of the browser that types the code; one known as the issuer's own device
            puts the code on the list to look at.
    """
    code = normalise_code(typed)
    row = (
        OneTimeCode.objects.select_for_update()
        .filter(member=member, mac=_mac(member, code), used_at=None, revoked_at=None)
        .filter(expires_at__gt=clock.now())
        .first()
    )
    if row is None:
        return False
    row.used_at = clock.now()
    row.used_on_issuer_device = bool(
        row.issued_by and row.issued_by.devices.filter(mac__in=devices).exists()
    )
    row.save(update_fields=["used_at", "used_on_issuer_device"])
    return True
