"""A roster from the upload to the last row: what is written, what never is."""

from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from school.core import clock, jobs
from school.core.models import AuditEntry, Job
from school.members.models import (
    Member,
    Membership,
    MemberStanding,
    Post,
    PostHolding,
    RosterImport,
)
from school.members.selectors.people import home_branch, standing_on
from school.members.services.roster_files import stored
from school.plans.models import CountDelta
from school.plans.services.counting import settle_plan
from tests.factories import members as make
from tests.factories import rosters
from tests.factories.rosters import (
    HEAD,
    confirm,
    identity,
    left_on_disk,
    ready_to_write,
    row,
    upload,
    workbook,
)

pytestmark = pytest.mark.django_db

State = RosterImport.State


# -- what is written ---------------------------------------------------------------------------


def test_a_roster_enrols_members_with_all_the_product_knows(tree, admin):
    _committee, _general, one, _two = tree
    Post.objects.get_or_create(code="secretary", defaults={"name": "书记", "rank": 1})
    number = identity()
    head = [*HEAD, "党内职务", "现居住地", "民族", "退役军人"]
    content = workbook(
        [[*row(one, "a001", "张 三", number, "13800000001"), "书记", "长治市", "汉族", "是"]],
        head=head,
    )
    found = confirm(upload(one, content, admin), admin)
    assert (found.state, found.counts["done"]) == (State.DONE, {"created": 1})
    member = Member.objects.get(staff_number="A001")
    assert (member.name, member.identity, member.mobile) == ("张三", number, "13800000001")
    assert not member.has_usable_password() and member.must_set_password
    assert home_branch(member) == one and standing_on(member).kind == MemberStanding.Kind.FULL
    record = member.record
    assert (record.joined_on, record.ethnicity) == (date(2010, 7, 1), "汉族")
    assert (record.address, record.veteran) == ("长治市", True)
    assert record.born_on == date(1980, 1, 1) and record.sex
    assert PostHolding.objects.filter(member=member, branch=one, post__name="书记").exists()
    assert AuditEntry.objects.filter(action="members.roster_imported").count() == 1
    enrolled = AuditEntry.objects.get(action="members.enrolled", subject_id=str(member.pk))
    assert (enrolled.actor_id, enrolled.fields["import"]) == (admin.pk, found.pk)
    assert "mobile" in enrolled.fields["fields"] and enrolled.address.startswith("job:")


def test_an_upload_and_a_failure_stand_in_the_trail_with_their_counts(tree, admin):
    one, two = tree[2:]
    found = upload(one, workbook([row(one, "A001", "张三"), row(one, "A002", "=1")]), admin)
    entry = AuditEntry.objects.get(action="members.roster_uploaded")
    assert (entry.actor_id, entry.subject_id) == (admin.pk, str(one.pk))
    assert entry.fields == {"import": found.pk, "rows": 2, "created": 1, "rejected": 1}
    found = ready_to_write(one, [row(one, "A001", "张三")], admin, whole_only=True)
    make.member(two, staff_number="A001", name="王五")
    jobs.run(found.job_id)
    entry = AuditEntry.objects.get(action="members.roster_failed")
    assert (entry.fields["rows"], entry.fields["written"]) == (1, 0)
    assert "第 2 行" in entry.fields["why"]


def test_the_same_file_twice_changes_nothing(tree, admin):
    committee, _general, one, two = tree
    rows = [
        row(one, "A001", "张三", identity(), "13800000001"),
        row(two.code, "A002", "李四", "", "", "预备", "2025.12"),
    ]
    confirm(upload(committee, workbook(rows), admin), admin)
    before = list(Member.objects.values_list()), list(Membership.objects.values_list())
    again = upload(committee, workbook(rows), admin)
    assert (again.counts["unchanged"], again.counts["total"]) == (2, 2)
    confirm(again, admin)
    assert before == (list(Member.objects.values_list()), list(Membership.objects.values_list()))


def test_a_member_is_found_by_the_identity_number_alone(tree, admin):
    one, number = tree[2], identity()
    confirm(upload(one, workbook([row(one, "A001", "张三", number)]), admin), admin)
    found = upload(
        one, workbook([["张三", number, "博士"]], head=["姓名", "身份证号", "学历"]), admin
    )
    assert found.counts["changed"] == 1
    confirm(found, admin)
    assert Member.objects.get(staff_number="A001").record.education == "博士"


