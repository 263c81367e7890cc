"""The demo content keeps its promises: enough of it, whole, and nothing that points nowhere."""

import pytest

from courses.rules import text
from media.probe import probe
from school.demo import films, texts

pytestmark = pytest.mark.pure


def _read(value) -> str:
    return text.plain(value) if isinstance(value, str) else "".join(value.values())


def test_there_are_twelve_articles_of_a_readable_length():
    articles = texts.articles()
    assert len(articles) == 12
    for article in articles:
        length = sum(text.characters(_read(value)) for _kind, value in article.body)
        assert 500 <= length <= 1500, article.head["slug"]


def test_there_are_six_lessons_with_speech_on_every_slide():
    lessons = texts.lessons()
    assert len(lessons) == 6
    assert all(slide.sentences and slide.bullets for each in lessons for slide in each.slides)


def test_every_part_link_and_quiz_names_a_page_that_exists():
    content = texts.pages()
    known = {a.head["slug"] for a in texts.articles()} | {x.head["slug"] for x in texts.lessons()}
    named = {slug for course in content["courses"] for slug in course["parts"]}
    named |= {slug for slug, _note in content["topic"]["links"]}
    named |= {quiz["lesson"] for quiz in texts.quizzes()}
    assert named <= known
    sections = {each["key"] for each in content["sections"]}
    assert {a.head["section"] for a in texts.articles()} <= sections


def test_every_quiz_has_several_kinds_and_explains_every_answer():
    quizzes = texts.quizzes()
    assert len(quizzes) == 3
    for quiz in quizzes:
        assert len(quiz["questions"]) >= 5
        assert len({asked["kind"] for asked in quiz["questions"]}) >= 3
        assert all(asked["explanation"] for asked in quiz["questions"])


def test_all_films_together_last_at_most_nine_minutes(tmp_path):
    heard = [len(films.speak(lesson, tmp_path)[0]) for lesson in texts.lessons()]
    assert all(heard)
    assert sum(heard) / films.RATE <= 9 * 60


def test_a_film_is_shown_as_large_as_promised_and_ends_with_its_last_words():
    film = films.make(texts.lessons(brief=True)[0])
    source = probe(film.path).source
    assert (source.width, source.height) == (1280, 720)
    assert film.cues[-1][1] <= source.duration_ms
