"""The trail of years: old blocks go to a file first, and what is left still verifies."""

import gzip
import json
import logging

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from school.core import audit, checks, tasks
from school.core.audit import archive, heads
from school.core.errors import Conflict
from school.core.models import AuditEntry, AuditPrune, AuditSeal
from tests.factories import audit as trail
from tests.factories.audit import problems

pytestmark = pytest.mark.django_db
ENTRY, SEAL, PRUNE = "core_auditentry", "core_auditseal", "core_auditprune"
MIDDLE = f"(SELECT min(id) + 1 FROM {ENTRY})"


@pytest.fixture(autouse=True)
def own_folder(tmp_path, settings):
    settings.DATA_DIR = tmp_path
    # Each test starts at number 1 on SQLite; sequences of PostgreSQL go on.
    return tmp_path


@pytest.fixture
def old_trail():
    """Two years of trail: four blocks beyond the limit, one within."""
    for days in (1400, 1300, 1200, 1100, 10):
        with trail.later(days=-days):
            trail.entries()


def test_old_blocks_go_to_a_file_first_and_the_rest_still_verifies(old_trail, capsys):
    call_command("prune_audit")
    assert "已归档 12 条" in capsys.readouterr().out
    # What is left: the last block, and the entry that says what was done.
    assert AuditEntry.objects.count() == 4 and AuditSeal.objects.count() == 1
    audit.seal()
    found = audit.verify()
    assert not found.problems and found.since == AuditEntry.objects.order_by("pk").first().at
    call_command("verify_audit", archives=True)
    out = capsys.readouterr().out
    assert "此前的记录已归档" in out and "归档文件 1 个，12 条记录" in out
    assert AuditEntry.objects.filter(action="core.audit_pruned").get().fields == {"entries": 12}


def test_the_file_holds_the_entries_and_their_seals(old_trail):
    kept = list(AuditEntry.objects.order_by("pk").values_list("pk", "subject_label")[:12])
    row = audit.prune()[0]
    packed = (heads.folder() / "archive" / row.file).read_bytes()
    lines = [json.loads(line) for line in gzip.decompress(packed).splitlines()]
    assert [len(line["entries"]) for line in lines] == [3, 3, 3, 3]
    assert [(e[0], e[7]) for line in lines for e in line["entries"]] == kept


def test_pruning_goes_on_where_it_stopped(old_trail, monkeypatch):
    monkeypatch.setattr(archive, "SEALS_A_FILE", 1)
    one = archive._prune_block(archive.limit())
    assert one.entries == 3 and not problems()
    assert [row.entries for row in audit.prune()] == [3, 3, 3]
    assert audit.prune() == []
    audit.seal()
    assert not problems() and not archive.verify_archives().problems


def test_the_limit_of_180_days_is_checked_at_the_start(settings):
    settings.AUDIT_RETENTION_DAYS = 179
    assert [error.id for error in checks.audit_retention(None)] == ["core.E002"]
    settings.AUDIT_RETENTION_DAYS = 180
    assert not checks.audit_retention(None)


def test_nothing_young_is_taken_out():
    with trail.later(days=-1000):
        trail.entries()
    trail.entries()
    assert audit.prune() == [] and AuditEntry.objects.count() == 6


def test_a_block_that_does_not_verify_is_not_taken_out(old_trail):
    trail.tamper(f"UPDATE {ENTRY} SET action='test.x' WHERE id={MIDDLE}")
    with pytest.raises(Conflict):
        audit.prune()
    assert AuditEntry.objects.count() == 15 and not AuditPrune.objects.exists()


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (f"UPDATE {PRUNE} SET entries = 11", "与签名不符"),
        (f"DELETE FROM {PRUNE}", "前面的封签不在了"),
    ],
)
def test_a_changed_archive_row_shows(old_trail, statement, told):
    audit.prune()
    trail.tamper(statement)
    assert told in problems()


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_a_changed_or_lost_archive_file_shows(old_trail, harm, capsys):
    row = audit.prune()[0]
    audit.seal()
    path = heads.folder() / "archive" / row.file
    path.unlink() if harm == "gone" else path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(CommandError):
        call_command("verify_audit", archives=True)
    assert row.file in capsys.readouterr().err


def test_an_archived_entry_put_back_shows(old_trail):
    audit.prune()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {ENTRY} (id, at, actor_label, action, subject_type, subject_id,"
            " subject_label, fields, address) VALUES"
            " (%s, '2020-01-01 00:00:00', '', 'test.done', '', '', '', '{}', '')",
            [AuditPrune.objects.get().through_id],
        )
    assert "事后补进" in problems()


# -- by itself ----------------------------------------------------------------------------------


def test_the_scheduler_seals_archives_and_verifies(old_trail, caplog, settings):
    for name in ("seal-audit-trail", "prune-audit-trail", "verify-audit-trail"):
        assert settings.CELERY_BEAT_SCHEDULE[name]["task"].startswith("school.core.tasks.")
    audit.record("test.done")
    assert tasks.seal_audit() == 1
    assert tasks.prune_audit() == 1
    tasks.seal_audit()
    assert tasks.verify_audit() == 0
    trail.tamper(f"UPDATE {ENTRY} SET action='test.x'")
    with caplog.at_level(logging.ERROR, logger="school.core.tasks"):
        assert tasks.verify_audit() > 0
    assert "内容与封签不符" in caplog.text
