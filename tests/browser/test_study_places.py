"""One member, several pages: study goes on in one of them, and the others say so."""

from playwright.sync_api import expect

from school.demo.accounts import PASSWORD
from tests.browser.studying import (
    VIDEO,
    mark_start,
    play,
    player_ready,
    position,
    started_at,
    study_line,
)

MEMBER = "D0006"
ADDRESS = "/safety/extinguisher/"
TAKEN = "已在另一页面或设备继续学习"


def test_study_goes_on_in_the_page_that_took_it(visitors):
    visitors.expect(r"request: net::ERR_FAILED .*/study/report/")
    first = visitors.sign_in(visitors.new(), MEMBER, PASSWORD)
    first.goto(ADDRESS)
    play(first)

    # Another tab of the same browser: at once, without asking the server.
    first.route("**/study/report/", lambda route: route.abort())
    second = first.context.new_page()
    second.goto(ADDRESS)
    expect(study_line(first)).to_contain_text(TAKEN)
    assert first.evaluate(f"{VIDEO}.paused")
    first.unroute("**/study/report/")
    play(second)

    # Back here by one press, at the second where it stood.
    stood = position(first)
    mark_start(first)
    study_line(first).get_by_role("button", name="在这里继续").click()
    assert stood <= started_at(first) < stood + 1
    expect(study_line(second)).to_contain_text(TAKEN)
    assert second.evaluate(f"{VIDEO}.paused")

    # Another device: with the next report's answer.
    elsewhere = visitors.sign_in(visitors.new(), MEMBER, PASSWORD)
    elsewhere.goto(ADDRESS)
    player_ready(elsewhere)
    expect(study_line(elsewhere)).to_contain_text("已计")
    expect(study_line(first)).to_contain_text(TAKEN)
    assert first.evaluate(f"{VIDEO}.paused")
    # Pressing play is as good as the button.
    first.evaluate(f"{VIDEO}.play()")
    expect(study_line(first)).to_contain_text("已计")
    assert not first.evaluate(f"{VIDEO}.paused")
