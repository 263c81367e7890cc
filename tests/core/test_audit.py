"""The trail: append-only, chained, and any change shows."""

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from school.core import audit, clock
from school.core.audit import heads, ranges
from school.core.models import AuditEntry, AuditSeal
from tests.factories import audit as trail
from tests.factories.audit import numbers, problems

pytestmark = pytest.mark.django_db
ENTRY, SEAL, PRUNE = "core_auditentry", "core_auditseal", "core_auditprune"


@pytest.fixture(autouse=True)
def own_folder(tmp_path, settings):
    settings.DATA_DIR = tmp_path
    # Each test starts at number 1 on SQLite; sequences of PostgreSQL go on.
    return tmp_path


# -- ranges -------------------------------------------------------------------------------------


@given(one=st.sets(st.integers(1, 60)), other=st.sets(st.integers(1, 60)))
def test_ranges_hold_exactly_what_sets_of_numbers_hold(one, other):
    first, second = ranges.compress(sorted(one)), ranges.compress(sorted(other))
    assert ranges.size(first) == len(one)
    assert all(ranges.contains(first, n) == (n in one) for n in range(62))
    assert ranges.merge([*first, *second]) == ranges.compress(sorted(one | other))
    assert ranges.subtract(first, second) == ranges.compress(sorted(one - other))


# -- writing ------------------------------------------------------------------------------------


def test_an_untouched_trail_verifies():
    assert trail.entries() == 3
    assert trail.entries() == 3
    found = audit.verify()
    assert (found.seals, found.entries, found.problems) == (2, 6, ())


def test_rows_are_written_once():
    audit.record("test.done")
    entry = AuditEntry.objects.get()
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE {ENTRY} SET action = 'test.other'",
        f"DELETE FROM {ENTRY}",
        f"UPDATE {SEAL} SET mac = ''",
        f"DELETE FROM {SEAL}",
        f"UPDATE {PRUNE} SET entries = 0",
        f"DELETE FROM {PRUNE}",
    ],
)
def test_the_database_itself_refuses_changes(statement):
    with trail.later(days=-1200):
        trail.entries()
    trail.entries()
    audit.prune()
    trail.entries()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_database_refuses_to_replace_a_row():
    audit.record("test.done")
    if connection.vendor != "sqlite":
        statement = f"TRUNCATE {ENTRY}"
    else:
        columns = ", ".join(field.column for field in AuditEntry._meta.fields)
        statement = (
            f"INSERT OR REPLACE INTO {ENTRY} ({columns}) SELECT {columns} FROM {ENTRY}"
            f" WHERE action = 'test.done'"
        )
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_what_looks_like_a_personal_number_is_masked_before_it_is_written():
    audit.record(
        "test.done", label="打 13812345678", fields={"reason": ["核对 11010519491231002X", 1]}
    )
    kept = AuditEntry.objects.get()
    assert kept.subject_label == "打 138****5678"
    assert kept.fields == {"reason": ["核对 110***************", 1]}


def test_an_entry_is_one_insert_and_locks_nothing(django_assert_num_queries):
    with django_assert_num_queries(1):
        audit.record("test.done")


# -- sealing ------------------------------------------------------------------------------------


def _held_back(count=3):
    """Entries one of which is as if its transaction had not committed yet; its content too."""
    trail.entries(count, sealed=False)
    ids = numbers()
    with connection.cursor() as cursor:
        columns = ", ".join(field.column for field in AuditEntry._meta.fields)
        cursor.execute(f"SELECT {columns} FROM {ENTRY} WHERE id = %s", [ids[1]])
        row = cursor.fetchone()
    trail.tamper(f"DELETE FROM {ENTRY} WHERE id = %s", (ids[1],))
    return ids[1], columns, row


def _commit(columns, row):
    with connection.cursor() as cursor:
        marks = ", ".join(["%s"] * len(row))
        cursor.execute(f"INSERT INTO {ENTRY} ({columns}) VALUES ({marks})", row)


def test_an_entry_that_commits_after_its_neighbours_were_sealed_is_sealed_then():
    number, columns, row = _held_back()
    assert audit.seal() == 2
    _commit(columns, row)
    assert not problems()  # known as a hole, and waiting
    assert audit.seal() == 1
    link = AuditSeal.objects.last()
    assert link.ids == [[number, number]] and not any(a <= number <= b for a, b, _ in link.holes)
    assert audit.verify().entries == 3 and not problems()


def test_a_hole_is_kept_open_over_seals_and_closed_after_a_day():
    number, columns, row = _held_back()
    audit.seal()
    trail.entries(1)
    assert any(a <= number <= b for a, b, _since in AuditSeal.objects.last().holes)
    with trail.later(hours=25):
        trail.entries(1)
        _commit(columns, row)
        assert audit.seal() == 0
        assert f"有 1 条记录是事后补进的（编号 {number}）" in problems()


