"""A secretary's board: who is done, down to the entry, the workbook, and nobody else's branch."""

import io
import re

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from school.demo.accounts import PASSWORD
from tests.browser.visitors import follow

SECRETARY = "D0004"
OWN, FOREIGN = "Z201", "Z301"


@pytest.fixture(scope="session")
def branches(school) -> dict[str, int]:
    """Branch code → primary key."""
    return school.facts(
        "from school.members.models import Branch\n"
        "found = dict(Branch.objects.values_list('code', 'pk'))"
    )


def shown_figures(page) -> dict[str, int]:
    """The four figures on the screen, by their label."""
    return {
        each.locator(".figure__label").inner_text(): int(
            each.locator(".figure__value").inner_text()
        )
        for each in page.locator(".figures .figure").all()
    }


def shown_people(page) -> dict[str, str]:
    """State of each member who counts, by name."""
    rows = page.locator(".board-people tbody tr:not(.board-people__outside)").all()
    return {
        r.locator("th").inner_text().strip(): r.locator(".state").first.inner_text() for r in rows
    }


def workbook(page) -> list[list]:
    """The rows of the exported workbook."""
    with page.expect_download() as waiting:
        page.get_by_role("link", name="导出").click()
    data = waiting.value.path().read_bytes()
    return [list(row) for row in load_workbook(io.BytesIO(data)).active.iter_rows(values_only=True)]


def below(rows: list[list], head: str) -> list[list]:
    """The rows under the one that begins with ``head``."""
    start = next(n for n, row in enumerate(rows) if row and row[0] == head)
    return rows[start + 1 :]


def test_the_secretary_sees_who_is_not_done_down_to_the_entry_and_exports_it(
    visitors, school, branches
):
    page = visitors.sign_in(visitors.new(), SECRETARY, PASSWORD)
    follow(page.locator(".places a, .bottombar a").filter(has_text="支部", visible=True))
    follow(page.get_by_role("link", name="谁没学完"))
    open_people = shown_people(page)
    figures = shown_figures(page)
    assert figures["应学"] == figures["已完成"] + figures["未完成"]
    assert len(open_people) == figures["未完成"] > 0
    assert "赵雪梅" not in open_people

    follow(page.locator(".figure", has_text="已完成").locator("a"))
    done_people = shown_people(page)
    assert len(done_people) == figures["已完成"] > 0
    assert "赵雪梅" in done_people
    assert not set(done_people) & set(open_people)

    # Down to the entry that says so.
    page.get_by_role("link", name="赵雪梅").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("赵雪梅")
    proof = page.locator("main tbody tr", has_text="记录").first
    number = int(re.search(r"记录 (\d+)", proof.inner_text())[1])
    assert (
        school.facts(
            "from school.study.models import Completion\n"
            f"found = Completion.objects.get(pk={number}).member.staff_number"
        )
        == SECRETARY
    )
    expect(page.get_by_role("heading", name="学时台账")).to_be_visible()

    # The workbook says what the screen says.
    page.goto(f"/branch/{branches[OWN]}/")
    everyone = shown_people(page)
    figures = shown_figures(page)
    rows = workbook(page)
    head = next(row for row in rows if row[0] == "应学")
    numbers = dict(zip(head, below(rows, "应学")[0], strict=True))
    assert {name: numbers[name] for name in figures} == figures
    listed = {row[1]: row[2] for row in below(rows, "工号") if row[0]}
    assert {name: state for name, state in listed.items() if "不计入" not in state} == everyone
    outside = page.locator(".board-people__outside").count()
    assert sum("不计入" in state for state in listed.values()) == outside > 0


@pytest.mark.parametrize(
    "path",
    [
        "/branch/{foreign}/",
        "/branch/{foreign}/export/",
        "/branch/{above}/",
        "/branch/{foreign}/filings/2026-01/",
        "/branch/{own}/members/{stranger}/",
    ],
)
def test_another_branchs_pages_do_not_exist_for_a_secretary(visitors, school, branches, path):
    visitors.expect(r"response: 404 .*/branch/")
    stranger = school.facts(
        "from school.members.models import Member\n"
        "found = Member.objects.get(staff_number='D0007').pk"
    )
    page = visitors.sign_in(visitors.new(), SECRETARY, PASSWORD)
    address = path.format(
        foreign=branches[FOREIGN], above=branches["G2"], own=branches[OWN], stranger=stranger
    )
    assert page.goto(address).status == 404
    expect(page.locator("main")).to_contain_text("不在管理范围内")
