"""Whole or in its good rows: interrupted, cancelled, refused late; nothing stays half."""

from datetime import timedelta

import pytest

from school.core import clock, jobs
from school.core.errors import Conflict, DomainError
from school.core.models import AuditEntry, Job
from school.members.models import (
    Branch,
    Member,
    Membership,
)
from school.members.services import rosters as services
from school.members.services.roster_files import stored
from school.members.services.rosters import cancel_roster, sweep_imports
from tests.factories import members as make
from tests.factories import rosters
from tests.factories.rosters import (
    confirm,
    left_on_disk,
    messages,
    ready_to_write,
    row,
    upload,
    workbook,
)
from tests.members.test_roster_import import State

pytestmark = pytest.mark.django_db


def test_a_table_with_a_wrong_row_is_imported_whole_or_in_its_good_rows(tree, admin):
    one = tree[2]
    rows = [row(one, "A001", "张三"), row(one, "A002", "李四", "110105194912310021")]
    found = upload(one, workbook(rows), admin)
    assert "第 18 位应为 X" in messages(found)[3]
    with pytest.raises(Conflict):
        confirm(found, admin)
    assert not Member.objects.filter(staff_number="A001").exists()
    assert confirm(found, admin, whole_only=False).counts["done"] == {"created": 1, "rejected": 1}
    assert Member.objects.filter(staff_number__startswith="A00").count() == 1


def test_a_row_gone_wrong_since_the_preview_keeps_the_whole_table_out(tree, admin):
    one, two = tree[2:]
    found = upload(one, workbook([row(one, "A001", "张三"), row(one, "A002", "李四")]), admin)
    make.member(two, staff_number="A002", name="王五")
    found = confirm(found, admin)
    assert found.state == State.FAILED
    assert "第 3 行现在有错误" in found.findings[0]["errors"][0]
    assert not Member.objects.filter(staff_number="A001").exists()


def test_an_interrupted_import_of_good_rows_goes_on_where_it_stopped(tree, admin, monkeypatch):
    one = tree[2]
    monkeypatch.setattr("school.members.roster.planning.CHUNK", 2)
    rows = [row(one, f"A{n:03}", "甲乙丙丁戊"[n % 5] + "某") for n in range(7)]
    found = upload(one, workbook(rows), admin)
    found = services.confirm_roster(roster=found, whole_only=False, move_members=False, by=admin)

    def stop(share, step):
        if share > 0.6:
            raise RuntimeError("the machine went down")

    with pytest.raises(RuntimeError):
        services.write_roster(roster=found, tell=stop)
    found.refresh_from_db()
    assert (found.written, found.counts["done"]) == (2, {"created": 2})
    jobs.run(found.job_id)
    found.refresh_from_db()
    assert (found.state, found.counts["done"]) == (State.DONE, {"created": 7})
    assert Membership.objects.filter(branch=one, member__staff_number__startswith="A").count() == 7


def test_an_interrupted_whole_import_leaves_nothing_and_is_done_by_the_next_try(
    tree, admin, monkeypatch
):
    committee = tree[0]
    monkeypatch.setattr("school.members.roster.planning.CHUNK", 2)
    rows = [row("新建支部", f"A{n:03}", "甲某") for n in range(7)]
    found = upload(committee, workbook(rows), admin, create_branches=True)
    found = services.confirm_roster(roster=found, whole_only=True, move_members=False, by=admin)

    def stop(share, step):
        if share > 0.6:
            raise RuntimeError("the machine went down")

    with pytest.raises(RuntimeError):
        services.write_roster(roster=found, tell_inside=stop)
    found.refresh_from_db()
    assert (found.written, found.counts.get("done")) == (0, None)
    assert not Member.objects.filter(staff_number__startswith="A0").exists()
    assert not Branch.objects.filter(name="新建支部").exists()
    jobs.run(found.job_id)
    found.refresh_from_db()
    assert (found.state, found.counts["done"]) == (State.DONE, {"created": 7})
    made = Branch.objects.get(name="新建支部")
    assert Membership.objects.filter(branch=made).count() == 7


def between_look_and_writing(act):
    """A listener that acts once, after all rows were looked at and before the first is written."""

    def tell(share, step):
        if step == "写入":
            act()

    return tell


def take_a_mobile(branch):
    return between_look_and_writing(
        lambda: make.member(branch, staff_number="B001", mobile="13800000009")
    )


def test_a_number_taken_before_its_chunk_keeps_the_whole_out_and_names_the_row(
    tree, admin, monkeypatch
):
    one, two = tree[2:]
    monkeypatch.setattr("school.members.roster.planning.CHUNK", 2)
    rows = [row(one, f"A00{n}", "张三") for n in range(5)]
    rows[4][4] = "13800000009"
    found = ready_to_write(one, rows, admin, whole_only=True)
    with pytest.raises(Conflict, match="第 6 行现在有错误"):
        services.write_roster(roster=found, tell=take_a_mobile(two))
    assert not Member.objects.filter(staff_number__startswith="A00").exists()
    found.refresh_from_db()
    assert found.written == 0


def test_good_rows_go_in_and_a_row_refused_late_is_told_as_the_others(tree, admin, monkeypatch):
    one, two = tree[2:]
    monkeypatch.setattr("school.members.roster.planning.CHUNK", 2)
    rows = [row(one, f"A00{n}", "张三") for n in range(5)]
    rows[2][4], rows[4][4] = "12345", "13800000009"
    found = ready_to_write(one, rows, admin, whole_only=False)
    done = services.write_roster(roster=found, tell=take_a_mobile(two))
    assert done == {"created": 3, "rejected": 2}
    found.refresh_from_db()
    assert (found.state, found.counts["rejected"]) == (State.DONE, 2)
    assert set(messages(found)) == {4, 6} and "手机号应为" in messages(found)[4]
    written = rosters.cells(stored(found.marked_file))
    assert [bool(line[0]) for line in written[1:]] == [False, False, True, False, True]


