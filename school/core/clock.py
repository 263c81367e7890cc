"""The two clocks of the school (docs/decisions/14-two-clocks.md).

``now`` is the host's: display, logs, leases. ``authority`` is the shared one, from the database:
whatever a member could gain by is measured with it, so a web host with a wrong clock neither
creates nor destroys hours. On SQLite the database is this host, so both read the same clock.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

LOCAL = ZoneInfo("Asia/Shanghai")

_now: ContextVar[datetime | None] = ContextVar("clock_now", default=None)
_authority: ContextVar[datetime | None] = ContextVar("clock_authority", default=None)


def now() -> datetime:
    """This host's moment, aware."""
    return _now.get() or timezone.now()


def settled() -> datetime | None:
    """The shared moment where ``at`` has set it; None where clocks run."""
    return _authority.get() or _now.get()


def take_authority_from(source: Callable[[], datetime]) -> None:
    """Name the one shared clock of an installation that has another than the database."""
    global _source
    _source = source


_source: Callable[[], datetime] | None = None


def authority() -> datetime:
    """The shared moment, aware. One statement on PostgreSQL, none on SQLite."""
    if fixed := settled():
        return fixed
    return _source() if _source else of_database()


def of_database() -> datetime:
    """The database's moment, aware; this host's on SQLite."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            return cursor.fetchone()[0]
    return timezone.now()


def local_day(moment: datetime) -> date:
    """The study day a moment belongs to: its date in Asia/Shanghai."""
    return moment.astimezone(LOCAL).date()


def today() -> date:
    """Today's study day by the host's clock."""
    return local_day(now())


def to_ms(moment: datetime) -> int:
    """Integer milliseconds since the Unix epoch, the unit of all evidence."""
    return round(moment.timestamp() * 1000)


@contextlib.contextmanager
def at(moment: datetime, *, authority: datetime | None = None) -> Iterator[None]:
    """Set both clocks for a block; ``authority`` makes them differ (a host with a wrong clock)."""
    tokens = _now.set(moment), _authority.set(authority or moment)
    try:
        yield
    finally:
        _now.reset(tokens[0])
        _authority.reset(tokens[1])
