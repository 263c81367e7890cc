"""A shared phone: what was studied without a line belongs to who studied, and only to them."""

from playwright.sync_api import expect

from school.demo.accounts import PASSWORD
from tests.browser.studying import (
    VIDEO,
    eventually,
    play,
    play_until,
    player_ready,
    record,
    study_line,
    until,
)

FIRST, SECOND, THIRD = "D0005", "D0008", "D0002"
SLUG = "extinguisher"
ADDRESS = f"/safety/{SLUG}/"
STORED = """new Promise((done) => {
  const opening = indexedDB.open('study', 1);
  opening.onsuccess = () => {
    const rows = opening.result.transaction('batches').objectStore('batches').getAll();
    rows.onsuccess = () => { opening.result.close(); done(rows.result.length); };
  };
})"""

NO_BEACON = "navigator.sendBeacon = () => false"


def sign_out(page) -> None:
    page.goto("/me/")
    page.locator("main form[data-place=sign_out] button").click()


def test_what_one_left_on_a_shared_phone_goes_up_under_their_own_name(visitors, school):
    visitors.expect(r"request: net::ERR_FAILED .*/study/report/")
    page = visitors.sign_in(visitors.new(), FIRST, PASSWORD)
    page.add_init_script(NO_BEACON)  # routes do not see beacons
    page.goto(ADDRESS)
    player_ready(page)
    reports = "**/study/report/"
    page.context.route(reports, lambda route: route.abort())
    play(page)
    play_until(page, 3)
    page.evaluate(f"{VIDEO}.pause()")
    expect(study_line(page)).to_contain_text("无网络，已存本机")

    # Signing out tries to send, and says what stays on the device.
    sign_out(page)
    dialog = page.get_by_role("dialog", name="学习记录还没有传完")
    expect(dialog).to_contain_text("秒的学习记录没有上传")
    dialog.get_by_role("button", name="取消").click()
    assert page.url.endswith("/me/")
    page.locator("main form[data-place=sign_out] button").click()
    dialog.get_by_role("button", name="仍要退出").click()
    page.wait_for_url("**/sign-in/**")
    assert page.evaluate(STORED) > 0

    # The next one sees nothing of it, and is not asked about it.
    visitors.sign_in(page, SECOND, PASSWORD)
    page.goto(ADDRESS)
    expect(study_line(page)).to_contain_text("自动计时")
    expect(page.locator("body")).not_to_contain_text("已存本机")
    before = [record(school, who, SLUG).covered for who in (FIRST, SECOND)]
    assert before == [0, 0]
    page.context.unroute(reports)

    # With a line it goes up from any page, although somebody else is signed in here.
    page.goto("/me/")
    until(page, f"({STORED}).then((held) => held === 0)")
    eventually(page, lambda: record(school, FIRST, SLUG).covered, lambda seen: seen > 2_000)
    assert record(school, SECOND, SLUG).covered == 0

    # Nothing is held: signing out asks nothing.
    sign_out(page)
    page.wait_for_url("**/sign-in/**")


def test_a_page_that_dies_leaves_what_it_had_counted(visitors, school):
    page = visitors.sign_in(visitors.new(), THIRD, PASSWORD)
    other = page.context.new_page()
    # Nothing leaves this page, and it ends without a word, like a phone whose battery dies.
    page.add_init_script(NO_BEACON)
    page.route("**/study/report/", lambda route: route.abort())
    page.goto(ADDRESS)
    visitors.expect(r"request: net::ERR_FAILED .*/study/report/")
    before = record(school, THIRD, SLUG).covered
    play(page)
    play_until(page, before / 1000 + 7)
    page.close(run_before_unload=False)

    other.goto("/me/")
    until(other, f"({STORED}).then((held) => held === 0)")
    eventually(
        other, lambda: record(school, THIRD, SLUG).covered, lambda seen: seen >= before + 4_000
    )
