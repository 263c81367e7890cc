"""Statements built once do what their querysets and rows would, whatever is filled in."""

from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, QuerySet

from school.core import clock
from school.core.models import AuditEntry
from school.core.prepared import KEPT, Prepared, PreparedInsert, prepared
from school.members.models import SignInThrottle

pytestmark = pytest.mark.django_db
NOON = datetime.fromisoformat("2026-03-01T12:00:00+08:00")


@pytest.fixture
def entries():
    return [
        AuditEntry.objects.create(
            at=NOON + timedelta(days=n), actor_id=n % 2, action=f"a.{n}", subject_id="甲'\"%s"
        )
        for n in range(6)
    ]


@prepared
def _of(actor_id: int, since: datetime, action: str) -> QuerySet[AuditEntry]:
    """Of an actor, from a moment on, but one action."""
    found = AuditEntry.objects.filter(actor_id=actor_id, at__gte=since).exclude(action=action)
    return found.order_by("id")


@prepared
def _on(day: date) -> QuerySet:
    return AuditEntry.objects.filter(at__date=day).values_list("action", flat=True)


@pytest.mark.parametrize("actor", [0, 1, 2])
@pytest.mark.parametrize("days", [0, 3, 9])
def test_each_call_has_values_of_its_own(entries, actor, days):
    since = NOON + timedelta(days=days)
    wanted = _of.build(actor, since, "a.4")
    assert _of(actor, since, "a.4") == list(wanted)
    assert [row.at for row in _of(actor, since, "")] == [
        row.at for row in entries if row.actor_id == actor and row.at >= since
    ]


def test_dates_flat_values_and_quotes(entries):
    assert _on(clock.local_day(entries[2].at)) == ["a.2"]
    assert _of(0, NOON, "'; --")[0].subject_id == "甲'\"%s"


def test_as_many_arguments_as_a_page_has_rows(entries):
    read = Prepared(lambda *keys: AuditEntry.objects.filter(pk__in=keys), [int] * 400)
    keys = [row.pk for row in entries]
    assert {row.pk for row in read(*keys, *[keys[0]] * 394)} == set(keys)


def test_the_statement_is_built_once_for_a_connection(entries):
    built = []

    def build(actor_id: int) -> QuerySet:
        built.append(actor_id)
        rows = AuditEntry.objects.filter(actor_id=actor_id).order_by().values("actor_id")
        return rows.values_list(Count("pk"), flat=True)

    read = Prepared(build)
    assert [read(0), read(1), read(7)] == [[3], [3], []]
    assert len(built) == 1
    assert read in connection.__dict__[KEPT]


def test_what_cannot_be_filled_in_is_refused_at_once(entries):
    pattern = Prepared(lambda text: AuditEntry.objects.filter(action__contains=text), [str])
    with pytest.raises(TypeError, match="pattern"):
        pattern("a")
    absent = Prepared(lambda number: AuditEntry.objects.all(), [int])
    with pytest.raises(TypeError, match="not in the statement"):
        absent(1)
    with pytest.raises(ValueError, match="zip"):
        _of(1)


_keep = PreparedInsert(AuditEntry)


def test_a_row_written_by_a_kept_statement_reads_like_one_that_was_saved():
    given = [
        {"actor_id": None, "action": "a.%s", "fields": {"名": ["'", None, 1]}},
        {"actor_id": 7, "action": "b", "fields": {}, "subject_label": "乙"},
    ]
    for values in given:
        _keep(AuditEntry(at=NOON, **values))
    names = ["actor_id", "action", "fields", "subject_label", "at"]
    for values, row in zip(given, AuditEntry.objects.order_by("id"), strict=True):
        saved = AuditEntry.objects.create(at=NOON, **values)
        saved.refresh_from_db()
        assert [getattr(row, name) for name in names] == [getattr(saved, name) for name in names]


def test_a_row_that_is_there_takes_only_what_is_named():
    keep = PreparedInsert(SignInThrottle, update=["failures"], unique=["account", "address"])
    later = NOON + timedelta(hours=1)
    keep(SignInThrottle(account="a", address="x", failures=1, last_failure_at=NOON))
    keep(SignInThrottle(account="a", address="x", failures=5, last_failure_at=later))
    keep(SignInThrottle(account="a", address="y", failures=2, last_failure_at=later))
    rows = SignInThrottle.objects.order_by("address")
    assert list(rows.values_list("address", "failures", "last_failure_at")) == [
        ("x", 5, NOON),
        ("y", 2, later),
    ]


def test_a_row_that_breaks_a_rule_of_the_table_is_refused():
    row = SignInThrottle(account="a", address="x", last_failure_at=NOON)
    keep = PreparedInsert(SignInThrottle)
    keep(row)
    with pytest.raises(IntegrityError), transaction.atomic():
        keep(row)
