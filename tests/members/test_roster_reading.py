"""Files nobody trusts: each is read, or refused with one clear message; none hurts the reader."""

import csv
import io
import zipfile
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from school.members.roster import columns
from school.members.roster.columns import COLUMNS, match_head, tidy_label
from school.members.roster.judging import Judge
from school.members.roster.reading import Unreadable, decode, read_table
from tests.factories import rosters

pytestmark = pytest.mark.pure

TODAY = date(2026, 11, 23)
ROW = ["机电支部", "A001", "张三", "", "13812348000", "正式党员", "2019.7.1"]


@pytest.fixture
def stored(tmp_path):
    def store(content: bytes, name: str = "roster"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return store


def table_of(stored, content, name="花名册.xlsx"):
    return read_table(stored(content), name)


def judged(table):
    judge = Judge(table.head, TODAY, table.merged, table.formulas)
    return [found for number, cells in table.rows() if (found := judge(number, cells))]


def refusal(stored, content, name="花名册.xlsx") -> str:
    with pytest.raises(Unreadable) as error:
        read_table(stored(content), name)
    return error.value.message


# -- what is read ------------------------------------------------------------------------------


def test_a_workbook_is_read_with_the_row_numbers_people_see(stored):
    table = table_of(
        stored, rosters.workbook([["二〇二六年花名册"], [], rosters.HEAD, ROW], head=[])
    )
    assert [number for number, _cells in table.rows()] == [4]
    [row] = judged(table)
    assert row.values[columns.STAFF] == "A001"
    assert row.values[columns.JOINED_ON] == date(2019, 7, 1)


def test_a_table_that_begins_in_the_middle_of_a_sheet_is_read(stored):
    def shift(book, sheet):
        sheet.insert_cols(1, 3)

    table = table_of(stored, rosters.workbook([[], ROW], change=shift))
    assert judged(table)[0].row == 3
    assert judged(table)[0].values[columns.NAME] == "张三"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_text_file_is_read_in_every_encoding_excel_writes(stored, encoding, delimiter):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([rosters.HEAD, ROW])
    [row] = judged(table_of(stored, out.getvalue().encode(encoding), "花名册.csv"))
    assert (row.row, row.values[columns.NAME], row.errors) == (2, "张三", [])


def test_rare_characters_of_names_survive_gb18030(stored):
    rows = [rosters.HEAD, ["", "A001", "㛃䶮𠮷", "", "", "", ""]]
    content = "\n".join(",".join(row) for row in rows).encode("gb18030")
    assert judged(table_of(stored, content))[0].values[columns.NAME] == "㛃䶮𠮷"


@given(st.permutations(COLUMNS), st.data())
def test_heads_are_found_in_any_order_and_dress(order, data):
    def dressed(column):
        name = data.draw(st.sampled_from((str(column.label), *column.synonyms)))
        before, after = data.draw(
            st.sampled_from(
                [("", ""), ("*", ""), (" ", " "), ("", "（必填）"), ("＊", "："), ("\n", "*")]
            )
        )
        return (
            before + "　".join(name) + after if data.draw(st.booleans()) else before + name + after
        )

    head = match_head([(1, ["序号", *map(dressed, order)])])
    assert head.places == {column.key: place for place, column in enumerate(order, 1)}


def test_no_name_of_a_column_means_two_columns():
    seen = {}
    for column in COLUMNS:
        for name in {tidy_label(n) for n in (str(column.label), *column.synonyms)}:
            assert seen.setdefault(name, column.key) == column.key, name


@given(st.lists(st.lists(st.text(max_size=12) | st.floats() | st.none(), max_size=8), max_size=25))
def test_no_sheet_breaks_the_search_for_a_head(rows):
    match_head(list(enumerate(rows, 1)))


@given(st.binary(max_size=400))
def test_whatever_bytes_come_the_answer_is_text_or_a_refusal(raw):
    try:
        assert "\x00" not in decode(raw)
    except Unreadable as error:
        assert error.message


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda t: ("姓名,工号\n" + t).encode()))
def test_whatever_file_comes_the_answer_is_a_table_or_a_refusal(tmp_path_factory, raw):
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(raw)
    try:
        judged(read_table(path, "x.csv"))
    except Unreadable as error:
        assert error.message


