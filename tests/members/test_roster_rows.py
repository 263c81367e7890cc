"""Whom and which branch a row of a roster means, and how far the one who imports it reaches."""

import pytest

from school.core import clock
from school.core.errors import NotAllowed
from school.members.models import (
    Branch,
    Member,
    Membership,
    RosterImport,
    Transfer,
)
from school.members.selectors.people import home_branch
from school.members.services import rosters as services
from tests.factories import members as make
from tests.factories.rosters import HEAD, confirm, identity, messages, row, upload, workbook

pytestmark = pytest.mark.django_db

State = RosterImport.State


# -- who is another ----------------------------------------------------------------------------


def test_a_name_that_does_not_fit_the_staff_number_is_refused_unless_the_identity_proves_it(
    tree, admin
):
    one, number = tree[2], identity()
    confirm(upload(one, workbook([row(one, "A001", "张三", number)]), admin), admin)
    assert "姓名不同" in messages(upload(one, workbook([row(one, "A001", "李四")]), admin))[2]
    assert (
        "姓名不同"
        in messages(upload(one, workbook([row(one, "A001", "李四", identity())]), admin))[2]
    )
    renamed = upload(one, workbook([row(one, "A001", "张三丰", number)]), admin)
    assert renamed.counts["changed"] == 1


def test_numbers_of_another_member_are_refused(tree, admin):
    one, number = tree[2], identity()
    rows = [row(one, "A001", "张三", number, "13800000001"), row(one, "A002", "李四")]
    confirm(upload(one, workbook(rows), admin), admin)
    found = upload(
        one,
        workbook(
            [
                row(one, "A002", "李四", number),
                row(one, "A003", "王五", "", "13800000001"),
                row(one, "A009", "张三", number),
            ]
        ),
        admin,
    )
    said = messages(found)
    assert "另一名党员" in said[2] and "另一名党员" in said[3]


def test_the_same_number_twice_in_a_file_refuses_both_rows_and_names_the_other(tree, admin):
    one, number = tree[2], identity()
    rows = [
        row(one, "A001", "张三", "", "13800000001"),
        row(one, "a001", "李四"),
        row(one, "A003", "王五", number),
        row(one, "A004", "赵六", number.lower()),
        row(one, "A005", "孙七", "", "138 0000 0001"),
    ]
    said = messages(upload(one, workbook(rows), admin))
    assert "与第 3 行相同" in said[2] and "与第 2 行相同" in said[3]
    assert "与第 5 行相同" in said[4] and "与第 4 行相同" in said[5]
    assert "与第 2 行相同" in said[6]


def test_a_new_member_needs_a_staff_number(tree, admin):
    found = upload(tree[2], workbook([row("", "", "张三", identity())]), admin)
    assert "新党员要填工号" in messages(found)[2]


# -- scope -------------------------------------------------------------------------------------


def test_a_member_of_a_foreign_branch_is_refused_without_telling_where(tree):
    _committee, _general, one, two = tree
    secretary = make.officer(one)
    make.member(two, staff_number="A001", name="张三")
    said = messages(upload(one, workbook([row("", "A001", "张三")]), secretary))[2]
    assert "不在本次导入的范围内" in said
    assert two.name not in said and two.short_name not in said


def test_no_row_asks_whose_a_foreign_number_is(tree):
    """Whatever of a row's numbers belongs to a stranger, and to whom, the answer is one."""
    _committee, _general, one, two = tree
    secretary = make.officer(one)
    number = identity()
    stranger = make.member(two, staff_number="A001", name="张三", mobile="13800000001")
    stranger.set_identity(number)
    stranger.save()
    make.member(two, staff_number="A002", name="李四", mobile="13800000002")
    make.member(one, staff_number="A003", name="王五")
    uploads = [
        row("", "A001", "张三", number, "13800000001"),
        row("", "A001", "张三", identity(), "13800000002"),
        row("", "A001", "不是他", "", "13900000009"),
        row("", "A002", "张三", number),
        row("", "A003", "王五", "", "13800000001"),
        row("", "A003", "王五", number),
        row("", "A009", "新人", "", "13800000001"),
    ]
    said = set()
    for each in uploads:
        found = upload(one, workbook([each]), secretary)
        said.add(messages(found)[2])
        services.cancel_roster(roster=found, by=secretary)
    assert len(said) == 1


