"""The administrator of the tree: a new branch, found in the picker, and a move to it and back."""

import re

import pytest
from playwright.sync_api import expect

from tests.factories.members import PASSWORD

DESK = 1024
# A tree of its own: the demo's figures and its number of branches stay as they are.
FOUND = """
from school.members.models import Branch
from tests.factories import members as make
Kind = Branch.Kind
top = make.branch(code="M", name="矿山公司党委", short_name="矿山党委", kind=Kind.COMMITTEE)
for code, short in (("M1", "采掘总支"), ("M2", "洗选总支")):
    make.branch(top, code=code, name=short, short_name=short, kind=Kind.GENERAL_BRANCH)
one = make.branch(
    Branch.objects.get(code="M1"), code="M11", name="综采党支部", short_name="综采支部"
)
make.officer(top, "committee_admin", staff_number="M0001", name="丁岳")
make.member(one, staff_number="M0002", name="石英")
found = one.pk
"""


@pytest.fixture(scope="module")
def branch(school) -> int:
    """A branch below the first of two general branches."""
    return school.facts(FOUND)


def above(school, code: str) -> list[str]:
    """Codes from the top down to a branch, as its placements and its path say alike."""
    return school.facts(f"""
from school.members.models import Branch, BranchPlacement
branch = Branch.objects.get(code="{code}")
line, node = [], branch
while node:
    line.insert(0, node.code)
    node = BranchPlacement.objects.open().get(branch=node).parent
cached = [b.code for b in branch.get_ancestors()] + [branch.code]
assert line == cached, (line, cached)
found = line
""")


def row(page, name: str):
    """The line of a branch in the tree, without those below it."""
    link = page.get_by_role("link", name=name, exact=True)
    return page.locator(".branch-row").filter(has=link)


def pick(page, label: str, typed: str, found: str) -> None:
    """Choose a branch by typing a part of its name."""
    page.get_by_label(label).fill(typed)
    option = page.get_by_role("option").filter(has_text=found)
    expect(option).to_have_count(1)
    option.click()


def confirm(page, button: str, *lines: str) -> None:
    """Read the preview, then confirm it."""
    expect(page.get_by_role("heading", name="请核对")).to_be_visible()
    for line in lines:
        expect(page.locator(".branches__part").filter(has_text=line)).to_have_count(1)
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("heading", name="隶属关系")).to_be_visible()


def test_a_branch_is_made_found_and_taken_in_and_the_trail_tells_it(
    visitors, school, branch, width
):
    page = visitors.sign_in(visitors.new(), "M0001", PASSWORD)
    page.goto("/admin/branches/")
    row(page, "矿山党委").get_by_role("link", name="新建下级").click()
    page.get_by_label("全称").fill("机电运输党总支")
    page.get_by_label("简称").fill("机运总支")
    page.get_by_label("组织编码").fill("M3")
    page.get_by_label("类别").select_option(label="党总支")
    page.get_by_role("button", name="下一步：核对").click()
    assert not exists(school, "M3")
    confirm(page, "确认新建下级", "新设“机运总支”，上级为“矿山党委”")
    assert above(school, "M3") == ["M", "M3"]

    # By 移到: the tree is opened, the new branch is looked for by a part of its name.
    page.goto("/admin/branches/")
    page.get_by_label("“采掘总支”的下级").click()
    row(page, "综采支部").get_by_role("link", name="移到").click()
    pick(page, "移到", "机运", "机运总支")
    page.get_by_label("批复文号").fill("矿党发〔2026〕7号")
    page.get_by_role("button", name="下一步：核对").click()
    moved = "“综采支部”由“采掘总支”移到“机运总支”"
    confirm(page, "确认移动", moved, "组织关系 1 人")
    assert above(school, "M11") == ["M", "M3", "M11"]

    history = page.locator("tr", has_text="调整隶属关系")
    expect(history).to_have_count(1)
    expect(history).to_contain_text("丁*")
    expect(history).to_contain_text("矿党发〔2026〕7号")
    page.goto("/admin/branches/")
    page.get_by_label("“机运总支”的下级").click()
    expect(row(page, "综采支部")).to_be_visible()

    if width >= DESK:
        # By hand: dropping only opens the preview, nothing is written before it is confirmed.
        row(page, "综采支部").get_by_role("link", name="综采支部", exact=True).drag_to(
            row(page, "洗选总支")
        )
        page.wait_for_url(re.compile(r"/move/\?"))
        assert above(school, "M11") == ["M", "M3", "M11"]
        confirm(page, "确认移动", "“综采支部”由“机运总支”移到“洗选总支”")
        assert above(school, "M11") == ["M", "M2", "M11"]
        expect(page.locator("tr", has_text="调整隶属关系")).to_have_count(2)


def exists(school, code: str) -> bool:
    return school.facts(
        "from school.members.models import Branch\n"
        f"found = Branch.objects.filter(code='{code}').exists()"
    )
