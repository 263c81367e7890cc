"""Failed tries: an account pauses at one address, is slowed everywhere, an address is slowed.

Each try is counted before it is looked at, under the lock of its rows, so guesses sent at once wait
for each other like those sent one by one. Success takes the try back.

=============  =======================================  =========================================
row            after failures                           who is spared
=============  =======================================  =========================================
account, place a growing delay, then a pause            nobody
account, ``*`` a growing delay                          browsers this account has used before
``*``, place   tries a minute, far above a meeting room browsers the typed account has used before
=============  =======================================  =========================================
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from school.core import clock
from school.core.errors import TooMany
from school.core.prepared import prepared, stored
from school.members.models import SignInThrottle
from school.members.rules.signin import leaked, wait_seconds

EVERYWHERE = "*"


def keyed(purpose: str, value: str) -> str:
    """A keyed hash: rows name accounts and devices without telling which."""
    return hmac.new(
        settings.SECRET_KEY.encode(), f"{purpose}:{value}".encode(), hashlib.sha256
    ).hexdigest()


@dataclass(frozen=True)
class Try:
    """One try that has been counted: at what, from where.

    ``is_known`` says whether the browser has been used for it before; asked only when it matters.
    """

    account: str
    address: str
    is_known: Callable[[], bool] = lambda: False

    @property
    def short(self) -> str:
        """How the audit trail names what was typed."""
        return self.account[:12]


@transaction.atomic
def count_try(each: Try) -> None:
    """Count a try as failed.

    Raises:
        TooMany: the pause or the delay after earlier failures has not passed; it is not counted.
    """
    now = clock.now()
    own, everywhere, place = _rows(each, now)
    _refuse_paused(own, now)
    try:
        _refuse_early(everywhere, wait_seconds(everywhere.failures), now)
        _refuse_crowded(place, now)
    except TooMany:
        if not each.is_known():
            raise
    # Written out, like ``take_back``: building these with the ORM costs more than running them.
    # Counted from one again when the last failure is long over.
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE members_signinthrottle SET last_failure_at = %s,"
            " failures = CASE WHEN last_failure_at < %s THEN 1 ELSE failures + 1 END"
            " WHERE account = %s AND address IN (%s, %s)",
            [stored(now), stored(now - _pause()), each.account, each.address, EVERYWHERE],
        )


def take_back(each: Try) -> None:
    """The try was right: the account at this place starts anew, elsewhere it was no failure."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE members_signinthrottle SET failures = CASE WHEN address = %s THEN 0"
            " WHEN failures > 0 THEN failures - 1 ELSE 0 END"
            " WHERE account = %s AND address IN (%s, %s)",
            [each.address, each.account, each.address, EVERYWHERE],
        )


def count_against_address(each: Try) -> None:
    """The try was wrong: the address has one more, less what has leaked since the last."""
    with transaction.atomic():
        row = SignInThrottle.objects.select_for_update().get(
            account=EVERYWHERE, address=each.address
        )
        now = clock.now()
        row.failures = _level(row, now) + 1
        row.last_failure_at = now
        row.save(update_fields=["failures", "last_failure_at"])


def sweep() -> int:
    """Delete rows that no longer slow anything; returns how many."""
    over = clock.now() - max(_pause(), timedelta(hours=1)) - timedelta(hours=1)
    return SignInThrottle.objects.filter(last_failure_at__lt=over).delete()[0]


def _rows(each: Try, now: datetime) -> list[SignInThrottle]:
    """The three rows of a try, made when absent, locked in one order."""
    wanted = [
        (each.account, each.address),
        (each.account, EVERYWHERE),
        (EVERYWHERE, each.address),
    ]
    found = _locked(wanted)
    missing = [SignInThrottle(account=a, address=p, last_failure_at=now) for a, p in wanted]
    missing = [row for row in missing if (row.account, row.address) not in found]
    if missing:
        SignInThrottle.objects.bulk_create(missing, ignore_conflicts=True)
        found = _locked(wanted)
    return [found[name] for name in wanted]


def _locked(wanted: list[tuple[str, str]]) -> dict[tuple[str, str], SignInThrottle]:
    rows = _three_locked(*(part for each in wanted for part in each))
    return {(row.account, row.address): row for row in rows}


@prepared
def _three_locked(
    account: str, place: str, account2: str, place2: str, account3: str, place3: str
) -> QuerySet[SignInThrottle]:
    those = Q(account=account, address=place) | Q(account=account2, address=place2)
    those |= Q(account=account3, address=place3)
    return SignInThrottle.objects.select_for_update().filter(those).order_by("account", "address")


def _pause() -> timedelta:
    return timedelta(minutes=settings.SIGN_IN_LOCK_MINUTES)


def _refuse_paused(row: SignInThrottle, now: datetime) -> None:
    if row.failures < settings.SIGN_IN_FAILURES:
        _refuse_early(row, wait_seconds(row.failures), now)
        return
    left = _pause() - (now - row.last_failure_at)
    if left > timedelta(0):
        minutes = -(-int(left.total_seconds()) // 60)
        raise TooMany(
            _("连续输错次数过多，请 %(minutes)d 分钟后再试，或找支部书记领取一次性登录码。")
            % {"minutes": minutes}
        )


def _refuse_early(row: SignInThrottle, wait: float, now: datetime) -> None:
    if not wait:
        return  # also when a try that began later was counted first and stands in our future
    left = wait - (now - row.last_failure_at).total_seconds()
    if left > 0:
        seconds = max(1, -(-int(left * 1000) // 1000))
        raise TooMany(_("请 %(seconds)d 秒后再试。") % {"seconds": seconds})


def _refuse_crowded(place: SignInThrottle, now: datetime) -> None:
    """Above the level, the address gets as many tries a minute as leak away, never none."""
    if _level(place, now) >= settings.SIGN_IN_ADDRESS_FAILURES:
        _refuse_early(place, 60 / settings.SIGN_IN_ADDRESS_PER_MINUTE, now)


def _level(place: SignInThrottle, now: datetime) -> int:
    seconds = (now - place.last_failure_at).total_seconds()
    return leaked(place.failures, seconds, settings.SIGN_IN_ADDRESS_PER_MINUTE)