def test_who_imports_does_not_change_his_own_record(tree):
    one = tree[2]
    secretary = make.officer(one, staff_number="S001", name="钱书记")
    same = upload(one, workbook([row("", "S001", "钱书记", kind="", joined="")]), secretary)
    assert same.counts["unchanged"] == 1
    changed = upload(one, workbook([row("", "S001", "钱书记", "", "13800000001")]), secretary)
    assert "经办人本人" in messages(changed)[2]
    by_another = upload(
        one,
        workbook([row("", "S001", "钱书记", "", "13800000001")]),
        make.officer(one),
    )
    assert by_another.counts["changed"] == 1


def test_numbers_of_who_may_do_more_are_not_changed_by_a_roster(tree):
    committee, _general, one, _two = tree
    make.officer(one, "committee_admin", staff_number="B001", name="孙主任")
    make.member(one, staff_number="A001", name="张三")
    rows = [
        row("", "B001", "孙主任", identity(), "13800000001", "", ""),
        row("", "A001", "张三", "", "13800000002", "", ""),
    ]
    found = upload(one, workbook(rows), make.officer(one))
    assert set(messages(found)) == {2} and messages(found)[2].count("大于经办人") == 2
    above = upload(one, workbook(rows), make.officer(committee, "committee_admin"))
    assert above.counts["changed"] == 2
    operator = upload(one, workbook(rows))
    assert operator.counts["changed"] == 2


def test_a_foreign_branch_in_a_row_reads_like_an_unknown_one(tree):
    _committee, _general, one, two = tree
    secretary = make.officer(one)
    rows = [row(two, "A001", "张三"), row("没有的支部", "A002", "李四")]
    said = messages(upload(one, workbook(rows), secretary))
    assert said[2].replace(two.name, "X") == said[3].replace("没有的支部", "X")


def test_within_the_scope_a_transfer_is_offered_and_made_only_when_asked(tree, admin):
    committee, _general, one, two = tree
    member = make.member(two, staff_number="A001", name="张三")
    rows = [row(one, "A001", "张三"), row(one, "A002", "李四")]
    found = upload(committee, workbook(rows), admin)
    assert (found.counts["moved"], found.counts["created"]) == (1, 1)
    confirm(found, admin)
    assert home_branch(member) == two
    moved = confirm(upload(committee, workbook(rows), admin), admin, move_members=True)
    assert moved.counts["done"] == {"moved": 1, "unchanged": 1}
    assert home_branch(member) == one
    transfer = Transfer.objects.get(member=member)
    assert (transfer.state, transfer.sender, transfer.effective_on) == (
        "received",
        two,
        clock.today(),
    )
    assert Membership.objects.get(member=member, branch=two).until == clock.today()


def test_a_member_in_transit_is_refused(tree, admin):
    _committee, _general, one, two = tree
    from school.members.services.transfers import send_transfer

    send_transfer(member=make.member(two, staff_number="A001", name="张三"), to=one, by=None)
    assert "正在转接" in messages(upload(tree[0], workbook([row(one, "A001", "张三")]), admin))[2]


def test_who_lost_the_branch_meanwhile_writes_nothing(tree):
    from school.members.services.grants import end_grant

    one = tree[2]
    secretary = make.officer(one)
    found = upload(one, workbook([row(one, "A001", "张三")]), secretary)
    end_grant(grant=secretary.grants.get())
    with pytest.raises(NotAllowed):
        services.write_roster(roster=RosterImport.objects.get(pk=found.pk))
    assert not Member.objects.filter(staff_number="A001").exists()


# -- branches ----------------------------------------------------------------------------------


def test_a_branch_is_found_by_code_name_short_name_and_path(tree, admin):
    committee, general, one, two = tree
    rows = [
        row(one.code.lower(), "A001", "甲"),
        row(one.name, "A002", "乙"),
        row(one.short_name, "A003", "丙"),
        row(f"{general.name}/{two.short_name}", "A004", "丁"),
        row(f"中共 {one.name.removesuffix('委员会')}", "A005", "戊"),
        row("", "A006", "己"),
    ]
    confirm(upload(committee, workbook(rows), admin), admin)
    homes = [home_branch(Member.objects.get(staff_number=f"A00{n}")) for n in range(1, 7)]
    assert homes == [one, one, one, two, one, committee]


def test_two_branches_of_one_name_are_told_apart_by_their_parents(tree, admin):
    committee, general, one, _two = tree
    other = make.branch(
        make.branch(committee, name="第二总支", short_name="二总支"),
        name="机电支部",
        short_name="机电支部",
    )
    make.branch(general, name="机电支部", short_name="机电支部")
    found = upload(
        committee,
        workbook([row("机电支部", "A001", "甲"), row("第二总支/机电支部", "A002", "乙")]),
        admin,
    )
    assert "有 2 个党组织" in messages(found)[2]
    confirm(found, admin, whole_only=False)
    assert home_branch(Member.objects.get(staff_number="A002")) == other