@given(st.lists(st.none() | st.text(max_size=30) | st.floats() | st.integers(), max_size=30))
def test_whatever_cells_come_a_row_is_judged(cells):
    head = match_head([(1, [str(column.label) for column in COLUMNS])])
    found = Judge(head, TODAY)(2, cells)
    assert found is None or all(message for _key, message in found.errors + found.warnings)


# -- what is refused as a whole -----------------------------------------------------------------


def test_an_empty_file(stored):
    assert "空的" in refusal(stored, b"")


def test_a_file_over_the_limit(stored, settings):
    settings.ROSTER_MAX_BYTES = 1 << 20
    assert "超过上限" in refusal(stored, b"a" * (2 << 20))


def test_a_picture(stored):
    assert "不是表格" in refusal(stored, b"\x89PNG\r\n\x1a\n\x00\x00" + bytes(50), "照片.png")


def test_a_document_that_is_a_zip_but_no_workbook(stored):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
    assert "不是 Excel" in refusal(stored, out.getvalue())


def test_a_broken_workbook(stored):
    assert "损坏" in refusal(stored, rosters.workbook([ROW])[:-200])


def test_a_workbook_with_a_password_and_an_old_one(stored):
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
    assert "密码" in refusal(stored, ole + "EncryptedPackage".encode("utf-16-le"))
    assert "另存为 .xlsx" in refusal(stored, ole)


def test_a_zip_bomb(stored):
    bomb = rosters.with_part(
        rosters.workbook([ROW]),
        "xl/worksheets/sheet1.xml",
        lambda data: data.replace(b"<sheetData>", b"<sheetData>" + b" " * (64 << 20)),
    )
    assert len(bomb) < 1 << 20
    assert "解压后过大" in refusal(stored, bomb)


def test_a_bomb_that_lies_about_its_size(stored):
    content = bytearray(
        rosters.with_part(
            rosters.workbook([ROW]),
            "xl/worksheets/sheet1.xml",
            lambda data: data + b" " * (8 << 20),
        )
    )
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        entry = archive.getinfo("xl/worksheets/sheet1.xml")
    true_size = entry.file_size.to_bytes(4, "little")
    while (at := content.find(true_size)) >= 0:
        content[at : at + 4] = (1000).to_bytes(4, "little")
    assert "损坏" in refusal(stored, bytes(content))


def test_entities_that_grow(stored):
    laughs = b'<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    content = rosters.with_part(
        rosters.workbook([ROW]),
        "xl/worksheets/sheet1.xml",
        lambda data: data.replace(b"<worksheet", laughs + b"<worksheet", 1),
    )
    assert "不安全" in refusal(stored, content)


def test_a_cell_at_the_end_of_the_world(stored):
    def far(book, sheet):
        sheet["XFD1048576"] = "x"

    assert "范围过大" in refusal(stored, rosters.workbook([ROW], change=far))


def test_a_far_row_that_asks_for_more_memory_than_there_is_ends_only_its_reader(stored, settings):
    settings.ROSTER_READER_MEMORY_BYTES = 200 << 20

    def far(book, sheet):
        sheet["CV1048576"] = "x"

    assert "范围过大" in refusal(stored, rosters.workbook([ROW], change=far))


def test_a_huge_declared_dimension_over_a_small_table_is_read(stored):
    content = rosters.with_part(
        rosters.workbook([ROW]),
        "xl/worksheets/sheet1.xml",
        lambda data: data.replace(b'ref="A1:G2"', b'ref="A1:XFD1048576"'),
    )
    assert len(table_of(stored, content)) == 1