def test_two_sealers_make_one_chain():
    trail.entries(2)
    last = AuditSeal.objects.get()
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditSeal.objects.create(
            previous=0, first_id=1, last_id=1, high_id=1, count=1, newest_at=clock.now(),
            sealed_at=clock.now(), key_id="x", mac="x",
        )  # fmt: skip
    assert audit.seal() == 0
    assert AuditSeal.objects.get() == last


def test_a_backlog_is_sealed_whole(monkeypatch):
    monkeypatch.setattr("school.core.audit.seals.BATCH", 4)
    trail.entries(10, sealed=False)
    assert audit.seal_all() == 10
    assert AuditSeal.objects.count() == 3 and not problems()


def test_seals_verify_with_the_key_of_their_time(settings):
    trail.entries()
    settings.AUDIT_KEYS_OLD = [settings.AUDIT_KEY]
    settings.AUDIT_KEY = "another-audit-key-0123456789-abcdefghij"
    trail.entries()
    assert len(set(AuditSeal.objects.values_list("key_id", flat=True))) == 2
    assert not problems()
    settings.AUDIT_KEYS_OLD = []
    assert "AUDIT_KEYS_OLD" in problems()


def test_a_change_of_the_field_key_leaves_the_seals_alone(settings):
    trail.entries()
    settings.FIELD_KEY = "another-field-key-0123456789-abcdefghij"
    assert not problems()


# -- verification: each kind of harm shows ------------------------------------------------------

MIDDLE = f"(SELECT min(id) + 1 FROM {ENTRY})"
HARMS = {
    "an entry changed": (f"UPDATE {ENTRY} SET action='test.x' WHERE id={MIDDLE}", "内容与封签不符"),
    "its moment changed": (
        f"UPDATE {ENTRY} SET at='2020-01-01 00:00:00' WHERE id={MIDDLE}",
        "内容与封签不符",
    ),
    "an entry taken out": (f"DELETE FROM {ENTRY} WHERE id={MIDDLE}", "缺 1 条"),
    "the first entry taken out": (
        f"DELETE FROM {ENTRY} WHERE id=(SELECT min(id) FROM {ENTRY})",
        "缺 1 条",
    ),
    "a seal changed": (
        f"UPDATE {SEAL} SET count=2 WHERE id=(SELECT min(id) FROM {SEAL})",
        "不符",
    ),
    "a seal in the middle taken out": (
        f"DELETE FROM {SEAL} WHERE id=(SELECT min(id) + 1 FROM {SEAL})",
        "前面的封签不在了",
    ),
    "the first seal taken out": (
        f"DELETE FROM {SEAL} WHERE id=(SELECT min(id) FROM {SEAL})",
        "前面的封签不在了",
    ),
    "the last seal taken out": (
        f"DELETE FROM {SEAL} WHERE id=(SELECT max(id) FROM {SEAL})",
        "末尾被截去",
    ),
}


@pytest.mark.parametrize("harm", HARMS)
def test_harm_shows_and_the_command_fails(harm, capsys):
    for _ in range(3):
        trail.entries()
    statement, told = HARMS[harm]
    trail.tamper(statement)
    assert told in problems()
    with pytest.raises(CommandError):
        call_command("verify_audit")
    assert told in capsys.readouterr().err


def test_a_whole_block_taken_out_at_the_start_shows():
    for _ in range(3):
        trail.entries()
    first = AuditSeal.objects.first()
    trail.tamper(f"DELETE FROM {ENTRY} WHERE id <= %s", (first.last_id,))
    trail.tamper(f"DELETE FROM {SEAL} WHERE id = %s", (first.pk,))
    assert "前面的封签不在了" in problems()


def test_the_tail_cut_after_the_last_head_shows():
    trail.entries()
    trail.entries()
    last = AuditSeal.objects.last()
    trail.tamper(f"DELETE FROM {ENTRY} WHERE id >= %s", (last.first_id,))
    trail.tamper(f"DELETE FROM {SEAL} WHERE id = %s", (last.pk,))
    assert "末尾被截去" in problems()


def test_a_cut_and_resealed_tail_shows():
    """Whoever has the key too still cannot take back what the file has seen."""
    trail.entries()
    trail.entries()
    last = AuditSeal.objects.last()
    trail.tamper(f"DELETE FROM {SEAL} WHERE id = %s", (last.pk,))
    kept = heads.head_file().read_bytes()
    assert audit.seal() == 3
    heads.head_file().write_bytes(kept)
    link = AuditSeal.objects.last()
    trail.tamper(f"UPDATE {SEAL} SET id = %s WHERE id = %s", (last.pk, link.pk))
    assert "与库外记录不符" in problems()


def test_an_entry_put_in_between_shows():
    number, columns, row = _held_back()
    audit.seal()
    with trail.later(days=2):
        trail.entries(1)
        _commit(columns, row)
        assert "事后补进" in problems()


