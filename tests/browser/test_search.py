"""Search: a phrase from the middle of a text, a sentence that is only spoken."""

import re

from playwright.sync_api import expect

from school.demo import texts
from school.demo.accounts import PASSWORD
from tests.browser.studying import VIDEO, player_ready, position, until

ARTICLE = next(each for each in texts.articles() if each.head["slug"] == "fire-drill")
SPOKEN = next(each for each in texts.lessons(brief=True) if each.head["slug"] == "platform-tour")
SENTENCE = SPOKEN.slides[-1].sentences[-1]


def middle_phrase() -> str:
    """Some characters from inside a paragraph in the middle of the article."""
    paragraphs = [re.sub("<.*?>", "", str(v)) for kind, v in ARTICLE.body if kind == "paragraph"]
    text = paragraphs[len(paragraphs) // 2]
    clause = max(re.split("[，。；：、,;:]", text), key=len)
    return clause[1:9]


def ask(page, words: str) -> None:
    """Type into the search box of the search page; results come without a reload."""
    page.goto("/search/")
    page.locator("#q").press_sequentially(words)


def test_a_phrase_from_the_middle_of_a_text_finds_it(visitors):
    phrase = middle_phrase()
    page = visitors.sign_in(visitors.new(), "D0001", PASSWORD)
    ask(page, phrase)
    hit = page.locator(".search-hit", has_text=ARTICLE.head["title"])
    expect(hit).to_be_visible()
    expect(hit.locator("mark").first).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "q"
    hit.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(ARTICLE.head["title"])


def test_a_spoken_sentence_leads_to_the_second_where_it_is_said(visitors, school):
    # Also on a first view, where one may not jump ahead otherwise.
    page = visitors.sign_in(visitors.new(), "D0003", PASSWORD)
    page.goto("/")
    ask(page, SENTENCE.strip("。"))
    hit = page.locator(".search-hit", has_text=SPOKEN.head["title"])
    chip = hit.locator(".cue-chip").first
    expect(chip).to_contain_text(SENTENCE[:5])
    said_at = cue_start(school)
    assert said_at > 1
    chip.click()
    player_ready(page)
    until(page, f"{VIDEO}.currentTime > 0")
    assert abs(position(page) - said_at) < 1


def cue_start(school) -> float:
    """Second at which the sentence is said, by the captions."""
    cues = school.facts(
        "from courses.models import LessonPage\n"
        "from courses.selectors.lessons import cues_of\n"
        f"found = cues_of(LessonPage.objects.get(slug='{SPOKEN.head['slug']}').video)"
    )
    return next(start / 1000 for start, _end, text in cues if text == SENTENCE)