def test_two_hundred_columns(stored):
    head = [*rosters.HEAD, *(f"栏{n}" for n in range(200))]
    assert "207 列" in refusal(stored, rosters.workbook([ROW], head=head))


def test_more_rows_than_the_limit(stored, settings):
    settings.ROSTER_MAX_ROWS = 5
    assert "超过 5 行" in refusal(stored, rosters.workbook([ROW] * 6))


def test_a_table_without_a_head(stored):
    assert "没有找到表头" in refusal(stored, rosters.workbook([ROW], head=[]))


def test_a_column_named_twice(stored):
    assert "手机号码" in refusal(stored, rosters.workbook([ROW], head=[*rosters.HEAD, "联系电话"]))


def test_a_roster_only_on_a_hidden_sheet(stored):
    def hide(book, sheet):
        book.create_sheet("看得见")
        book.active = 1
        sheet.sheet_state = "hidden"

    assert "隐藏" in refusal(stored, rosters.workbook([ROW], change=hide))


def test_hidden_and_further_sheets_are_named_as_not_read(stored):
    def more(book, sheet):
        book.create_sheet("旧名单").append(rosters.HEAD)
        secret = book.create_sheet("密")
        secret.append(rosters.HEAD)
        secret.sheet_state = "veryHidden"

    table = table_of(stored, rosters.workbook([ROW], change=more))
    assert len(table) == 1
    assert "密" in table.notes[0] and "旧名单" in table.notes[1]


def test_a_quote_that_never_ends_is_found(stored):
    content = '姓名,工号\n"张三,A001\n' + "李四,A002\n" * 20_000
    assert "引号" in refusal(stored, content.encode(), "花名册.csv")


# -- what is refused in a row ----------------------------------------------------------------------


def errors(stored, content) -> dict[int, str]:
    return {
        row.row: " ".join(m for _k, m in row.errors) for row in judged(table_of(stored, content))
    }


def test_merged_cells_are_refused_where_they_cover_a_value(stored):
    def merge(book, sheet):
        sheet.merge_cells("A2:A3")

    found = errors(stored, rosters.workbook([ROW, ["x", "A002", "李四"]], change=merge))
    assert found[2] == "" and "合并单元格" in found[3]


def test_formulas_are_refused_even_with_a_kept_value(stored):
    def compute(book, sheet):
        sheet["B2"] = '="A"&"001"'

    found = errors(stored, rosters.workbook([ROW, ROW], change=compute))
    assert "公式" in found[2] and found[3] == ""


def with_formulas(content: bytes, sheet: int) -> bytes:
    """A workbook whose sheet has one formula more than are looked at, each with a kept value."""
    rows = "".join(f'<row r="{n}"><c r="A{n}"><f>1</f><v>1</v></c></row>' for n in range(9, 20_010))

    def change(part: bytes) -> bytes:
        return part.replace(b"</sheetData>", f"{rows}</sheetData>".encode())

    return rosters.with_part(content, f"xl/worksheets/sheet{sheet}.xml", change)


def test_a_sheet_with_more_formulas_than_are_looked_at_is_refused_whole(stored):
    """The rest would pass for values, as the program that saved them left them."""
    content = rosters.workbook([ROW], change=lambda book, sheet: book.create_sheet("算表"))
    with pytest.raises(Unreadable, match="两万个以上的公式"):
        table_of(stored, with_formulas(content, 1))
    assert len(table_of(stored, with_formulas(content, 2))) == 1


def test_a_formula_as_text_is_refused(stored):
    out = io.StringIO()
    csv.writer(out).writerows([["姓名", "工号", "备注"], ["张三", "A001", "=1+1"]])
    assert "公式" in errors(stored, out.getvalue().encode())[2]


def test_numbers_kept_as_numbers(stored):
    rows = [["", 10023, "张三", 140101198001010010, 13812348000, "", 43647]]
    [row] = judged(table_of(stored, rosters.workbook(rows)))
    assert row.values[columns.STAFF] == "10023"
    assert row.values[columns.MOBILE] == "13812348000"
    assert row.values[columns.JOINED_ON] == date(2019, 7, 1)
    assert [key for key, message in row.errors if "文本格式" in message] == [columns.IDENTITY]


