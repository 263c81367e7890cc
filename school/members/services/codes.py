"""One-time codes: issued by a secretary or the help desk, used once, only their HMAC kept."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import DomainError, NotAllowed
from school.core.prepared import prepared
from school.members.models import Branch, Member, OneTimeCode
from school.members.permissions import vouching_for
from school.members.rules.codes import CODE_ALPHABET, CODE_LENGTH, normalise_code, printed_code

TOLD_DAYS = 30  # so far back a sign-in with a code tells of others
TOLD_AT_ONCE = 5


@dataclass(frozen=True)
class Slip:
    """One printed slip: for whom, the code as it is printed, until when it opens."""

    member: Member
    code: str
    expires_at: datetime


def _mac(member_id: int, code: str) -> str:
    return hmac.new(
        settings.SECRET_KEY.encode(), f"one-time-code:{member_id}:{code}".encode(), hashlib.sha256
    ).hexdigest()


def _unused(**of):
    return OneTimeCode.objects.filter(used_at=None, revoked_at=None, **of)


def _issue(members: list[Member], by: Member | None, lifetime: timedelta) -> list[Slip]:
    """New codes in a few statements, however many; earlier unused ones stop working.

    The receivers are held meanwhile: of two who issue at once the second finds the first's code,
    and who has just been given a role is looked at with it.
    """
    now = clock.now()
    those = Member.objects.filter(pk__in=[m.pk for m in members]).order_by("pk")
    held = list(those.select_for_update(no_key=True))
    if by is not None and len(vouching_for(by).vouchable(held)) < len(held):
        raise NotAllowed(_("不能给本人、权限更大或已停用的人员发放登录码，请联系上级管理员。"))
    _unused(member__in=members).update(revoked_at=now)
    slips, rows = [], []
    for member in members:
        code = "".join(secrets.choice(CODE_ALPHABET) for _place in range(CODE_LENGTH))
        slips.append(Slip(member, printed_code(code), now + lifetime))
        rows.append(
            OneTimeCode(
                member=member,
                mac=_mac(member.pk, code),
                issued_by=by,
                issued_at=now,
                expires_at=now + lifetime,
            )
        )
    OneTimeCode.objects.bulk_create(rows, batch_size=200)
    return slips


def revoke_codes(member: Member) -> int:
    """Let a member's unused codes stop working; returns how many.

    A code was lent to what the member was when it was issued: who gets a role or leaves takes none
    along.
    """
    return _unused(member=member).update(revoked_at=clock.now())


@transaction.atomic
def issue_code(*, member: Member, by: Member | None, days: int | None = None) -> str:
    """A new code for a member; earlier unused ones stop working.

    Args:
        days: validity of a printed slip; None gives the short validity of a code told in person.

    Returns:
        The code as it is to be shown, once.

    Raises:
        NotAllowed: the member is the issuer, may do more, or has left.
    """
    lifetime = (
        timedelta(days=days) if days else timedelta(hours=settings.SIGN_IN_ONE_TIME_CODE_HOURS)
    )
    (slip,) = _issue([member], by, lifetime)
    audit.record("members.code_issued", actor=by, subject=member)
    return slip.code


@transaction.atomic
def issue_slips(*, branch: Branch, members: list[Member], by: Member) -> list[Slip]:
    """Codes for many members of a branch at once, to be printed; shown this once.

    Raises:
        DomainError: nobody is chosen, or more than go out at once.
        NotAllowed: one of them is the issuer, may do more, or has left.
    """
    if not members:
        raise DomainError(_("请先选择要发登录码的人员。"))
    most = settings.SIGN_IN_SLIPS_AT_ONCE
    if len(members) > most:
        raise DomainError(_("一次最多发 %(most)d 人，请分批发放。") % {"most": most})
    slips = _issue(members, by, timedelta(days=settings.SIGN_IN_SLIP_DAYS))
    audit.record(
        "members.slips_issued",
        actor=by,
        subject=branch,
        fields={"count": len(members), "members": [member.pk for member in members]},
    )
    return slips


@transaction.atomic
def use_code(*, member: Member, typed: str, devices: frozenset[str] = frozenset()) -> bool:
    """Use a code up; False when it is wrong, expired, used or withdrawn.

    Args:
        devices: marks of the browser that types the code; one known as the issuer's own device
            puts the code on the list to look at.
    """
    row = _open_code(member.pk, typed).select_for_update().first()
    if row is None:
        return False
    row.used_at = clock.now()
    row.used_on_issuer_device = bool(
        row.issued_by and row.issued_by.devices.filter(mac__in=devices).exists()
    )
    row.save(update_fields=["used_at", "used_on_issuer_device"])
    return True


def spend_time_of_a_code(typed: str) -> None:
    """What a wrong code costs, for an account that does not exist."""
    with transaction.atomic():
        _open_code(0, typed).first()


def _open_code(member_id: int, typed: str):
    mac = _mac(member_id, normalise_code(typed))
    return _unused(member_id=member_id, mac=mac).filter(expires_at__gt=clock.now())


def tell_of_codes(*, member: Member, with_code: bool) -> list[OneTimeCode]:
    """The codes a member is told of at a sign-in, the newest first.

    Each is told until a sign-in without a code has told it: who opens an account with a code may
    be who issued it. A sign-in with a code tells those of the last month once more, for meanwhile
    somebody else may have chosen a password and signed in with that.
    """
    now = clock.now()
    if with_code:
        return _issued_since(member.pk, now - timedelta(days=TOLD_DAYS))
    codes = _untold(member.pk)
    if codes:
        OneTimeCode.objects.filter(pk__in=[code.pk for code in codes]).update(told_at=now)
    return codes


@prepared
def _untold(member_id: int) -> QuerySet[OneTimeCode]:
    rows = OneTimeCode.objects.filter(member_id=member_id, told_at=None)
    return rows.select_related("issued_by")[:TOLD_AT_ONCE]


@prepared
def _issued_since(member_id: int, since: datetime) -> QuerySet[OneTimeCode]:
    rows = OneTimeCode.objects.filter(member_id=member_id, issued_at__gt=since)
    return rows.select_related("issued_by")[:TOLD_AT_ONCE]
