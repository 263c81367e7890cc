"""What goes out: masked, marked, traced; full numbers only when another person agreed."""

import csv
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from school.core import clock, jobs
from school.core.errors import Conflict, DomainError, NotAllowed
from school.core.models import AuditEntry
from school.members.models import Member, Post, RosterExport
from school.members.roster.sheets import DANGEROUS, safe
from school.members.selectors.rosters import exports_to_answer
from school.members.services.people import hold_post
from school.members.services.roster_exports import (
    EXPORTABLE,
    answer_export,
    ask_export,
    sweep_exports,
    take_export,
    withdraw_export,
)
from school.members.services.roster_files import stored
from tests.factories import members as make
from tests.factories import rosters
from tests.factories.rosters import confirm, identity, upload, workbook

State = RosterExport.State


@pytest.fixture
def world(db):
    """A committee with its administrator, a branch with its secretary, and three members."""
    committee, _general, one, two = make.tree()
    admin = make.officer(committee, "committee_admin")
    secretary = make.officer(one)
    number = identity()
    rows = [
        [
            one.code,
            "00012",
            "张三",
            number,
            "13800000001",
            "正式党员",
            "2010-07-01",
            "长治市城区",
            "=2+3",
        ],
        [one.code, "A002", "李四", "", "", "预备党员", "2025-07-01", "", "+86"],
        [one.code, "A003", "买买提·艾力", "", "13900000003", "正式党员", "", "", ""],
    ]
    head = [*rosters.HEAD, "现居住地", "备注"]
    found = upload(committee, workbook(rows[1:], head=head), admin)
    confirm(found, admin)
    confirm(upload(committee, workbook(rows[:1], head=head[:-1]), admin), admin)
    member = Member.objects.get(staff_number="00012")
    member.record.remark = "=2+3"
    member.record.save()
    hold_post(
        member=member,
        branch=one,
        post=Post.objects.get_or_create(code="publicity", defaults={"name": "宣传委员"})[0],
        since=clock.today(),
    )
    return {
        "committee": committee,
        "one": one,
        "two": two,
        "admin": admin,
        "secretary": secretary,
        "number": number,
    }


def ask(world, **changes):
    values = {
        "branch": world["one"],
        "keys": EXPORTABLE,
        "reason": "年度统计核对",
        "by": world["secretary"],
    }
    export = ask_export(**(values | changes))
    if export.job_id:
        jobs.run(export.job_id)
    export.refresh_from_db()
    return export


def sheet(export) -> tuple[str, dict[str, dict]]:
    """The watermark, and the rows by staff number."""
    (watermark, *_rest), head, *rows = rosters.cells(stored(export.file))
    found = [dict(zip(head, row, strict=True)) for row in rows]
    return watermark, {str(row["工号"]).lstrip("'"): row for row in found}


def test_an_export_is_masked_and_says_who_when_where_and_why(world):
    export = ask(world)
    assert (export.state, export.rows) == (State.READY, 4)
    watermark, rows = sheet(export)
    for part in (
        world["one"].name,
        world["secretary"].staff_number,
        "年度统计核对",
        str(clock.today()),
    ):
        assert part in watermark
    row = rows["00012"]
    assert row["公民身份号码"] == f"{world['number'][:3]}{'*' * 15}"
    assert row["手机号码"] == "138****0001"
    assert "长治市城区" not in str(row)
    assert world["number"] not in stored(export.file).read_bytes().decode("latin-1")
    assert row["党内职务"] == "宣传委员"


def test_awards_and_sanctions_go_out_only_where_another_agreed(world):
    record = Member.objects.get(staff_number="00012").record
    record.sponsors, record.merits = "李四、王五", "2020 年党内警告"
    record.save()
    row = sheet(ask(world))[1]["00012"]
    assert (row["介绍人"], row["奖惩"]) == ("李四、王五", "****")
    export = ask(world, full_numbers=True)
    answer_export(export=export, agree=True, by=world["admin"])
    export.refresh_from_db()
    jobs.run(export.job_id)
    export.refresh_from_db()
    assert sheet(export)[1]["00012"]["奖惩"] == "2020 年党内警告"
    again = upload(world["one"], stored(ask(world).file).read_bytes(), world["admin"])
    assert again.counts["changed"] == 0


@pytest.mark.parametrize("format", ["xlsx", "csv"])
def test_no_cell_of_an_export_runs_as_a_formula(world, format):
    export = ask(world, format=format, reason="=cmd|' /C calc'!A0")
    if format == "xlsx":
        cells = [cell for row in rosters.cells(stored(export.file)) for cell in row]
    else:
        with stored(export.file).open(encoding="utf-8-sig", newline="") as handle:
            cells = [cell for row in csv.reader(handle) for cell in row]
    assert "'=2+3" in cells
    assert not [cell for cell in cells if isinstance(cell, str) and cell.startswith(DANGEROUS)]


@pytest.mark.pure
@given(st.text())
def test_text_made_safe_begins_with_nothing_that_runs(text):
    assert not safe(text).startswith(DANGEROUS)


def test_csv_opens_in_excel_with_its_chinese_and_keeps_leading_zeros(world):
    raw = stored(ask(world, format="csv").file).read_bytes()
    assert raw.startswith("\ufeff".encode())
    assert "'00012" in raw.decode("utf-8-sig")


@pytest.mark.parametrize("format", ["xlsx", "csv"])
def test_an_export_imported_again_changes_nothing_and_masks_never_overwrite(world, format):
    export = ask(world, by=world["admin"], branch=world["committee"], format=format)
    content = stored(export.file).read_bytes()
    again = upload(world["committee"], content, world["admin"])
    assert again.counts["total"] == again.counts["unchanged"] == export.rows, again.findings
    member = Member.objects.get(staff_number="00012")
    assert (member.identity, member.mobile) == (world["number"], "13800000001")
    assert member.record.address == "长治市城区"


