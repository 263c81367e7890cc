"""The sign-in sheet as a workbook: out with names, in with errors by row, twice the same."""

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation

from school.gatherings.models import Attendance, Presence
from school.gatherings.selectors import gathering_page
from school.gatherings.services.imports import read_sheet
from school.gatherings.sheets import template
from tests.factories import gatherings as made
from tests.factories import members as make
from tests.factories.gatherings import HOUR, START, row_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene():
    home = make.branch()
    people = [make.officer(home), make.member(home, name="=HYPERLINK(1)"), make.member(home)]
    return made.over(home, people[0]), people


def filled(gathering, rows):
    """The template with cells of some members set: {staff number: (state, late, early)}."""
    book = openpyxl.load_workbook(io.BytesIO(template(gathering_page(gathering))))
    sheet = book.active
    for row in sheet.iter_rows(min_row=2):
        for place, value in enumerate(rows.pop(row[0].value, ())):
            row[3 + place].value = value
    for number, values in rows.items():
        sheet.append([number, *values])
    return saved(book)


def saved(book):
    out = io.BytesIO()
    book.save(out)
    return SimpleUploadedFile("签到表.xlsx", out.getvalue())


def test_the_template_holds_the_names_and_runs_nothing(scene):
    gathering, people = scene
    sheet = openpyxl.load_workbook(io.BytesIO(template(gathering_page(gathering)))).active
    assert [cell.value for cell in sheet[1]] == [
        "工号", "姓名", "所在支部", "到会情况", "迟到分钟", "早退分钟",
    ]  # fmt: skip
    assert {row[0].value for row in sheet.iter_rows(min_row=2)} == {p.staff_number for p in people}
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_a_filled_sheet_is_entered_and_again_changes_nothing(scene):
    gathering, (secretary, _, member) = scene
    rows = {secretary.staff_number: ("到会", 5, None), member.staff_number: ("请假",)}
    assert read_sheet(gathering=gathering, upload=filled(gathering, dict(rows)), by=secretary) == (
        2,
        [],
    )
    row = Presence.objects.get(attendance=row_of(gathering, secretary))
    assert (row.state, row.late_minutes, row.early_minutes, row.method) == (
        "present",
        5,
        0,
        "sheet",
    )
    assert row_of(gathering, member).state == Attendance.State.LEAVE
    again = read_sheet(gathering=gathering, upload=filled(gathering, dict(rows)), by=secretary)
    assert again == (0, [])
    assert Presence.objects.count() == 2


def test_a_template_taken_in_another_language_can_be_sent_back(scene):
    gathering, (secretary, *_others) = scene
    rows = {secretary.staff_number: ("到会", 5, 3)}
    with translation.override("en"):
        upload = filled(gathering, dict(rows))
        assert read_sheet(gathering=gathering, upload=upload, by=secretary) == (1, [])
    row = Presence.objects.get(attendance=row_of(gathering, secretary))
    assert (row.state, row.late_minutes, row.early_minutes) == ("present", 5, 3)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (("参加",), "“参加”不认识"),
        (("到会", "十"), "整数分钟"),
        (("到会", 30, 30), "少于本场的 60 分钟"),
        (("到会", -5), "整数分钟"),
    ],
)
def test_one_wrong_row_is_named_and_nothing_is_taken(scene, values, said):
    gathering, (secretary, _, member) = scene
    rows = {secretary.staff_number: ("到会",), member.staff_number: values}
    changed, errors = read_sheet(gathering=gathering, upload=filled(gathering, rows), by=secretary)
    assert changed == 0 and len(errors) == 1
    assert errors[0].startswith("第 ") and said in errors[0]
    assert not Presence.objects.exists()


def test_strangers_wrong_names_and_doubles_are_named_by_row(scene):
    gathering, (secretary, _, member) = scene
    rows = {
        "Z999": ("外人", "", "到会"),
        f" {member.staff_number.lower()}": (member.name, "", "到会"),
        secretary.staff_number + " ": ("张三", "", "到会"),
    }
    _, errors = read_sheet(gathering=gathering, upload=filled(gathering, rows), by=secretary)
    text = "\n".join(errors)
    assert "Z999" in text and "重复" in text and "不是“张三”" in text
    assert not Presence.objects.exists()


def test_each_session_has_its_own_columns(scene):
    gathering, (secretary, *_) = scene
    sessions = [(START, START + HOUR), (START + 2 * HOUR, START + 3 * HOUR)]
    two = made.over(gathering.branch, secretary, sessions=sessions, kind="training")
    rows = {secretary.staff_number: ("到会", None, None, "缺席", None, None)}
    assert read_sheet(gathering=two, upload=filled(two, rows), by=secretary)[0] == 2
    states = row_of(two, secretary).presences.values_list("state", flat=True)
    assert list(states) == ["present", "absent"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04broken",
        b"\x00\x01\x02",
        "没有表头,的表\n1,2".encode(),
        "姓名,工号\n".encode(),
    ],
)
def test_a_file_that_is_no_sheet_is_refused_with_a_word(scene, client, content):
    gathering, (secretary, *_) = scene
    client.force_login(secretary)
    answer = client.post(
        reverse("gatherings:read_in", args=[gathering.pk]),
        {"file": SimpleUploadedFile("签到表.xlsx", content)},
    )
    assert answer.status_code == 400
    assert "field__error" in answer.content.decode()


def test_the_page_names_the_wrong_rows(scene, client):
    gathering, (secretary, *_) = scene
    client.force_login(secretary)
    upload = filled(gathering, {secretary.staff_number: ("也许",)})
    answer = client.post(reverse("gatherings:read_in", args=[gathering.pk]), {"file": upload})
    assert answer.status_code == 400 and "“也许”不认识" in answer.content.decode()
    upload = filled(gathering, {secretary.staff_number: ("到会",)})
    answer = client.post(reverse("gatherings:read_in", args=[gathering.pk]), {"file": upload})
    assert answer.url == reverse("gatherings:detail", args=[gathering.pk])
