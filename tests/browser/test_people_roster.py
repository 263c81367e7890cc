"""A secretary takes a roster in and out again, from the pages alone."""

import io

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from tests.factories.members import PASSWORD
from tests.factories.rosters import identity

# A branch of its own, apart from the demo's tree, so that no figure of another test moves.
FOUND = """
from school.members.models import Branch
from tests.factories import members as make
one = make.branch(code="R01", name="选煤车间党支部", short_name="选煤支部")
make.officer(one, staff_number="R0001", name="秦岚")
make.member(one, staff_number="R0002", name="石磊")
found = one.pk
"""
GOOD, KNOWN, BAD_MOBILE, NO_NAME = range(2, 6)
IDENTITY, MOBILE = identity(7101, "19910203"), "13900007101"
ROWS = {
    GOOD: {"工号*": "R1001", "姓名*": "高远", "公民身份号码": IDENTITY, "手机号码": MOBILE},
    KNOWN: {"工号*": "R0002", "姓名*": "石磊", "学历": "大学本科"},
    BAD_MOBILE: {"工号*": "R1002", "姓名*": "方静", "手机号码": "139000072"},
    NO_NAME: {"工号*": "R1003", "入党日期": "2019年7月1日"},
}


@pytest.fixture(scope="module")
def branch(school) -> int:
    """A branch with its secretary and one more member."""
    return school.facts(FOUND)


def known(school) -> dict[str, str]:
    """Name by staff number of the branch's members."""
    return school.facts(
        "from school.members.models import Member\n"
        "rows = Member.objects.filter(staff_number__startswith='R')\n"
        "found = dict(rows.values_list('staff_number', 'name'))"
    )


def trail(school, branch: int) -> list[str]:
    """What the audit trail says was done to the branch."""
    return school.facts(
        "from school.core.models import AuditEntry\n"
        f"rows = AuditEntry.objects.filter(subject_type='members.branch', subject_id='{branch}')\n"
        "found = list(rows.order_by('pk').values_list('action', flat=True))"
    )


def download(page, name: str):
    """The workbook behind a link or button of the page."""
    with page.expect_download() as taken:
        page.get_by_role("link", name=name).click()
    return load_workbook(io.BytesIO(taken.value.path().read_bytes()))


def filled(book, rows: dict[int, dict[str, str]]) -> dict:
    """The workbook with these cells written, as a file to choose."""
    sheet = book.worksheets[0]
    head = [cell.value for cell in sheet[1]]
    for row, values in rows.items():
        for label, value in values.items():
            sheet.cell(row, head.index(label) + 1, value)
    out = io.BytesIO()
    book.save(out)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return {"name": "选煤支部花名册.xlsx", "mimeType": kind, "buffer": out.getvalue()}


def upload(page, file: dict) -> None:
    page.get_by_label("花名册文件").set_input_files(file)
    page.get_by_role("button", name="上传并核对").click()
    # The page asks for itself until the background has read the file.
    expect(page.get_by_role("heading", name="核对花名册")).to_be_visible()


def figures(page) -> dict[str, int]:
    """The preview's figures by their words."""
    tiles = page.locator(".figures .figure").all()
    return {
        tile.locator(".figure__label").inner_text(): int(
            tile.locator(".figure__value").inner_text()
        )
        for tile in tiles
    }


def test_a_secretary_imports_corrects_and_exports_a_roster(visitors, school, branch):
    page = visitors.sign_in(visitors.new(), "R0001", PASSWORD)
    page.goto("/branch/")
    page.locator("main").get_by_role("link", name="名册").click()
    page.get_by_role("link", name="导入").click()
    upload(page, filled(download(page, "下载模板"), ROWS))

    assert figures(page) == {"新增": 1, "更改": 1, "无变化": 0, "有错误": 2}
    wrong = page.locator(".roster-row--wrong")
    expect(wrong).to_have_count(2)
    expect(wrong.nth(0)).to_contain_text(f"第 {BAD_MOBILE} 行")
    expect(wrong.nth(0)).to_contain_text("手机号应为 1 开头的 11 位数字")
    expect(wrong.nth(1)).to_contain_text(f"第 {NO_NAME} 行")
    expect(wrong.nth(1)).to_contain_text("没有填姓名")
    changed = page.locator("tr", has_text="石磊")
    expect(changed).to_contain_text("学历")
    expect(changed.locator("ins")).to_have_text("大学本科")
    assert known(school) == {"R0001": "秦岚", "R0002": "石磊"}

    # The marked sheet says the same in front of each row, and comes back corrected.
    marked = download(page, "下载标注后的表")
    said = [row[0].value or "" for row in marked.worksheets[0].iter_rows()]
    assert "手机号应为 1 开头的 11 位数字" in said[BAD_MOBILE - 1]
    assert "没有填姓名" in said[NO_NAME - 1]
    right = {BAD_MOBILE: {"手机号码": "13900007102"}, NO_NAME: {"姓名*": "罗川"}}
    page.get_by_role("link", name="上传改好的表").click()
    upload(page, filled(marked, right))
    assert figures(page) == {"新增": 3, "更改": 1, "无变化": 0, "有错误": 0}
    expect(page.locator(".roster-row--wrong")).to_have_count(0)
    page.get_by_role("button", name="确认导入").click()
    expect(page.locator("main")).to_contain_text("新增 3 人，更改 1 人")
    assert known(school) == {
        "R0001": "秦岚",
        "R0002": "石磊",
        "R1001": "高远",
        "R1002": "方静",
        "R1003": "罗川",
    }

    page.get_by_role("link", name="看名册").click()
    expect(page.locator(".people-table tbody tr")).to_have_count(5)
    page.get_by_role("link", name="导出").click()
    page.get_by_label("用途").fill("年度党内统计核对")
    page.get_by_role("button", name="导出").click()
    sheet = download(page, "下载").worksheets[0]
    watermark, head, *rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert "秦岚" in watermark[0] and "年度党内统计核对" in watermark[0]
    by_number = {row[head.index("工号")]: dict(zip(head, row, strict=True)) for row in rows}
    assert sorted(by_number) == ["R0001", "R0002", "R1001", "R1002", "R1003"]
    assert by_number["R1001"]["手机号码"] == "139****7101"
    assert by_number["R1001"]["公民身份号码"] == f"{IDENTITY[:3]}{'*' * 15}"
    assert not {IDENTITY, MOBILE} & {cell for row in rows for cell in row}
    assert trail(school, branch)[-4:] == [
        "members.roster_imported",
        "members.roster_export_asked",
        "members.roster_exported",
        "members.roster_downloaded",
    ]