def test_a_corrected_export_changes_what_was_corrected_alone(world):
    export = ask(world)
    content = rosters.cells(stored(export.file))
    at = content[1].index("学历")
    for row in content[2:]:
        if row[content[1].index("工号")] == "A002":
            row[at] = "大学本科"
    again = upload(world["one"], workbook(content[1:], head=content[0]), world["secretary"])
    assert (again.counts["changed"], again.counts["rejected"]) == (1, 0)
    confirm(again, world["secretary"])
    assert Member.objects.get(staff_number="A002").record.education == "大学本科"
    assert Member.objects.get(staff_number="00012").mobile == "13800000001"


def test_full_numbers_wait_for_another_person_above(world):
    export = ask(world, full_numbers=True)
    assert (export.state, export.file, export.job_id) == (State.WAITING, "", None)
    secretary, admin = world["secretary"], world["admin"]
    assert list(exports_to_answer(admin)) == [export]
    assert not exports_to_answer(secretary).exists()
    for person in (secretary, make.officer(world["two"]), make.officer(world["one"])):
        with pytest.raises(NotAllowed):
            answer_export(export=export, agree=True, by=person)
    answered = answer_export(export=export, agree=True, by=admin)
    jobs.run(answered.job_id)
    export.refresh_from_db()
    assert (export.state, export.answered_by) == (State.READY, admin)
    assert sheet(export)[1]["00012"]["公民身份号码"] == world["number"]
    with pytest.raises(Conflict):
        answer_export(export=export, agree=False, by=admin)


def test_nobody_agrees_to_an_own_request(world):
    export = ask(world, by=world["admin"], branch=world["committee"], full_numbers=True)
    with pytest.raises(NotAllowed):
        answer_export(export=export, agree=True, by=world["admin"])
    assert not exports_to_answer(world["admin"]).exists()
    other = make.officer(world["committee"], "committee_admin")
    assert list(exports_to_answer(other)) == [export]


def test_a_declined_request_writes_nothing(world, roster_dir):
    before = sorted(roster_dir.glob("*"))
    export = answer_export(export=ask(world, full_numbers=True), agree=False, by=world["admin"])
    assert (export.state, export.job_id) == (State.DECLINED, None)
    assert sorted(roster_dir.glob("*")) == before


def test_full_numbers_are_not_asked_for_where_no_number_is_taken(world):
    export = ask(world, keys=["education"], full_numbers=True)
    assert (export.state, export.full_numbers) == (State.READY, False)


def test_a_file_is_kept_seven_days_then_removed(world, django_capture_on_commit_callbacks):
    export = ask(world)
    path = take_export(export=export, by=world["secretary"])
    assert path.exists()
    later = clock.now() + timedelta(days=7, minutes=1)
    with clock.at(later), pytest.raises(Conflict):
        take_export(export=export, by=world["secretary"])
    with clock.at(later), django_capture_on_commit_callbacks(execute=True):
        assert sweep_exports() == 1
    export.refresh_from_db()
    assert (export.state, path.exists()) == (State.EXPIRED, False)


def test_a_request_nobody_answers_expires(world):
    export = ask(world, full_numbers=True)
    with clock.at(clock.now() + timedelta(days=8)):
        assert sweep_exports() == 1
    export.refresh_from_db()
    assert export.state == State.EXPIRED


def test_only_the_asker_takes_the_file_and_only_while_acting_for_the_branch(world):
    from school.members.services.grants import end_grant

    export = ask(world)
    with pytest.raises(NotAllowed):
        take_export(export=export, by=world["admin"])
    end_grant(grant=world["secretary"].grants.get())
    with pytest.raises(NotAllowed):
        take_export(export=export, by=Member.objects.get(pk=world["secretary"].pk))


def test_an_own_file_can_be_removed_at_once(world, django_capture_on_commit_callbacks):
    export = ask(world)
    path = stored(export.file)
    with django_capture_on_commit_callbacks(execute=True):
        withdraw_export(export=export, by=world["secretary"])
    assert not path.exists()


def test_more_rows_than_the_role_may_take_are_refused(world, settings):
    settings.ROSTER_EXPORT_ROWS = {"secretary": 3, "committee_admin": 10, "school_admin": 10}
    with pytest.raises(DomainError, match="超过可导出的 3 人"):
        ask(world)
    assert ask(world, by=world["admin"]).state == State.READY


def test_a_purpose_must_be_named(world):
    with pytest.raises(DomainError, match="用途"):
        ask(world, reason=" ")


def test_every_step_stands_in_the_trail(world):
    export = ask(world, full_numbers=True)
    jobs.run(answer_export(export=export, agree=True, by=world["admin"]).job_id)
    export.refresh_from_db()
    take_export(export=export, by=world["secretary"])
    entries = AuditEntry.objects.filter(action__startswith="members.roster_").order_by("pk")
    assert [e.action for e in entries.filter(fields__export=export.pk)] == [
        "members.roster_export_asked",
        "members.roster_export_agreed",
        "members.roster_exported",
        "members.roster_downloaded",
    ]
    assert world["number"] not in str(list(entries.values()))


def test_an_export_reads_in_chunks_with_few_queries(world, django_assert_max_num_queries):
    from school.members.services.roster_exports import export_rows

    export = ask(world)
    with django_assert_max_num_queries(8):
        assert len(list(export_rows(export))) == 4
