"""Questions inside a film: asked by the server, marked by the server, in the way until answered."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from wagtail.test.utils.form_data import inline_formset, nested_form_data, streamfield

from quizzes.models import LessonGate
from quizzes.rules.moments import parse_moment, printed_moment
from quizzes.services.questions import retire_question
from school.core import clock, jobs
from school.core.models import Job
from school.members.models import Audience, AudienceRule
from school.study import registry
from school.study.models import Completion, Coverage, GatePass
from school.study.rules.policy import Wish
from school.study.services.completion import meet_by_group
from school.study.services.gates import pass_gate
from tests.factories.quizzes import (
    make_bank,
    make_branch,
    make_member,
    make_paper,
    make_question,
)
from tests.factories.study import Page as Tab
from tests.quizzes.test_lessons import EIGHT, make_page, register

pytestmark = pytest.mark.django_db


def ask(lesson, *seconds, **values) -> list[LessonGate]:
    """Questions of the lesson's film at these seconds."""
    bank = make_bank()
    return [
        LessonGate.objects.create(
            page=lesson, question=make_question(bank), at_seconds=at, sort_order=order, **values
        )
        for order, at in enumerate(seconds)
    ]


@pytest.fixture
def lesson():
    return make_page()


@pytest.fixture
def member():
    return make_member()


def tab(member, revision, after=0):
    return Tab(member, revision, EIGHT + timedelta(seconds=after))


def answer(client, gate, *given):
    with clock.at(EIGHT):
        return client.post(reverse("quizzes:gate", args=[gate.pk]), {"answer": list(given)})


def test_nothing_behind_an_unanswered_question_is_covered(lesson, member):
    gate, _later = ask(lesson, 20, 40)
    page = tab(member, register(lesson))
    assert page.send((0, 60, 0, 60)).covered == 20_000
    with clock.at(EIGHT):
        pass_gate(member=member, revision=page.revision, key=gate.key)
    # The same visit goes on, as far as the next question; nothing before it is asked again.
    assert page.send((20, 60, 60, 100)).covered == 40_000


def test_the_opening_says_where_questions_wait_and_which_are_answered(lesson, member):
    second, first = ask(lesson, 40, 20)
    revision = register(lesson)
    with clock.at(EIGHT):
        pass_gate(member=member, revision=revision, key=first.key)
    opened = tab(member, revision).opened
    assert [(gate.position, gate.passed) for gate in opened.gates] == [
        (20_000, True),
        (40_000, False),
    ]
    assert opened.gates[1].path == reverse("quizzes:gate", args=[second.pk])
    assert opened.questions


def test_a_film_is_complete_only_when_its_questions_are_answered(lesson, member):
    ask(lesson, 59)  # within what may stay unseen
    revision = register(lesson)
    page = tab(member, revision)
    answered = page.send((0, 60, 0, 60))
    assert answered.covered == 59_000 and not answered.completed
    assert "1" in answered.outstanding[0]["text"] and answered.state == "waiting"
    with clock.at(EIGHT):
        pass_gate(member=member, revision=revision, key=LessonGate.objects.get().key)
    assert Completion.objects.get().revision_id == revision.pk


def test_questions_for_thought_hold_nobody_up(lesson, member):
    ask(lesson, 20)
    revision = register(lesson)
    revision.questions = False
    revision.save()
    page = tab(member, revision)
    assert not page.opened.questions and page.opened.gates
    assert page.send((0, 60, 0, 60)).completed


def test_who_saw_it_in_a_gathering_is_not_asked(lesson, member):
    ask(lesson, 20)
    revision = register(lesson)
    done = meet_by_group(
        member_id=member.pk, revision=revision, on=EIGHT.date(), origin="attendance:1"
    )
    assert done is not None


def test_each_round_asks_anew(lesson, member):
    (gate,) = ask(lesson, 20)
    revision = register(lesson)
    with clock.at(EIGHT):
        pass_gate(member=member, revision=revision, key=gate.key)
    assert [each.passed for each in tab(member, revision).opened.gates] == [True]
    again = register(lesson)
    assert again.pk == revision.pk  # a minor edit
    GatePass.objects.update(cycle=7)
    assert [each.passed for each in tab(member, revision).opened.gates] == [False]


