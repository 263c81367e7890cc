"""The trail under several connections: nobody waits, nothing is lost, one chain."""

import threading

import pytest
from django.db import connection, transaction

from school.core import audit
from school.core.models import AuditEntry, AuditSeal
from tests.factories import audit as trail
from tests.factories.parallel import together


@pytest.fixture(autouse=True)
def own_folder(tmp_path, settings):
    settings.DATA_DIR = tmp_path


def problems():
    return audit.verify().problems


@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    """Entries that other connections see, taken away by hand: a flush would take Wagtail's rows."""
    with django_db_blocker.unblock():
        last = trail.last_entry()
        try:
            yield last
        finally:
            trail.forget_after(last)


def test_a_long_transaction_neither_waits_nor_is_lost(committed):
    """Its number is lower than those sealed meanwhile; nobody waits for anybody."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time, so no entry commits after a later number")
    written, sealed = threading.Event(), threading.Event()

    def long():
        with transaction.atomic():
            audit.record("test.long")
            written.set()
            assert sealed.wait(60)

    def quick():
        assert written.wait(60)
        audit.record("test.quick")
        # Entries other tests left behind are sealed along.
        assert audit.seal_all() >= 1
        sealed.set()

    together(long, quick)
    long_one = AuditEntry.objects.get(action="test.long")
    assert long_one.pk < AuditEntry.objects.get(action="test.quick").pk
    assert not problems()
    assert audit.seal() == 1
    assert AuditSeal.objects.last().ids == [[long_one.pk, long_one.pk]]
    assert not problems()


def test_sealers_at_the_same_instant_make_one_chain(committed):
    for _ in range(6):
        audit.record("test.done")
    together(*[audit.seal] * 4)
    assert not problems()
    assert sum(AuditSeal.objects.values_list("count", flat=True)) == AuditEntry.objects.count()
