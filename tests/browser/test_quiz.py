"""A lesson's quiz: answers save themselves, marks and explanations, the mistake book."""

import re

from playwright.sync_api import expect

from school.demo import texts
from school.demo.accounts import PASSWORD
from tests.browser.studying import open_from_catalogue
from tests.browser.visitors import follow

TAKER, HURRIED = "D0001", "D0006"
SLUG = "cpr"
LESSON = next(each for each in texts.lessons() if each.head["slug"] == SLUG)
PAPER = next(each for each in texts.quizzes() if each["lesson"] == SLUG)
WRONG = next(each for each in PAPER["questions"] if each["kind"] == "single")


def asked(page) -> dict:
    """The question on the screen, as the demo content has it."""
    stem = page.locator(".quiz-question__stem").inner_text()
    return next(each for each in PAPER["questions"] if each["stem"] in stem)


def right_texts(question: dict) -> list[str]:
    if question["kind"] in {"single", "multiple"}:
        return [question["options"]["ABCDEF".index(letter)] for letter in question["answer"]]
    return [question["answer"].split("/")[0]]


def give(page, question: dict) -> None:
    if question["kind"] == "fill_blank":
        page.locator("input[name=answer]").fill(right_texts(question)[0])
        return
    chosen = right_texts(question)
    if question is WRONG:
        chosen = [next(text for text in question["options"] if text not in chosen)]
    for text in chosen:
        page.locator(".option").filter(has=page.get_by_text(text, exact=True)).click()


def test_a_quiz_is_marked_explained_and_fills_the_mistake_book(visitors, school):
    page = visitors.sign_in(visitors.new(), TAKER, PASSWORD)
    open_from_catalogue(page, "lesson", LESSON.head["title"])
    page.get_by_role("link", name="去测验").click()
    page.get_by_role("button", name="开始作答").click()
    total = len(PAPER["questions"])
    for number in range(1, total + 1):
        expect(page.locator(".quiz__title")).to_contain_text(f"第 {number} / {total} 题")
        question = asked(page)
        give(page, question)
        expect(page.locator("[data-quiz-saved]")).to_contain_text(re.compile(r"已保存.*\d\d:\d\d"))
        page.get_by_role("button", name="交卷" if number == total else "下一题").click()
    expect(page.get_by_role("heading", name="确认交卷")).to_be_visible()
    expect(page.locator("main")).to_contain_text(f"{total} 题都已作答")
    page.get_by_role("button", name="交卷").click()

    marks = (total - 1) * 10
    result = page.locator(".quiz-result")
    expect(result.locator(".quiz-result__figure")).to_have_text(str(marks))
    expect(result).to_contain_text("通过")
    expect(page.locator(".quiz-review__item")).to_have_count(total)
    missed = page.locator(".quiz-review__item", has_text=WRONG["stem"])
    expect(missed).to_contain_text("答错")
    expect(missed.locator(".quiz-explanation")).to_contain_text(WRONG["explanation"])
    expect(missed.locator(".option--missed")).to_contain_text(right_texts(WRONG)[0])
    # The pass counts for the lesson, which has still to be watched.
    state = school.facts(
        "from quizzes.models import Attempt, Mistake\n"
        f"mine = Attempt.objects.filter(member__staff_number='{TAKER}',"
        f" paper__title='{PAPER['title']}')\n"
        "found = [list(mine.values_list('score', 'passed')),"
        f" Mistake.objects.filter(member__staff_number='{TAKER}').count()]"
    )
    assert state == [[[marks * 100, True]], 1]

    page.get_by_role("link", name="错题本").first.click()
    expect(page.locator(".mistake")).to_have_count(1)
    expect(page.locator(".mistake__stem")).to_contain_text(WRONG["stem"])
    page.get_by_role("link", name="重做").click()
    page.locator(".option", has_text=right_texts(WRONG)[0]).click()
    page.locator("main form button[type=submit]").first.click()
    expect(page.locator("main")).to_contain_text(WRONG["explanation"])
    page.goto("/me/mistakes/")
    expect(page.locator(".mistake")).to_contain_text("重做答对")
    page.get_by_role("button", name="移出错题本").click()
    expect(page.locator("main")).to_contain_text("错题本里没有题")


def test_an_answer_given_before_the_page_has_all_its_scripts_is_saved(visitors):
    page = visitors.sign_in(visitors.new(), HURRIED, PASSWORD)
    open_from_catalogue(page, "lesson", LESSON.head["title"])
    follow(page.get_by_role("link", name="去测验"))
    follow(page.get_by_role("button", name="开始作答"))
    held = []
    page.route("**/quiz*.js", lambda route: held.append(route))
    page.reload(wait_until="commit")
    give(page, asked(page))
    expect(page.locator("[data-quiz-saved]")).to_have_text("")
    while not held:
        page.wait_for_timeout(50)
    held.pop().continue_()
    expect(page.locator("[data-quiz-saved]")).to_contain_text("已保存")
    page.unroute("**/quiz*.js")
    page.reload()
    expect(page.locator("[data-quiz-saved]")).to_contain_text("已保存")
