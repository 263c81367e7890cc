"""The pictures of docs/screens, taken by ``make screens`` and by no other run of the tests.

Each of the nine things a visitor does, on a phone and at a desk, in the whole demo school.
"""

import io
import re
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import Page

from deploy.steps import ROOT
from school.core import clock
from school.demo.accounts import PASSWORD
from tests.browser import test_quiz, test_search
from tests.browser.studying import open_from_catalogue, play, play_until, study_line
from tests.browser.visitors import Visitors
from tests.factories.media import clip

FOLDER = ROOT / "docs" / "screens"
QUALITY = 72


def as_who(visitors: Visitors, number: str) -> Page:
    return visitors.sign_in(visitors.new(), number, PASSWORD)


def home(visitors: Visitors) -> Page:
    return as_who(visitors, "D0001")


def article(visitors: Visitors) -> Page:
    page = as_who(visitors, "D0001")
    page.goto("/safety/mine-ventilation-basics/")
    for _ in range(6):
        page.mouse.wheel(0, 60)
        page.wait_for_timeout(1000)
    return page


def lesson(visitors: Visitors) -> Page:
    page = as_who(visitors, "D0001")
    page.goto("/safety/extinguisher/")
    play(page)
    play_until(page, 6)
    page.evaluate("document.querySelector('video').pause()")
    study_line(page).wait_for()
    return page


def quiz(visitors: Visitors) -> Page:
    page = as_who(visitors, "D0001")
    open_from_catalogue(page, "lesson", test_quiz.LESSON.head["title"])
    page.get_by_role("link", name="去测验").click()
    page.get_by_role("button", name="开始作答").click()
    questions = len(test_quiz.PAPER["questions"])
    for number in range(questions):
        test_quiz.give(page, test_quiz.asked(page))
        page.locator("[data-quiz-saved]", has_text="已保存").wait_for()
        page.get_by_role("button", name="下一题" if number < questions - 1 else "交卷").click()
    page.get_by_role("button", name="交卷").click()
    page.locator(".quiz-result").wait_for()
    return page


def search(visitors: Visitors) -> Page:
    page = as_who(visitors, "D0001")
    test_search.ask(page, test_search.SENTENCE.strip("。"))
    page.locator(".cue-chip").first.wait_for()
    return page


def upload(visitors: Visitors) -> Page:
    page = as_who(visitors, "D0002")
    page.goto("/admin/videos/add/")
    page.get_by_label("标题").fill("登高作业前的三项检查")
    page.locator("#upload-file").set_input_files(clip(seconds=60, size="1280x720"))
    for box in page.locator("[data-declare]").all():
        box.check()
    page.get_by_role("button", name="开始上传").click()
    page.wait_for_url(re.compile(r"/admin/videos/\d+/"))
    page.locator("[data-state-text]", has_text="转码").wait_for()
    return page


def board(visitors: Visitors) -> Page:
    page = as_who(visitors, "D0004")
    page.goto(f"/branch/{node(visitors, 'Z201')}/")
    return page


def group_study(visitors: Visitors) -> Page:
    page = as_who(visitors, "D0004")
    page.goto("/branch/")
    page.get_by_role("link", name="登记集体学习").click()
    page.locator("main input[type=checkbox]").first.check()
    page.get_by_label("日期", exact=True).fill(clock.today().replace(day=1).isoformat())
    page.get_by_label("开始", exact=True).fill("15:00")
    page.get_by_label("结束", exact=True).fill("16:00")
    page.get_by_label("主题").fill("消防安全集体学习")
    page.get_by_role("button", name="登记到会").click()
    for row in page.locator(".gathering-names__row").all()[:3]:
        row.get_by_role("radio", name="到会").check()
    return page


def filing(visitors: Visitors) -> Page:
    secretary = as_who(visitors, "D0004")
    secretary.goto("/branch/")
    secretary.get_by_role("link", name="月上报").click()
    if (button := secretary.get_by_role("button", name="上报")).count():
        button.click()
    page = as_who(visitors, "D0005")
    page.goto(f"/branch/{node(visitors, 'G2')}/filings/{clock.today():%Y-%m}/")
    return page


def node(visitors: Visitors, code: str) -> int:
    """Key of a branch."""
    return visitors.school.facts(
        f"from school.members.models import Branch\nfound = Branch.objects.get(code='{code}').pk"
    )


SCREENS: dict[str, Callable[[Visitors], Page]] = {
    "1-home": home,
    "2-article": article,
    "3-lesson": lesson,
    "4-quiz": quiz,
    "5-search": search,
    "6-upload": upload,
    "7-board": board,
    "8-group-study": group_study,
    "9-filing": filing,
}


@pytest.mark.parametrize("name", SCREENS)
def test_picture(visitors, width, name):
    page = SCREENS[name](visitors)
    page.mouse.move(0, 0)
    page.wait_for_timeout(800)
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.save(FOLDER / f"{name}-{width}.webp", quality=QUALITY, method=6)