def test_changes_are_shown_before_they_are_made_and_numbers_masked(tree, admin):
    one = tree[2]
    confirm(upload(one, workbook([row(one, "A001", "张三", "", "13800000001")]), admin), admin)
    found = upload(one, workbook([row(one, "A001", "张三", "", "13900000002", "预备党员")]), admin)
    [shown] = [r for r in found.findings if r["kind"] == "changed"]
    assert ["手机号码", "138****0001", "139****0002"] in shown["changes"]
    assert ["人员类别", "正式党员", "预备党员"] in shown["changes"]
    assert "13900000002" not in str(found.findings)
    assert Member.objects.get(staff_number="A001").mobile == "13800000001"
    confirm(found, admin)
    member = Member.objects.get(staff_number="A001")
    assert member.mobile == "13900000002"
    assert standing_on(member).kind == MemberStanding.Kind.PROBATIONARY
    assert AuditEntry.objects.filter(action="members.roster_changed").get().fields["fields"] == [
        "kind",
        "mobile",
    ]


def test_an_empty_cell_erases_nothing(tree, admin):
    one = tree[2]
    confirm(
        upload(one, workbook([row(one, "A001", "张三", identity(), "13800000001")]), admin), admin
    )
    found = upload(one, workbook([row("", "A001", "张三", "", "", "", "")]), admin)
    assert found.counts["unchanged"] == 1


def test_a_changed_kind_is_dated(tree, admin):
    one = tree[2]
    member = make.member(one, staff_number="A001", name="张三", kind="probationary")
    confirm(upload(one, workbook([row("", "A001", "张三")]), admin), admin)
    old, new = MemberStanding.objects.filter(member=member).order_by("pk")
    assert (old.kind, old.until, new.kind, new.since) == (
        "probationary",
        clock.today(),
        "full",
        clock.today(),
    )


def test_the_marked_sheet_is_the_table_with_what_was_found_and_can_be_corrected(
    tree, admin, tmp_path
):
    one = tree[2]
    rows = [
        row(one, "A001", "张三"),
        row(one, "A002", "李四", "", "12345"),
        row(one, "A003", "=1+1"),
    ]
    found = upload(one, workbook(rows), admin)
    written = rosters.cells(stored(found.marked_file))
    assert written[0][:3] == ["核对结果", *HEAD[:2]]
    assert written[1][0] is None and "手机号应为" in written[2][0]
    assert not any(str(cell).startswith(("=", "+", "@")) for line in written for cell in line)
    written[2][5], written[3][3] = "13800000002", "王五"
    corrected = upload(one, workbook(written[1:], head=written[0]), admin)
    assert (corrected.counts["created"], corrected.counts["rejected"]) == (3, 0)


def test_nothing_of_a_personal_number_stands_in_the_job_the_preview_or_the_trail(tree, admin):
    number = identity()
    found = upload(tree[2], workbook([row("", "A001", "张三", number, "13800000001")]), admin)
    confirm(found, admin)
    found.refresh_from_db()
    kept = [
        found.findings,
        found.counts,
        list(Job.objects.values()),
        list(AuditEntry.objects.values()),
    ]
    for secret in (number, "13800000001"):
        assert secret not in str(kept)


# -- the apps above ----------------------------------------------------------------------------


def test_counters_after_an_import_equal_a_rebuild(tree, admin):
    from tests.factories import plans as make_plans

    committee, _general, one, two = tree
    today = clock.today()
    plan = make_plans.make_plan(
        committee, [make_plans.make_item()], starts_on=today, ends_on=today + timedelta(days=30)
    )
    make.member(two, staff_number="A100", name="老周")
    rows = [
        row(one, "A001", "张三"),
        row(two, "A002", "李四", kind="积极分子"),
        row(one, "A100", "老周"),
    ]
    confirm(upload(committee, workbook(rows), admin), admin, move_members=True)
    assert CountDelta.objects.filter(plan=plan, branch=one).count() >= 2
    assert settle_plan(plan=plan) == 0


# -- the command -------------------------------------------------------------------------------


def test_the_command_does_the_same(
    tree, tmp_path, capsys, roster_dir, django_capture_on_commit_callbacks
):
    committee, _general, one, _two = tree
    path = tmp_path / "花名册.csv"
    lines = [HEAD, row(one, "A001", "张三"), row(one, "A002", "李四", "12")]
    path.write_text("\n".join(",".join(line) for line in lines), encoding="gbk")
    with (
        django_capture_on_commit_callbacks(execute=True),
        pytest.raises(CommandError, match="没有导入"),
    ):
        call_command("import_roster", path, "--branch", committee.code)
    assert "第 3 行" in capsys.readouterr().err
    assert not Member.objects.filter(staff_number="A001").exists()
    marked = tmp_path / "marked.xlsx"
    with django_capture_on_commit_callbacks(execute=True):
        with pytest.raises(CommandError):
            call_command(
                "import_roster", path, "--branch", committee.code, "--dry-run", "--marked", marked
            )
        call_command("import_roster", path, "--branch", committee.code, "--good-rows-only")
    assert rosters.cells(marked)[2][0]
    assert "新增 1" in capsys.readouterr().out
    assert Member.objects.filter(staff_number="A001").exists()
    assert left_on_disk(roster_dir) == []
    with pytest.raises(CommandError, match="没有编码"):
        call_command("import_roster", path, "--branch", "nowhere")
