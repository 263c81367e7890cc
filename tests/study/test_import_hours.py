"""Offline and outside hours from a sheet: all of it or nothing, each line once, errors by row."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook

from school.core import clock
from school.study.models import HourEntry, LateArrival
from school.study.selectors import hours_of_year
from tests.factories.study import make_member, make_rule, moment
from tests.study.test_ledger import exact
from tests.study.test_year_close import close

pytestmark = pytest.mark.django_db

NOW = moment("2026-06-01 09:00")
HEAD = ["工号", "姓名", "学习日期", "类别", "事由", "分钟", "学时", "证明材料"]


def line(member, **changes) -> list:
    values = {
        "工号": member.staff_number,
        "姓名": member.name,
        "学习日期": "2026-05-20",
        "类别": "上级调训",
        "事由": "集团党校春季班",
        "分钟": 480,
        "学时": None,
        "证明材料": "结业证 2026-017",
    }
    return list((values | changes).values())


def sheet(folder: Path, *rows, head=HEAD, name="hours.xlsx") -> Path:
    path = folder / name
    if name.endswith(".csv"):
        lines = [",".join("" if v is None else str(v) for v in row) for row in (head, *rows)]
        path.write_text("\n".join(lines), encoding="gb18030")
        return path
    book = Workbook()
    for row in (head, *rows):
        book.active.append(row)
    book.save(path)
    return path


def run(path, *options) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    with clock.at(NOW):
        call_command("import_hours", str(path), *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.mark.parametrize("name", ["hours.xlsx", "hours.csv"])
def test_lines_are_booked_by_minutes_or_as_given_and_only_once(tmp_path, name):
    make_rule(offline_kinds={"training": 45})
    first, second = make_member(), make_member("李素芬")
    path = sheet(
        tmp_path,
        line(first),
        line(second, 分钟=None, 学时="7.5", 类别="党课"),
        name=name,
    )
    assert "将入账 2 条" in run(path, "--dry-run")[0] and not HourEntry.objects.exists()
    assert "已入账 2 条" in run(path)[0]
    assert "已入账 0 条，以前导入过 2 条" in run(path)[0]
    assert hours_of_year(first.pk, 2026).offline == 1066
    assert hours_of_year(second.pk, 2026).offline == 750
    entry = HourEntry.objects.get(member=first)
    assert (entry.source, entry.seconds) == ("training", 28_800)
    assert "结业证 2026-017" in entry.note
    assert exact()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"工号": "X99"}, "没有工号"),
        ({"姓名": "别人"}, "与工号不符"),
        ({"学习日期": "2026-06-02"}, "今天之后"),
        ({"学习日期": "2026-05"}, "写到日"),
        ({"类别": "旅游"}, "不认识"),
        ({"事由": ""}, "没有填“事由”"),
        ({"证明材料": ""}, "没有填“证明材料”"),
        ({"分钟": "-5"}, "大于 0"),
        ({"分钟": None}, "至少填一项"),
        ({"学时": "1.234"}, "两位小数"),
        ({"学时": "3200"}, "学时"),  # hundredths written by mistake
        ({"学时": "100.01"}, "学时"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_booked(tmp_path, changes, word):
    make_rule()
    good, bad = make_member(), make_member("李素芬")
    path = sheet(tmp_path, line(good), line(bad, **changes))
    err = StringIO()
    with clock.at(NOW), pytest.raises(CommandError):
        call_command("import_hours", str(path), stdout=StringIO(), stderr=err)
    assert "第 3 行" in err.getvalue() and word in err.getvalue()
    assert not HourEntry.objects.exists()
    run(path, "--good-rows-only")
    assert HourEntry.objects.get().member == good


def test_a_line_changed_after_it_was_imported_is_refused(tmp_path):
    make_rule()
    member = make_member()
    run(sheet(tmp_path, line(member)))
    err = StringIO()
    with clock.at(NOW), pytest.raises(CommandError):
        call_command(
            "import_hours",
            str(sheet(tmp_path, line(member, 分钟=600))),
            stdout=StringIO(),
            stderr=err,
        )
    assert "已经导入过" in err.getvalue() and HourEntry.objects.count() == 1


def test_the_same_line_twice_in_a_sheet_is_named(tmp_path):
    make_rule()
    member = make_member()
    err = StringIO()
    with clock.at(NOW), pytest.raises(CommandError):
        call_command(
            "import_hours",
            str(sheet(tmp_path, line(member), line(member))),
            stdout=StringIO(),
            stderr=err,
        )
    assert "与第 2 行重复" in err.getvalue()


def test_a_sheet_without_its_columns_is_refused_as_a_whole(tmp_path):
    path = sheet(tmp_path, ["S1", "张建国"], head=["工号", "姓名"])
    with pytest.raises(CommandError, match="证明材料"):
        run(path)


def test_nobody_imports_the_own_hours(tmp_path):
    make_rule()
    member = make_member()
    err = StringIO()
    with clock.at(NOW), pytest.raises(CommandError):
        call_command(
            "import_hours",
            str(sheet(tmp_path, line(member))),
            f"--by={member.staff_number}",
            stdout=StringIO(),
            stderr=err,
        )
    assert "不能导入自己的学时" in err.getvalue() and not HourEntry.objects.exists()


def test_lines_of_a_closed_year_go_to_the_late_arrivals(tmp_path):
    make_rule()
    member = make_member()
    close(2025)
    assert "其中 1 条" in run(sheet(tmp_path, line(member, 学习日期="2025-12-20")))[0]
    late = LateArrival.objects.get()
    assert (late.year, late.award, late.state) == (2025, 800, "waiting")


def test_a_line_like_one_that_stands_already_is_named_and_booked_only_when_asked(tmp_path):
    make_rule()
    first, second = make_member(), make_member("李素芬")
    day = {"学习日期": "2026-05-20", "类别": "党课"}
    run(sheet(tmp_path, line(first, **day)))
    named = {**day, "事由": "集团党校春季班（第一期）"}
    again = sheet(tmp_path, line(first, **named), line(second, **named))
    out, err = run(again, "--dry-run")
    assert "可能重复 1 行" in out and "第 2 行" in err and "集团党校春季班" in err
    with pytest.raises(CommandError, match="also-similar"):
        run(again)
    assert HourEntry.objects.count() == 1
    run(again, "--good-rows-only")
    assert list(HourEntry.objects.filter(member=second).values_list("title", flat=True))
    assert HourEntry.objects.filter(member=first).count() == 1
    run(again, "--also-similar")
    assert HourEntry.objects.filter(member=first).count() == 2


def test_another_kind_or_day_and_two_lines_of_one_sheet_are_not_taken_for_one(tmp_path):
    make_rule()
    member = make_member()
    run(sheet(tmp_path, line(member)))
    path = sheet(
        tmp_path,
        line(member, 类别="党课", 事由="上午"),
        line(member, 类别="党课", 事由="下午"),
        line(member, 学习日期="2026-05-21", 事由="第二天"),
    )
    assert "已入账 3 条" in run(path)[0] and "可能重复 0 行" in run(path)[0]
