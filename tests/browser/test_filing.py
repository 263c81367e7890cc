"""Filing the month: the branch tells, the level above sees who has told and the same numbers."""

import io

from openpyxl import load_workbook
from playwright.sync_api import expect

from school.core import clock
from school.demo.accounts import PASSWORD
from tests.browser.visitors import follow

HEADS = ("应学", "已完成", "未完成", "其中逾期", "免学")


def branch_ids(school) -> dict[str, int]:
    return school.facts(
        "from school.members.models import Branch\n"
        "found = dict(Branch.objects.values_list('code', 'pk'))"
    )


def table_row(page, name: str) -> dict[str, int]:
    """Figures of one row of a table of nodes."""
    heads = [each.inner_text() for each in page.locator(".board-nodes thead th").all()]
    row = page.locator(".board-nodes tbody tr", has=page.locator("th", has_text=name)).first
    cells = [each.inner_text() for each in row.locator("th, td").all()]
    found = dict(zip(heads, cells, strict=True))
    return {head: int(found[head]) for head in HEADS}


def exported(page, branch: int) -> list[dict]:
    """The figures in the workbook of a node: the total, then its children by name."""
    answer = page.request.get(f"/branch/{branch}/export/")
    assert answer.ok
    sheet = load_workbook(io.BytesIO(answer.body())).active
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    found = []
    for number, row in enumerate(rows):
        if "应学" in row and "其中逾期" in row:
            heads = row
            for below in rows[number + 1 :]:
                if below[0] is None or below[0] == "党组织":
                    break
                found.append(dict(zip(heads, below, strict=False)))
    return found


def file_also(school, code: str, month: str) -> None:
    """Another branch files the month too."""
    school.python(
        "from datetime import date\n"
        "from school.members.models import Branch, Member\n"
        "from school.reports.services.filings import file_period\n"
        f"branch = Branch.objects.get(code={code!r})\n"
        "by = Member.objects.get(staff_number='D0005')\n"
        f"first = date.fromisoformat('{month}-01')\n"
        "file_period(branch=branch, period='month', starts_on=first, by=by)"
    )


def only(row: dict) -> dict[str, int]:
    return {head: row[head] for head in HEADS}


def test_a_filed_month_rolls_up_with_the_numbers_of_the_export(visitors, school):
    ids = branch_ids(school)
    month = clock.today().strftime("%Y-%m")
    secretary = visitors.sign_in(visitors.new(), "D0004", PASSWORD)
    secretary.goto("/branch/")
    secretary.get_by_role("link", name="月上报").click()
    expect(secretary.locator(".board-head")).to_contain_text("待上报")
    own_export = exported(secretary, ids["Z201"])[0]
    follow(secretary.get_by_role("button", name="上报"))
    expect(secretary.locator(".board-head")).to_contain_text("已上报")
    expect(secretary.get_by_role("button", name="上报")).to_have_count(0)
    filed = table_row(secretary, "合计")
    assert filed == only(own_export)
    assert filed["应学"] > 0

    admin = visitors.sign_in(visitors.new(), "D0005", PASSWORD)
    admin.goto(f"/branch/{ids['G2']}/filings/{month}/")
    children = admin.locator(".filing-children li")
    expect(children).to_have_count(3)
    expect(children.filter(has_text="机电支部")).to_contain_text("已上报")
    expect(children.filter(has_text="运行支部")).to_contain_text("待上报")
    expect(children.filter(has_text="安监支部")).to_contain_text("待上报")
    expect(admin.locator("main")).to_contain_text("3 个下级中还有 2 个没有上报")
    assert table_row(admin, "机电支部") == filed
    assert table_row(admin, "合计") == filed

    # With a second child the sum is that of both, and only of those who have filed.
    file_also(school, "Z202", month)
    admin.reload()
    expect(admin.locator("main")).to_contain_text("3 个下级中还有 1 个没有上报")
    second = table_row(admin, "运行支部")
    assert second["应学"] > 0
    assert table_row(admin, "合计") == {head: filed[head] + second[head] for head in HEADS}

    # The board of the subtree and its workbook are one set of numbers, child by child.
    admin.goto(f"/branch/{ids['G2']}/")
    rows = exported(admin, ids["G2"])
    by_name = {row["党组织"]: row for row in rows if row.get("党组织")}
    for name in ("机电支部", "运行支部", "安监支部"):
        assert table_row(admin, name) == only(by_name[name])
    assert table_row(admin, "合计") == only(by_name["第二总支"])
    assert only(by_name["机电支部"]) == filed
    total = {h: sum(by_name[n][h] for n in ("机电支部", "运行支部", "安监支部")) for h in HEADS}
    assert only(by_name["第二总支"]) == total

    # What the branch has told stays as it was told until the level above returns it.
    admin.goto(f"/branch/{ids['Z201']}/filings/{month}/")
    admin.get_by_label("退回原因").fill("请核对免学人数")
    follow(admin.get_by_role("button", name="退回"))
    expect(admin.locator(".board-head")).to_contain_text("退回")
    secretary.reload()
    expect(secretary.locator("main")).to_contain_text("请核对免学人数")
