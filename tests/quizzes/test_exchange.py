"""Sheets of questions: exact errors, all or nothing, hostile files, out and in unchanged."""

import io
import zipfile

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook, load_workbook

from quizzes.models import Question
from quizzes.services.exchange import (
    MAX_BYTES,
    RefusedSheet,
    export_questions,
    import_questions,
    template,
)
from tests.factories.quizzes import make_bank, make_question

pytestmark = pytest.mark.django_db
HEAD = ["题型*", "题干*", "选项A", "选项B", "选项C", "正确答案*", "解析", "难度", "分值"]
GOOD = ["单选题", "先做什么?", "报告", "继续", "离开", "A", "应先报告。", "易", 2.5]


def sheet(*rows: list, head: list | None = None) -> bytes:
    book = Workbook()
    for row in [head or HEAD, *rows]:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_sheet_is_taken_whole():
    bank = make_bank()
    rows = [
        GOOD,
        ["多选题", "哪些对?", "甲", "乙", "丙", "A、C", "", "", ""],
        ["判断题", "要戴安全帽。", "", "", "", "√", "", "难", 5],
        ["填空题", "安全____。", "", "", "", "第一/首位", "", "", ""],
    ]
    outcome = import_questions(data=sheet(*rows), bank=bank)
    assert (outcome.created, outcome.revised) == (4, 0)
    first, second, third, fourth = (q.current for q in bank.questions.order_by("pk"))
    assert (first.marks, first.difficulty, first.key) == (250, "easy", {"options": ["a"]})
    assert second.key == {"options": ["a", "c"]}
    assert third.key == {"options": ["t"]}
    assert fourth.key == {"blanks": [["第一", "首位"]], "ordered": True}


def test_every_wrong_row_is_named_and_nothing_is_stored():
    bank = make_bank()
    rows = [
        GOOD,
        ["问答题", "谈谈体会", "", "", "", "无", "", "", ""],
        ["单选题", "乙?", "甲", "乙", "", "D", "", "", ""],
        ["单选题", "丙?", "甲", "乙", "", "A", "", "", "很多"],
        ["单选题", " 先 做什么? ", "甲", "乙", "", "A", "", "", ""],
    ]
    with pytest.raises(RefusedSheet, match="4 行") as caught:
        import_questions(data=sheet(*rows), bank=bank)
    places = [(each.number, each.column) for each in caught.value.errors]
    assert places == [(3, "题型"), (4, "正确答案"), (5, "分值"), (6, "题干")]
    assert not Question.objects.exists()


def test_the_same_sheet_again_changes_nothing_and_an_edit_makes_a_version():
    bank = make_bank()
    import_questions(data=sheet(GOOD), bank=bank)
    again = import_questions(data=sheet(GOOD), bank=bank)
    assert (again.created, again.revised, again.unchanged) == (0, 0, 1)
    edited = [*GOOD[:5], "B", *GOOD[6:]]
    assert import_questions(data=sheet(edited), bank=bank).revised == 1
    question = bank.questions.get()
    assert (question.versions.count(), question.current.key) == (2, {"options": ["b"]})


def test_a_dry_run_stores_nothing():
    bank = make_bank()
    outcome = import_questions(data=sheet(GOOD), bank=bank, dry_run=True)
    assert (outcome.created, outcome.dry_run, bank.questions.count()) == (1, True, 0)


def test_what_is_exported_is_imported_unchanged():
    bank = make_bank()
    for kind in ("single", "multiple", "true_false", "fill_blank"):
        make_question(bank, kind, category="分类", topic="=1+1", source="出处", marks=250)
    make_question(bank, "fill_blank", stem="无序____和____", ordered=False)
    make_question(bank, options=tuple(f"选项{i}" for i in range(9)), answer="I")
    data = export_questions(bank=bank)
    again = import_questions(data=data, bank=bank)
    assert (again.created, again.revised, again.unchanged) == (0, 0, 6)
    other = make_bank()
    import_questions(data=data, bank=other)
    assert export_questions(bank=other) and other.questions.count() == 6
    shapes = [
        [(q.kind, q.current.stem, q.current.options, q.current.key) for q in each.questions.all()]
        for each in (bank, other)
    ]
    assert shapes[0] == shapes[1]


def test_the_template_can_be_imported():
    assert import_questions(data=template(), bank=make_bank()).created == 4


def test_formulas_are_text_on_the_way_in_and_on_the_way_out():
    bank = make_bank()
    row = ["判断题", '=HYPERLINK("http://x","点我")', "", "", "", "对", "", "", ""]
    import_questions(data=sheet(row), bank=bank)
    assert bank.questions.get().current.stem.startswith("=HYPERLINK")
    cell = load_workbook(io.BytesIO(export_questions(bank=bank))).active["B2"]
    assert (cell.data_type, cell.value[0]) == ("s", "=")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "不是 .xlsx"),
        (b"PK\x03\x04 rubbish", "不是 .xlsx"),
        (b"\xd0\xcf\x11\xe0 old workbook", "不是 .xlsx"),
        (b"x" * (MAX_BYTES + 1), "超过 5 MB"),
    ],
)
def test_files_that_are_no_workbook_are_refused(data, words):
    with pytest.raises(RefusedSheet, match=words):
        import_questions(data=data, bank=make_bank())


def packed(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def test_a_zip_that_is_no_workbook_or_a_bomb_or_brings_entities_is_refused():
    for data in (
        packed("readme.txt", b"hello"),
        packed("xl/media.bin", b"0" * (61 * 1024 * 1024)),
        packed("xl/workbook.xml", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x/>'),
    ):
        with pytest.raises(RefusedSheet):
            import_questions(data=data, bank=make_bank())


def test_missing_columns_and_empty_sheets_are_named():
    with pytest.raises(RefusedSheet, match="正确答案"):
        import_questions(data=sheet(head=["题型", "题干"]), bank=make_bank())
    with pytest.raises(RefusedSheet, match="没有找到试题"):
        import_questions(data=sheet(), bank=make_bank())


def test_the_commands_write_and_read_the_same_file(tmp_path, capsys):
    bank = make_bank(title="安全题库")
    make_question(bank)
    file = tmp_path / "out.xlsx"
    call_command("export_questions", str(file), bank="安全题库")
    call_command("import_questions", str(file), bank="新题库", create_bank=True)
    assert "新增 1 题" in capsys.readouterr().out
    with pytest.raises(CommandError, match="没有题库"):
        call_command("import_questions", str(file), bank="没有的")
    with pytest.raises(CommandError, match="没有找到文件"):
        call_command("import_questions", str(tmp_path / "none.xlsx"), bank="新题库")
