"""The trail: append-only, chained, and any change shows."""

from datetime import timedelta

import pytest
from django.db import connection

from school.core import audit, clock
from school.core.models import AuditEntry, AuditSeal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_head(tmp_path, settings):
    settings.DATA_DIR = tmp_path


def _sealed(count=3):
    for number in range(count):
        audit.record("test.done", label=str(number))
    with clock.at(clock.now() + timedelta(minutes=1)):
        return audit.seal()


def _sql(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_an_untouched_trail_verifies():
    assert _sealed() == 3
    assert _sealed() == 3
    assert audit.verify() == audit.Verification(2, 6, ())


def test_rows_are_written_once():
    entry = audit.record("test.done")
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE core_auditentry SET action='test.other'"
        " WHERE id=(SELECT min(id) FROM core_auditentry)",
        "DELETE FROM core_auditentry WHERE id=(SELECT min(id) FROM core_auditentry)",
        "DELETE FROM core_auditseal WHERE id=(SELECT max(id) FROM core_auditseal)",
    ],
)
def test_a_change_a_gap_and_a_cut_tail_all_show(harm):
    _sealed()
    _sealed()
    _sql(harm)
    assert audit.verify().problems


def test_an_entry_still_settling_waits_for_the_next_seal():
    audit.record("test.done")
    assert audit.seal() == 0
    assert AuditEntry.objects.count() == 1 and AuditSeal.objects.count() == 0