def test_moving_a_question_asks_nobody_again(lesson, member):
    (gate,) = ask(lesson, 20)
    revision = register(lesson)
    with clock.at(EIGHT):
        pass_gate(member=member, revision=revision, key=gate.key)
    gate.at_seconds = 30
    gate.save()
    assert [each.passed for each in tab(member, revision).opened.gates] == [True]


def test_a_question_beyond_the_end_of_the_film_is_never_asked(lesson, member):
    ask(lesson, 60, 600)
    page = tab(member, register(lesson))
    assert page.opened.gates == []
    assert page.send((0, 60, 0, 60)).completed


@pytest.mark.parametrize("gone", ["deleted", "retired"])
def test_who_only_waited_for_a_question_that_goes_is_done(lesson, member, gone):
    (gate,) = ask(lesson, 59)
    page = tab(member, register(lesson))
    assert page.send((0, 60, 0, 60)).state == "waiting"
    if gone == "deleted":
        gate.delete()
    else:
        retire_question(question=gate.question)
    for job in Job.objects.filter(kind="study.reconsider"):
        jobs.run(job.pk)
    assert Completion.objects.filter(member=member).exists()


# -- the fragment and the answer -------------------------------------------------------------------


def test_a_question_is_shown_without_its_key(lesson, member, client):
    (gate,) = ask(lesson, 20)
    register(lesson)
    client.force_login(member)
    shown = client.get(reverse("quizzes:gate", args=[gate.pk]))
    text = shown.content.decode()
    assert gate.question.current.stem[:6] in text and "立即报告" in text
    assert "见安全操作规程" not in text and "<html" not in text
    assert shown["Cache-Control"].startswith("max-age=0")


def test_only_the_right_answer_passes(lesson, member, client):
    (gate,) = ask(lesson, 20)
    revision = register(lesson)
    client.force_login(member)
    right = gate.question.current.key["options"][0]
    wrong = next(o["id"] for o in gate.question.current.options if o["id"] != right)
    said = json.loads(answer(client, gate, wrong).content)
    assert not said["passed"] and "data-gate-form" in said["html"]
    assert "见安全操作规程" not in said["html"]
    assert not GatePass.objects.exists()
    said = json.loads(answer(client, gate, right).content)
    assert said["passed"] and "见安全操作规程" in said["html"]
    row = GatePass.objects.get()
    assert (row.member, row.revision, row.key) == (member, revision, f"q{gate.question_id}")
    answer(client, gate, right)
    assert GatePass.objects.count() == 1


def test_where_any_answer_will_do_a_wrong_one_passes_and_none_does_not(lesson, member, client):
    (gate,) = ask(lesson, 20, any_answer=True)
    register(lesson)
    client.force_login(member)
    empty = answer(client, gate)
    assert empty.status_code == 400 and "请先作答" in json.loads(empty.content)["html"]
    assert answer(client, gate, "").status_code == 400
    assert answer(client, gate, "nonsense").status_code == 400
    assert not GatePass.objects.exists()
    wrong = gate.question.current.options[-1]["id"]
    assert json.loads(answer(client, gate, wrong).content)["passed"]


def test_a_question_of_a_lesson_not_for_this_member_does_not_exist(lesson, member, client):
    (gate,) = ask(lesson, 20)
    revision = register(lesson)
    audience = Audience.objects.create(name="别的支部", scope=Audience.Scope.RULES)
    AudienceRule.objects.create(audience=audience, branch=make_branch())
    revision.item.audience = audience
    revision.item.save()
    client.force_login(member)
    address = reverse("quizzes:gate", args=[gate.pk])
    assert client.get(address).status_code == 404
    assert answer(client, gate, "a").status_code == 404
    assert client.get(reverse("quizzes:gate", args=[gate.pk + 999])).status_code == 404


def test_a_question_of_an_unpublished_lesson_does_not_exist(lesson, member, client):
    (gate,) = ask(lesson, 20)
    revision = register(lesson)
    revision.item.withdrawn_at = EIGHT
    revision.item.save()
    client.force_login(member)
    assert client.get(reverse("quizzes:gate", args=[gate.pk])).status_code == 404


def test_a_guest_is_asked_to_sign_in(lesson, client):
    (gate,) = ask(lesson, 20)
    register(lesson)
    assert "/sign-in/" in client.get(reverse("quizzes:gate", args=[gate.pk])).url


