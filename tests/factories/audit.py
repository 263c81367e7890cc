"""The trail in tests: sealing at a later moment, and tampering behind the product's back."""

from contextlib import contextmanager
from datetime import timedelta

from django.db import connection

from school.core import audit, clock
from school.core.audit import triggers
from school.core.models import AuditEntry


def entries(count: int = 3, *, sealed: bool = True) -> int:
    """Write entries, and seal them; returns how many were sealed."""
    for number in range(count):
        audit.record("test.done", label=str(number))
    return audit.seal() if sealed else 0


@contextmanager
def unguarded():
    """Without the triggers, as somebody who owns the database could write."""
    triggers.remove(connection)
    try:
        yield
    finally:
        triggers.install(connection)


def tamper(statement: str, parameters: tuple = ()) -> None:
    """Run a statement past the triggers."""
    with unguarded(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def last_entry() -> int:
    """Number of the newest entry, 0 when there is none."""
    return AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def forget_after(number: int) -> None:
    """Take away what a test of several connections has committed, numbers and all."""
    tamper("DELETE FROM core_auditseal WHERE high_id > %s", (number,))
    tamper("DELETE FROM core_auditentry WHERE id > %s", (number,))
    if connection.vendor == "sqlite":
        tamper("UPDATE sqlite_sequence SET seq = %s WHERE name = 'core_auditentry'", (number,))


def later(**spans):
    """The clock so much later."""
    return clock.at(clock.now() + timedelta(**spans))


def problems() -> str:
    """What the verification finds."""
    return " ".join(audit.verify().problems)


def numbers() -> list[int]:
    """The numbers of all entries."""
    return list(AuditEntry.objects.order_by("pk").values_list("pk", flat=True))
