"""What a member sees, and what a stranger does not."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from quizzes.models import Attempt, Mistake
from quizzes.services.attempts import start_attempt, submit_attempt
from school.core import clock
from tests.factories.quizzes import answer_all, make_member, make_paper, make_question

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


@pytest.fixture
def member():
    return make_member()


@pytest.fixture
def browser(member):
    client = Client()
    client.force_login(member)
    return client


def open_attempt(member, **changes) -> Attempt:
    kinds = ("single", "multiple", "true_false", "fill_blank")
    return start_attempt(
        member=member, paper=make_paper(*(make_question(kind=kind) for kind in kinds), **changes)
    )


def test_a_quiz_can_be_taken_with_plain_forms(browser, member):
    paper = make_paper(make_question(answer="A"), make_question(kind="fill_blank"))
    intro = browser.get(reverse("quizzes:start", args=[paper.pk]))
    assert "开始作答" in intro.content.decode()
    page = browser.post(reverse("quizzes:start", args=[paper.pk]), follow=True)
    assert "第 1 / 2 题" in page.content.decode()
    first = page.redirect_chain[-1][0]
    page = browser.post(first, {"answer": ["a"], "goto": "2"}, follow=True)
    assert "第 2 / 2 题" in page.content.decode()
    page = browser.post(
        page.redirect_chain[-1][0], {"answer": ["安全", "预防"], "goto": "submit"}, follow=True
    )
    assert "2 题都已作答" in page.content.decode()
    page = browser.post(page.redirect_chain[-1][0], follow=True)
    text = page.content.decode()
    assert "通过" in text
    assert "见安全操作规程" in text
    assert Attempt.objects.get(member=member).passed


def test_the_script_saves_by_json_and_hears_the_servers_time(browser, member):
    attempt = open_attempt(member, time_limit_minutes=10)
    url = reverse("quizzes:question", args=[attempt.pk, 1])
    reply = browser.post(url, {"answer": ["b"]}, headers=JSON)
    told = reply.json()
    assert re.fullmatch(r"\d\d:\d\d:\d\d", told["saved_at"])
    assert told["answered"]
    assert 0 < told["left_ms"] <= 600_000
    assert attempt.answers.get().given == ["b"]


def test_tampered_options_are_a_bad_request(browser, member):
    attempt = open_attempt(member)
    url = reverse("quizzes:question", args=[attempt.pk, 1])
    assert browser.post(url, {"answer": ["zz"]}, headers=JSON).status_code == 400
    assert browser.post(url, {"answer": ["zz"]}).status_code == 400


def test_a_late_answer_is_refused_with_a_message_and_the_attempt_closed(browser, member):
    attempt = open_attempt(member, time_limit_minutes=10)
    Attempt.objects.filter(pk=attempt.pk).update(deadline_at=clock.now() - timedelta(minutes=1))
    url = reverse("quizzes:question", args=[attempt.pk, 1])
    reply = browser.post(url, {"answer": ["a"]}, headers=JSON)
    assert (reply.status_code, "时间已到" in reply.json()["error"]) == (409, True)
    page = browser.post(url, {"answer": ["a"]}, follow=True)
    assert "时间已到" in page.content.decode()
    assert "到时自动交卷" in page.content.decode()


def test_another_members_attempt_is_not_found(browser):
    attempt = open_attempt(make_member())
    for name, more in (("attempt", []), ("question", [1]), ("submit", []), ("result", [])):
        url = reverse(f"quizzes:{name}", args=[attempt.pk, *more])
        assert browser.get(url).status_code == 404
        assert browser.post(url, {"answer": ["a"]}).status_code in (404, 405)


def test_guests_are_sent_to_sign_in():
    attempt = open_attempt(make_member())
    for name, arguments in (
        ("start", [attempt.paper_id]),
        ("question", [attempt.pk, 1]),
        ("result", [attempt.pk]),
        ("mistakes", []),
    ):
        reply = Client().get(reverse(f"quizzes:{name}", args=arguments))
        assert (reply.status_code, reply.url.startswith("/sign-in/")) == (302, True)


def test_a_paper_not_published_or_of_another_audience_is_not_found(browser):
    from school.members.models import Audience

    nobody = Audience.objects.create(name="无人", scope=Audience.Scope.RULES)
    for paper in (make_paper(publish=False), make_paper(audience=nobody)):
        url = reverse("quizzes:start", args=[paper.pk])
        assert browser.get(url).status_code == browser.post(url).status_code == 404


def test_the_key_is_nowhere_on_the_page_before_handing_in(browser, member):
    attempt = open_attempt(member)
    for position in range(1, 5):
        page = browser.get(reverse("quizzes:question", args=[attempt.pk, position]))
        text = page.content.decode()
        assert "正确答案" not in text
        assert "见安全操作规程" not in text
        assert "预防" not in text
    reply = browser.get(reverse("quizzes:result", args=[attempt.pk]))
    assert reply.status_code == 302


def test_a_paper_without_questions_says_so(browser):
    from quizzes.models import Paper

    paper = Paper.objects.create(title="空卷", published_at=clock.now())
    page = browser.get(reverse("quizzes:start", args=[paper.pk]))
    assert "还没有试题" in page.content.decode()
    assert browser.post(reverse("quizzes:start", args=[paper.pk])).status_code == 409


def test_mistakes_are_redone_and_taken_out(browser, member):
    attempt = open_attempt(member)
    submit_attempt(attempt_id=attempt.pk, member=member)
    assert browser.get(reverse("quizzes:mistakes")).content.decode().count("重做</a>") == 4
    mistake = Mistake.objects.get(question__kind="single")
    url = reverse("quizzes:redo", args=[mistake.pk])
    assert "答错了" in browser.post(url, {"answer": ["b"]}).content.decode()
    assert "答对了" in browser.post(url, {"answer": ["a"]}).content.decode()
    assert browser.post(url, {"answer": ["zz"]}).status_code == 400
    browser.post(reverse("quizzes:clear", args=[mistake.pk]))
    assert browser.get(url).status_code == 404
    other = Client()
    other.force_login(make_member())
    left = Mistake.objects.filter(cleared_at=None).first()
    assert other.get(reverse("quizzes:redo", args=[left.pk])).status_code == 404
    assert other.post(reverse("quizzes:clear", args=[left.pk])).status_code == 404


def test_pages_ask_few_queries_however_long_the_paper(
    browser, member, django_assert_max_num_queries
):
    paper = make_paper(*(make_question() for _ in range(25)))
    attempt = start_attempt(member=member, paper=paper)
    answer_all(attempt, right=False)
    # The very first page of a school makes the host's settings row; it is not counted.
    browser.get(reverse("quizzes:start", args=[paper.pk]))
    with django_assert_max_num_queries(20):
        browser.get(reverse("quizzes:start", args=[paper.pk]))
    with django_assert_max_num_queries(20):
        browser.get(reverse("quizzes:question", args=[attempt.pk, 7]))
    with django_assert_max_num_queries(20):
        browser.post(
            reverse("quizzes:question", args=[attempt.pk, 7]), {"answer": ["a"]}, headers=JSON
        )
    submit_attempt(attempt_id=attempt.pk, member=member)
    with django_assert_max_num_queries(20):
        browser.get(reverse("quizzes:result", args=[attempt.pk]))
    with django_assert_max_num_queries(20):
        browser.get(reverse("quizzes:mistakes"))