def test_branches_are_made_only_when_asked_and_only_by_who_manages_the_tree(tree, admin):
    committee, general, one, _two = tree
    rows = [
        row("新建总支/采煤一队党支部", "A001", "甲"),
        row("新建总支/采煤二队党支部", "A002", "乙"),
        row(one, "A003", "丙"),
    ]
    assert len(messages(upload(committee, workbook(rows), admin))) == 2
    with pytest.raises(NotAllowed):
        upload(one, workbook(rows), make.officer(one), create_branches=True)
    found = upload(committee, workbook(rows), admin, create_branches=True)
    assert (found.counts["branches"], found.counts["rejected"]) == (3, 0)
    assert not Branch.objects.filter(name="新建总支").exists()
    confirm(found, admin)
    made = Branch.objects.get(name="新建总支")
    assert (made.get_parent(), made.kind) == (committee, Branch.Kind.GENERAL_BRANCH)
    assert [b.name for b in made.get_children()] == ["采煤一队党支部", "采煤二队党支部"]
    assert home_branch(Member.objects.get(staff_number="A002")).name == "采煤二队党支部"
    again = upload(committee, workbook(rows), admin, create_branches=True)
    assert (again.counts["unchanged"], again.counts["branches"]) == (3, 0)


def test_a_code_of_any_branch_the_school_ever_had_is_refused_in_the_preview(tree, admin):
    committee, general, one, two = tree
    elsewhere = make.branch(kind="committee", code="EL-1")
    ended = make.branch(general, code="OLD-1")
    Branch.objects.filter(pk=ended.pk).update(dissolved_on=clock.today())
    head = [*HEAD, "组织编码"]
    rows = [
        [*row("新支部甲", "A001", "甲"), "el-1"],
        [*row("新支部乙", "A002", "乙"), "OLD-1"],
        [*row("新支部丙", "A003", "丙"), "有 空格"],
        [*row("新支部丁", "A004", "丁"), "NEW-1"],
        [*row("新支部戊", "A005", "戊"), "NEW-1"],
        [*row("新支部丁", "A006", "己"), "NEW-2"],
        [*row("新支部丁", "A007", "庚"), ""],
    ]
    found = upload(committee, workbook(rows, head=head), admin, create_branches=True)
    said = messages(found)
    assert "已用于" in said[2] and "已用于" in said[3] and "空格" in said[4]
    assert "给了两个党组织" in said[6] and "请统一" in said[7]
    assert elsewhere.name not in said[2]
    confirm(found, admin, whole_only=False)
    made = Branch.objects.get(code="NEW-1")
    assert {home_branch(m) for m in Member.objects.filter(staff_number__in=["A004", "A007"])} == {
        made
    }


def test_who_lost_the_right_to_make_branches_meanwhile_makes_none(tree):
    from school.members.services.grants import end_grant, grant_role

    committee = tree[0]
    person = make.officer(committee, "committee_admin")
    grant_role(member=person, role="secretary", branch=committee)
    rows = [row("新支部", "A001", "甲")]
    found = upload(committee, workbook(rows), person, create_branches=True)
    end_grant(grant=person.grants.get(role="committee_admin"))
    found = confirm(found, person)
    assert found.state == State.FAILED
    assert "没有新建党组织的权限" in found.findings[0]["errors"][0]
    assert not Branch.objects.filter(name="新支部").exists()


def test_no_finding_keeps_a_number_from_a_column_that_slipped(tree, admin):
    one, number = tree[2], identity()
    rows = [
        row(one, "A001", "张三", "", "", number),
        row(number, "A002", "李四"),
        row(one, number, "王五"),
        row(one, "A004", f"赵六{number}"),
        row(f"身份证号：{number}", "A005", "孙七", "", "", f"证件号码是{number}"),
    ]
    found = upload(one, workbook([[*each, number] for each in rows], head=[*HEAD, "备注"]), admin)
    assert found.counts["rejected"] == 5
    assert number[3:17] not in str(found.findings) and number[6:14] not in str(found.findings)
    created = upload(tree[0], workbook([row(number, "A002", "李四")]), admin, create_branches=True)
    assert created.counts["rejected"] == 1


def test_a_branch_dissolved_between_preview_and_confirmation_takes_nobody_in(tree, admin):
    committee, _general, one, _two = tree
    found = upload(committee, workbook([row(one, "A001", "甲")]), admin)
    Branch.objects.filter(pk=one.pk).update(dissolved_on=clock.today())
    found = confirm(found, admin)
    assert found.state == State.FAILED
    assert not Member.objects.filter(staff_number="A001").exists()