def test_an_unsealed_entry_taken_out_shows():
    trail.entries()
    trail.entries(3, sealed=False)
    trail.tamper(f"DELETE FROM {ENTRY} WHERE id = %s", (numbers()[-2],))
    audit.seal()
    found = audit.verify()
    # PostgreSQL leaves the same gap behind a transaction that was rolled back.
    told = found.problems if connection.vendor == "sqlite" else found.remarks
    assert any("编号" in text for text in told)


def test_unsealed_entries_cut_from_the_end_show():
    trail.entries()
    trail.entries(2, sealed=False)
    found = audit.verify()
    assert not found.problems and "末尾" not in " ".join(found.remarks)
    trail.tamper(f"DELETE FROM {ENTRY} WHERE id > %s", (AuditSeal.objects.last().high_id,))
    found = audit.verify()
    if connection.vendor == "sqlite":
        assert "末尾缺 2 条" in " ".join(found.problems)
    else:
        # A transaction that was rolled back leaves the same behind.
        assert not found.problems and "末尾 2 个编号没有记录" in " ".join(found.remarks)


def test_a_backdated_entry_is_remarked():
    trail.entries()
    with trail.later(days=-3):
        audit.record("test.done")
    audit.seal()
    found = audit.verify()
    assert not found.problems and any("时间早于" in remark for remark in found.remarks)


def test_a_sealer_that_stands_still_shows():
    trail.entries()
    audit.record("test.done")
    assert not problems()
    with trail.later(minutes=11):
        assert "尚未封存" in problems()


def test_absent_triggers_show():
    trail.entries()
    with trail.unguarded():
        assert "防改触发器" in problems()
    assert not problems()


def test_an_absent_file_of_heads_shows():
    trail.entries()
    heads.head_file().unlink()
    assert "没有找到库外的封签文件" in problems()


def test_a_torn_line_in_the_file_of_heads_does_not_hide_the_next():
    trail.entries()
    with heads.head_file().open("a") as handle:
        handle.write('{"seal": 9')
    trail.entries()
    found = audit.verify()
    assert not found.problems and any("1 行无法识读" in remark for remark in found.remarks)
    assert heads.read().last == AuditSeal.objects.last().pk


def test_the_file_of_heads_only_grows_and_is_for_its_owner_alone():
    trail.entries()
    before = heads.head_file().read_text()
    trail.entries()
    assert heads.head_file().read_text().startswith(before)
    assert heads.head_file().stat().st_mode & 0o777 == 0o600
    assert heads.folder().stat().st_mode & 0o777 == 0o700


def _seal_without_head(monkeypatch):
    """Seal entries while the disk takes no more: the seal stands, its head does not."""

    def refuse(_links):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(heads, "_write", refuse)
        with pytest.raises(OSError, match="No space"):
            trail.entries()
    return AuditSeal.objects.last()


@pytest.mark.parametrize("entries", [0, 1])
def test_a_head_that_could_not_be_written_is_written_later(monkeypatch, entries):
    trail.entries()
    missed = [_seal_without_head(monkeypatch) for _ in range(2)]
    for number in range(entries):
        audit.record("test.done", label=str(number))
    audit.seal_all()
    assert all(heads.read().macs[link.pk] == link.mac for link in missed)
    trail.tamper(f"DELETE FROM {SEAL} WHERE id >= %s", (missed[1].pk,))
    trail.tamper(f"DELETE FROM {ENTRY} WHERE id >= %s", (missed[1].first_id,))
    assert "末尾被截去" in problems()


def test_a_seal_whose_head_is_still_missing_after_a_while_shows(monkeypatch):
    trail.entries()
    missed = _seal_without_head(monkeypatch)
    assert not problems()
    with trail.later(minutes=11):
        assert f"有 1 个封签没有记入库外文件（{missed.pk}）" in problems()


def test_a_line_cut_out_of_the_file_of_heads_shows():
    for _ in range(3):
        trail.entries()
    first, second, third = heads.head_file().read_text().splitlines(keepends=True)
    heads.head_file().write_text(first + third)
    audit.seal_all()
    with trail.later(minutes=11):
        assert "没有记入库外文件" in problems()


def test_a_file_begun_anew_is_completed_only_by_decision_and_that_is_an_entry(capsys):
    for _ in range(2):
        trail.entries()
    heads.head_file().unlink()
    audit.seal_all()
    assert heads.read() is None
    trail.entries()
    assert list(heads.read().macs) == [AuditSeal.objects.last().pk]
    with trail.later(minutes=11):
        assert "有 2 个封签没有记入库外文件" in problems()
        call_command("verify_audit", "--write-heads")
        assert "已补记 2 个封签" in capsys.readouterr().out
        entry = AuditEntry.objects.get(action="core.audit_heads_written")
        assert entry.fields["count"] == 2
        audit.seal_all()
        assert not problems()
        call_command("verify_audit", "--write-heads")
        assert AuditEntry.objects.filter(action="core.audit_heads_written").count() == 1


def test_the_command_tells_what_it_has_checked(capsys):
    trail.entries()
    call_command("verify_audit")
    assert "已核对 1 个封签，3 条记录" in capsys.readouterr().out
