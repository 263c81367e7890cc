"""Where study stops to ask: whether somebody is there, and what was understood."""

import json

import pytest
from playwright.sync_api import expect

from school.demo.accounts import PASSWORD
from tests.browser.studying import (
    SETTLE_MS,
    VIDEO,
    eventually,
    mark_start,
    play_until,
    player_ready,
    position,
    press_play,
    record,
    started_at,
    study_line,
)
from tests.browser.truth import agrees, measure, measured

ASKED, ANSWERS, READS = "D0004", "D0001", "D0002"
FILM, ASKING_FILM, ARTICLE = "extinguisher", "minutes-lesson", "mine-ventilation-basics"
EVERY_MS = 4_000
QUESTION_AT = 5


def asked_every(school, milliseconds: int):
    """A route that has the session's check-ins so close: in its row and in what the page learns."""

    def answer(route):
        response = route.fetch()
        opened = response.json()
        opened["check_ins"] = school.facts(f"""
from uuid import UUID
from school.study.models import StudySession
from school.study.rules.gates import schedule
sid = UUID("{opened["sid"]}")
StudySession.objects.filter(pk=sid).update(check_low={milliseconds}, check_high={milliseconds})
found = schedule(sid, {milliseconds}, {milliseconds}, 600_000)
""")
        route.fulfill(response=response, body=json.dumps(opened))

    return answer


def test_a_check_in_pauses_and_goes_on_at_the_same_second(visitors, school):
    record(school, ASKED, FILM)  # whoever answers for the school is awake before the film plays
    page = visitors.sign_in(visitors.new(), ASKED, PASSWORD)
    page.route("**/study/open/", asked_every(school, EVERY_MS))
    page.goto(f"/safety/{FILM}/")
    player_ready(page)
    measure(page)
    press_play(page)
    dialog = page.get_by_role("dialog", name="您还在学习吗？")
    expect(dialog).to_be_visible(timeout=SETTLE_MS)
    assert page.evaluate(f"{VIDEO}.paused")
    stood = position(page)
    page.wait_for_timeout(700)
    assert position(page) == stood
    mark_start(page)
    page.keyboard.press("Enter")  # the button has the focus
    expect(dialog).to_be_hidden()
    assert stood <= started_at(page) < stood + 1

    # It does not trap anybody: closed, the film stands, and the line leads on.
    expect(dialog).to_be_visible(timeout=SETTLE_MS)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert page.evaluate(f"{VIDEO}.paused")
    expect(study_line(page)).to_contain_text("请点“继续”确认在学")
    study_line(page).get_by_role("button", name="继续").click()
    play_until(page, position(page) + 1.5)
    page.evaluate(f"{VIDEO}.pause()")

    truth = measured(page)
    assert truth.studied > EVERY_MS / 2  # most of it after answers
    agrees(page, school, ASKED, FILM, truth)


def scroll_for(page, seconds: int) -> None:
    """Read on: a turn of the wheel every second."""
    for _ in range(seconds):
        page.mouse.wheel(0, 40)
        page.wait_for_timeout(1000)


def test_a_check_in_holds_the_time_of_an_article_until_it_is_answered(visitors, school):
    before = record(school, READS, ARTICLE).studied_ms
    page = visitors.sign_in(visitors.new(), READS, PASSWORD)
    page.route("**/study/open/", asked_every(school, EVERY_MS))
    page.goto(f"/safety/{ARTICLE}/")
    dialog = page.get_by_role("dialog", name="您还在学习吗？")
    for _ in range(SETTLE_MS // 1000):
        if dialog.is_visible():
            break
        scroll_for(page, 1)
    expect(dialog).to_be_visible()
    scroll_for(page, EVERY_MS // 1000)  # whoever turns the wheel and answers nothing earns nothing

    page.keyboard.press("Enter")  # the button has the focus
    expect(dialog).to_be_hidden()
    scroll_for(page, EVERY_MS // 2000)
    page.goto("/me/")  # leaving the page sends the rest
    earned = eventually(
        page,
        lambda: record(school, READS, ARTICLE).studied_ms - before,
        lambda found: found > EVERY_MS,
    )
    assert earned < 2 * EVERY_MS


@pytest.fixture
def question(school) -> dict:
    """A question in a film: the right and a wrong answer to it."""
    return school.facts(f"""
from wagtail.models import Page
from quizzes.models import LessonGate, Question
page = Page.objects.get(slug="{ASKING_FILM}")
asked = Question.objects.filter(kind="single", retired_at=None).order_by("pk").first()
LessonGate.objects.update_or_create(
    page_id=page.pk, question=asked, defaults={{"at_seconds": {QUESTION_AT}}}
)
right = asked.current.key["options"]
texts = {{each["id"]: each["text"] for each in asked.current.options}}
found = {{
    "right": next(text for name, text in texts.items() if name in right),
    "wrong": next(text for name, text in texts.items() if name not in right),
}}
""")


def test_a_question_holds_the_film_until_it_is_answered(visitors, school, question):
    visitors.expect(r"request: net::ERR_INTERNET_DISCONNECTED")
    page = visitors.sign_in(visitors.new(), ANSWERS, PASSWORD)
    page.goto(f"/branch-work/{ASKING_FILM}/")
    player_ready(page)
    measure(page)
    press_play(page)
    play_until(page, 1)
    page.context.set_offline(True)
    dialog = page.get_by_role("dialog", name="视频中的问题")
    expect(dialog).to_contain_text("联网后作答", timeout=SETTLE_MS)
    assert page.evaluate(f"{VIDEO}.paused")
    assert abs(position(page) - QUESTION_AT) < 0.1

    page.context.set_offline(False)  # and the question comes by itself
    dialog.get_by_label(question["wrong"]).check()
    dialog.get_by_role("button", name="提交").click()
    expect(dialog).to_contain_text("回答不正确")
    page.keyboard.press("Escape")
    page.evaluate(f"{VIDEO}.currentTime = {QUESTION_AT + 5}; void {VIDEO}.play().catch(() => 0)")
    expect(dialog).to_be_visible(timeout=SETTLE_MS)
    assert position(page) <= QUESTION_AT + 0.1
    page.keyboard.press("Escape")
    study_line(page).get_by_role("button", name="去作答").click()

    dialog.get_by_label(question["right"]).check()
    dialog.get_by_role("button", name="提交").click()
    expect(dialog).to_contain_text("回答正确")
    mark_start(page)
    dialog.get_by_role("button", name="继续学习").click()
    assert abs(started_at(page) - QUESTION_AT) < 1
    play_until(page, QUESTION_AT + 2)
    page.evaluate(f"{VIDEO}.pause()")
    agrees(page, school, ANSWERS, ASKING_FILM, measured(page))