def dissolve(branch):
    return between_look_and_writing(
        lambda: Branch.objects.filter(pk=branch.pk).update(dissolved_on=clock.today())
    )


@pytest.mark.parametrize("whole_only", [True, False])
def test_a_branch_dissolved_while_rows_are_written_takes_nobody_in(tree, admin, whole_only):
    committee, _general, one, two = tree
    rows = [row(one, "A001", "张三"), row(two, "A002", "李四")]
    found = ready_to_write(committee, rows, admin, whole_only=whole_only)
    if whole_only:
        with pytest.raises(Conflict, match="已撤销"):
            services.write_roster(roster=found, tell=dissolve(two))
        assert not Member.objects.filter(staff_number__startswith="A00").exists()
        return
    done = services.write_roster(roster=found, tell=dissolve(two))
    assert done == {"created": 1, "rejected": 1}
    found.refresh_from_db()
    assert list(messages(found)) == [3] and "没有找到" in messages(found)[3]


def test_an_import_cancelled_in_the_list_of_jobs_ends_with_its_job(tree, admin, monkeypatch):
    one = tree[2]
    found = ready_to_write(one, [row(one, "A001", "张三")], admin, whole_only=True)
    jobs.cancel(found.job)
    sweep_imports()
    found.refresh_from_db()
    assert found.state == State.CANCELLED
    assert AuditEntry.objects.filter(action="members.roster_cancelled").count() == 1
    running = ready_to_write(one, [row(one, "A001", "张三")], admin, whole_only=True)
    lease = jobs.Lease(jobs.claim(running.job_id))
    jobs.cancel(running.job)
    with pytest.raises(jobs.JobCancelled):
        jobs.kinds()["members.write_roster"].handler(lease)
    running.refresh_from_db()
    assert running.state == State.CANCELLED
    assert not Member.objects.filter(staff_number="A001").exists()


def test_cancelling_an_import_of_good_rows_keeps_complete_rows_and_the_same_file_finishes_them(
    tree, admin, monkeypatch
):
    one = tree[2]
    monkeypatch.setattr("school.members.roster.planning.CHUNK", 2)
    content = workbook([row(one, f"A{n:03}", "甲某") for n in range(6)])
    found = services.confirm_roster(
        roster=upload(one, content, admin), whole_only=False, move_members=False, by=admin
    )

    def cancel(share, step):
        if 0.6 < share < 0.7:
            cancel_roster(roster=found, by=admin)

    with pytest.raises(jobs.JobCancelled):
        services.write_roster(roster=found, tell=cancel)
    found.refresh_from_db()
    assert found.state == State.CANCELLED
    assert Job.objects.get(pk=found.job_id).state == Job.State.CANCELLED
    members = Member.objects.filter(staff_number__startswith="A0")
    assert members.count() == found.written == 2
    assert Membership.objects.filter(member__in=members).count() == 2
    again = upload(one, content, admin)
    assert (again.counts["unchanged"], again.counts["created"]) == (2, 4)


def test_an_import_whose_file_is_gone_can_still_be_cancelled(tree, admin):
    found = ready_to_write(tree[2], [row("", "A001", "张三")], admin, whole_only=True)
    stored(found.file).unlink()
    assert cancel_roster(roster=found, by=admin).state == State.CANCELLED


def test_a_preview_cancelled_leaves_nothing(
    tree, admin, roster_dir, django_capture_on_commit_callbacks
):
    one = tree[2]
    found = upload(one, workbook([row(one, "A001", "张三", "1")]), admin)
    with django_capture_on_commit_callbacks(execute=True):
        cancel_roster(roster=found, by=admin)
    sweep_imports()
    assert left_on_disk(roster_dir) == [found.marked_file]
    with clock.at(clock.now() + timedelta(days=8)):
        sweep_imports()
    assert left_on_disk(roster_dir) == []


def test_a_finished_import_leaves_no_upload_and_an_unreadable_one_nothing(
    tree, admin, roster_dir, django_capture_on_commit_callbacks
):
    one = tree[2]
    with django_capture_on_commit_callbacks(execute=True):
        confirm(upload(one, workbook([row(one, "A001", "张三")]), admin), admin)
        broken = upload(one, b"PK\x03\x04 no workbook at all", admin)
    assert broken.state == State.FAILED
    assert "损坏" in broken.findings[0]["errors"][0]
    assert Job.objects.get(pk=broken.job_id).state == Job.State.FAILED
    assert left_on_disk(roster_dir) == []


def test_an_upload_over_the_limit_is_cut_off_and_removed(tree, admin, roster_dir, settings):
    settings.ROSTER_MAX_BYTES = 1000
    with pytest.raises(DomainError, match="超过"):
        services.upload_roster(branch=tree[2], name="x.xlsx", chunks=[bytes(600)] * 2, by=admin)
    assert left_on_disk(roster_dir) == []


def test_an_import_nobody_comes_back_for_is_ended(
    tree, admin, roster_dir, django_capture_on_commit_callbacks
):
    found = upload(tree[2], workbook([row("", "A001", "张三")]), admin)
    with (
        clock.at(clock.now() + timedelta(days=8)),
        django_capture_on_commit_callbacks(execute=True),
    ):
        assert sweep_imports() >= 1
    found.refresh_from_db()
    assert (found.state, left_on_disk(roster_dir)) == (State.FAILED, [])