def test_dates_of_the_spreadsheet_itself(stored):
    rows = [["", "A001", "张三", "", "", "", date(2019, 7, 1)]]
    [row] = judged(table_of(stored, rosters.workbook(rows)))
    assert row.values[columns.JOINED_ON] == date(2019, 7, 1)


def test_full_width_digits_and_zeros_kept_by_a_formula_of_text(stored):
    out = io.StringIO()
    csv.writer(out).writerows(
        [["姓名", "工号", "手机"], ["张三", '="００１２３"', "１３８１２３４８０００"]]
    )
    [row] = judged(table_of(stored, out.getvalue().encode()))
    assert (row.values[columns.STAFF], row.values[columns.MOBILE]) == ("00123", "13812348000")


def test_notes_below_the_table_and_blank_rows_are_no_members(stored):
    table = table_of(stored, rosters.workbook([ROW, [], ["填表人：王五"], ["", "", "", "", " "]]))
    assert [row.row for row in judged(table)] == [2]


@pytest.mark.parametrize(
    ("head", "value", "message"),
    [
        ("姓名", "123", "不像姓名"),
        ("姓名", 12, "不像姓名"),
        ("性别", "未知", "请填 男、女"),
        ("人员类别", "党员", "正式党员、预备党员"),
        ("党籍状态", "死亡", "不能用花名册"),
        ("入党日期", "2099-01-01", "晚于今天"),
        ("备注", "字" * 201, "超过 200"),
        ("备注", "a\u202eb\x07", "看不见"),
    ],
)
def test_a_wrong_value_is_named_with_what_to_do(head, value, message):
    labels = ["工号", "姓名"] if head != "姓名" else ["工号"]
    found = match_head([(1, [*labels, head])])
    [(_key, said)] = Judge(found, TODAY)(2, ["A001", "张三", value][: len(labels)] + [value]).errors
    assert message in said


def test_oddities_are_warned_of_and_imported():
    labels = ["工号", "姓名", "性别", "身份证号", "出生日期", "人员类别", "入党日期", "转正日期"]
    number = rosters.identity(1, born="20000229")
    row = ["A1", "张三", "女", number, "2000-03-01", "正式", "2017-07-01", "2017-10-01"]
    found = Judge(match_head([(1, labels)]), TODAY)(2, row)
    assert not found.errors
    assert {key for key, _m in found.warnings} == {
        columns.SEX if int(number[16]) % 2 else columns.BORN_ON,
        columns.BORN_ON,
        columns.JOINED_ON,
        columns.CONFIRMED_ON,
    }


def test_a_digit_in_a_name_is_pointed_out():
    found = Judge(match_head([(1, ["工号", "姓名"])]), TODAY)(2, ["A1", "张3"])
    assert found.values[columns.NAME] == "张3" and found.warnings


def test_a_member_on_probation_for_over_a_year_is_pointed_out():
    head = match_head([(1, ["工号", "姓名", "类别", "入党日期"])])
    found = Judge(head, TODAY)(2, ["A1", "张三", "预备", "2024-07"])
    assert {m[:4] for _k, m in found.warnings} == {"只有年月", "预备期已"}


def test_fifty_megabytes_of_workbook_are_refused_before_they_are_opened(stored, settings):
    assert settings.ROSTER_MAX_BYTES <= 50 << 20
    assert "超过上限" in refusal(stored, b"PK\x03\x04" + bytes(settings.ROSTER_MAX_BYTES))


def test_a_sheet_of_charts_is_passed_over(stored):
    book = Workbook()
    book.create_chartsheet("图", 0)
    sheet = book.worksheets[0]
    sheet.append(rosters.HEAD)
    sheet.append(ROW)
    out = io.BytesIO()
    book.save(out)
    assert len(table_of(stored, out.getvalue())) == 1