def test_the_questions_of_a_draft_are_asked_once_it_is_published(lesson):
    question = make_question()
    draft = lesson.get_latest_revision_as_object() if lesson.latest_revision else lesson
    draft.gates.add(LessonGate(question=question, at_seconds=12))
    saved = draft.save_revision()
    assert registry.gates(register(lesson)) == []
    saved.publish()
    (gate,) = registry.gates(register(lesson))
    assert (gate.position, gate.key) == (12_000, f"q{question.pk}")


def test_a_report_asks_no_more_of_the_database_where_a_film_has_questions(
    lesson, member, django_assert_max_num_queries
):
    ask(lesson, 20, 40)
    page = tab(member, register(lesson))
    page.send((0, 10, 0, 10))
    with django_assert_max_num_queries(9 + 2):
        page.send((10, 20, 10, 20))
    assert Coverage.objects.get().covered == 20_000


# -- moments as they are written -------------------------------------------------------------------


@given(st.integers(0, 35_999))
def test_a_moment_is_read_as_it_is_written(seconds):
    assert parse_moment(printed_moment(seconds)) == seconds
    assert parse_moment(str(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("3:12", 192), ("3：12", 192), (" 0:05 ", 5), ("1:02:03", 3723), ("90:00", 5400)],
)
def test_moments_people_write(text, seconds):
    assert parse_moment(text) == seconds


@pytest.mark.parametrize("text", ["", "3:", "3:60", ":12", "-3", "3.5", "三分", "1:2:3:4", "³"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(ValueError):
        parse_moment(text)


# -- where instructors write them ------------------------------------------------------------------


def page_form(lesson, **changes):
    """What the editor's form of a lesson sends."""
    form = {
        "title": lesson.title,
        "slug": lesson.slug,
        "video": lesson.video_id,
        "edit_kind": "minor",
        "body": streamfield([]),
        "quizzes": inline_formset([]),
        "gates": inline_formset([]),
        "max_rate": "",
        "seek_free": "",
        "check_in": "",
        "questions": "",
        "review": "",
    }
    return nested_form_data(form | changes)


def test_an_editor_writes_questions_and_wishes_on_the_page(lesson, client):
    question = make_question()
    editor = make_member(is_superuser=True)
    client.force_login(editor)
    address = reverse("wagtailadmin_pages:edit", args=[lesson.pk])
    shown = client.get(address).content.decode()
    assert "视频中的问题" in shown and "学习要求" in shown and "3:12" in shown
    gate = {"at_seconds": "3:12", "question": question.pk, "any_answer": "on"}
    wishes = {"max_rate": "125", "check_in": "6", "questions": "False"}
    form = page_form(lesson, gates=inline_formset([gate]), **wishes)
    answer = client.post(address, form)
    assert answer.status_code == 302, answer.context["form"].errors
    lesson.refresh_from_db()
    draft = lesson.get_latest_revision_as_object()
    (row,) = draft.gates.all()
    assert (row.at_seconds, row.question_id, row.any_answer) == (192, question.pk, True)
    assert draft.wish == Wish(max_rate=125, check_in=6, questions=False)
    assert "3:12" in client.get(address).content.decode()
    bad = inline_formset([gate | {"at_seconds": "三分"}])
    assert client.post(address, page_form(lesson, gates=bad)).status_code == 200


def test_a_question_or_paper_out_of_reach_cannot_be_put_on_a_page(lesson, client, monkeypatch):
    """A number sent by hand instead of chosen: the banks of others stay closed."""
    from quizzes.permissions import Authoring

    question, paper = make_question(), make_paper()
    client.force_login(make_member(is_superuser=True))
    address = reverse("wagtailadmin_pages:edit", args=[lesson.pk])
    gates = inline_formset([{"at_seconds": "0:09", "question": question.pk}])
    quizzes = inline_formset([{"paper": paper.pk}])
    with monkeypatch.context() as others:
        nothing = property(lambda rights: type(question).objects.none())
        others.setattr(Authoring, "usable_questions", nothing)
        others.setattr(Authoring, "usable_papers", property(lambda r: type(paper).objects.none()))
        assert client.post(address, page_form(lesson, gates=gates)).status_code == 200
        assert client.post(address, page_form(lesson, quizzes=quizzes)).status_code == 200
    lesson.refresh_from_db()
    assert lesson.latest_revision is None
    assert client.post(address, page_form(lesson, gates=gates, quizzes=quizzes)).status_code == 302
