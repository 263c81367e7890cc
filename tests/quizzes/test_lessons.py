"""A lesson and its quiz: in the draft until published, and asked for to complete the lesson."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from wagtail.models import Collection, Page

from courses.models import LessonPage, SectionPage
from courses.registry import lesson_panels
from media.models import Video
from quizzes.models import LessonQuiz
from quizzes.services.attempts import start_attempt, submit_attempt
from quizzes.services.papers import withdraw_paper
from school.core import clock, jobs
from school.core.models import Job
from school.study import registry
from school.study.models import Completion
from school.study.services.items import register_item
from school.study.services.sessions import open_session
from tests.factories.quizzes import answer_all, make_member, make_paper
from tests.factories.study import Page as Tab
from tests.factories.study import make_rule

pytestmark = pytest.mark.django_db
EIGHT = datetime(2026, 6, 1, 20, 0, tzinfo=clock.LOCAL)


def make_page(title: str = "用电安全") -> LessonPage:
    home = Page.objects.get(depth=2)
    section = SectionPage(title="安全", slug=f"section-{Page.objects.count()}")
    home.add_child(instance=section)
    video = Video.objects.create(
        title=title, collection=Collection.get_first_root_node(), created_at=clock.now()
    )
    lesson = LessonPage(title=title, slug=f"lesson-{Page.objects.count()}", video=video)
    section.add_child(instance=lesson)
    return lesson


def register(lesson: LessonPage):
    make_rule()
    return register_item(
        kind="lesson",
        source_type="courses.page",
        source_id=lesson.pk,
        title=lesson.title,
        path=lesson.url_path,
        audience=None,
        axis="media",
        axis_length=60_000,
        study_ms=60_000,
        max_rate=100,
    )


def link(lesson: LessonPage, *papers) -> None:
    for order, paper in enumerate(papers):
        LessonQuiz.objects.create(page=lesson, paper=paper, sort_order=order)


def pass_quiz(member, paper, *, right: bool = True) -> None:
    attempt = start_attempt(member=member, paper=paper)
    answer_all(attempt, right=right)
    submit_attempt(attempt_id=attempt.pk, member=member)


def watch(member, revision) -> None:
    with clock.at(EIGHT):
        Tab(member, revision, EIGHT).send((0, 60, 0, 60), after=60)


def test_a_quiz_added_in_a_draft_is_not_asked_for_until_published():
    lesson, paper = make_page(), make_paper()
    draft = lesson.get_latest_revision_as_object() if lesson.latest_revision else lesson
    draft.quizzes.add(LessonQuiz(paper=paper))
    saved = draft.save_revision()
    assert not LessonQuiz.objects.exists()
    assert [row.paper for row in saved.as_object().quizzes.all()] == [paper]
    saved.publish()
    assert [row.paper for row in LessonQuiz.objects.filter(page=lesson)] == [paper]
    later = LessonPage.objects.get(pk=lesson.pk).get_latest_revision_as_object()
    later.quizzes.clear()
    later.save_revision()
    assert LessonQuiz.objects.count() == 1
    later.save_revision().publish()
    assert not LessonQuiz.objects.exists()


def test_the_page_form_has_the_quiz_panel():
    form = LessonPage.get_edit_handler().get_form_class()
    assert "quizzes" in form.formsets


def test_a_watched_lesson_is_complete_only_when_its_quiz_is_passed():
    lesson, paper, member = make_page(), make_paper(), make_member()
    link(lesson, paper)
    revision = register(lesson)
    watch(member, revision)
    assert not Completion.objects.filter(item=revision.item).exists()
    missing = registry.outstanding(revision, member.pk, 0)
    assert [each.text for each in missing] == [f"完成并通过测验《{paper.title}》"]
    assert missing[0].path == reverse("quizzes:start", args=[paper.pk])
    with clock.at(EIGHT + timedelta(minutes=5)):
        pass_quiz(member, paper, right=False)
        assert not Completion.objects.filter(item=revision.item).exists()
        pass_quiz(member, paper)
    completion = Completion.objects.get(item=revision.item)
    assert (completion.evidence, completion.effective_on) == ("study", EIGHT.date())


def test_a_quiz_passed_first_lets_the_lesson_complete_when_watched():
    lesson, paper, member = make_page(), make_paper(), make_member()
    link(lesson, paper)
    revision = register(lesson)
    with clock.at(EIGHT - timedelta(hours=1)):
        pass_quiz(member, paper)
    assert not Completion.objects.filter(item=revision.item).exists()
    watch(member, revision)
    assert Completion.objects.filter(item=revision.item, member=member).count() == 1


def test_every_linked_quiz_is_asked_for_and_a_paper_withdrawn_is_not():
    from quizzes.services.papers import withdraw_paper

    lesson, member = make_page(), make_member()
    first, second = make_paper(), make_paper()
    link(lesson, first, second)
    revision = register(lesson)
    pass_quiz(member, first)
    assert second.title in registry.outstanding(revision, member.pk, 0)[0].text
    withdraw_paper(paper=second)
    assert registry.outstanding(revision, member.pk, 0) == []


def test_a_new_cycle_asks_for_a_quiz_passed_after_the_old_one_was_completed():
    lesson, paper, member = make_page(), make_paper(), make_member()
    link(lesson, paper)
    revision = register(lesson)
    watch(member, revision)
    with clock.at(EIGHT + timedelta(minutes=5)):
        pass_quiz(member, paper)
    assert registry.outstanding(revision, member.pk, 0) == []
    assert registry.outstanding(revision, member.pk, 1) != []
    with clock.at(EIGHT + timedelta(days=1)):
        pass_quiz(member, paper)
    assert registry.outstanding(revision, member.pk, 1) == []


def test_the_lesson_page_gets_a_quiz_tab_that_says_what_is_done():
    lesson, paper, member = make_page(), make_paper(), make_member()
    assert lesson_panels(lesson, member) == []
    link(lesson, paper)
    panel = next(each for each in lesson_panels(lesson, member) if each.name == "quiz")
    assert (panel.label, panel.note) == ("测验", "")
    pass_quiz(member, paper)
    panel = next(each for each in lesson_panels(lesson, member) if each.name == "quiz")
    assert panel.note == "已通过"


def test_opening_a_session_on_an_item_without_a_quiz_asks_for_none():
    revision = register(make_page())
    member = make_member()
    open_session(member=member, item=revision.item)
    assert registry.outstanding(revision, member.pk, 0) == []


def reconsidered() -> None:
    for job in Job.objects.filter(kind="study.reconsider", state=Job.State.QUEUED):
        jobs.run(job.pk)


@pytest.mark.parametrize("way", ["out of the page", "out of its draft", "closed"])
def test_a_quiz_taken_away_completes_the_lesson_for_who_only_waited_for_it(way):
    lesson, paper, member = make_page(), make_paper(), make_member()
    lesson.save_revision().publish()
    revision = register(lesson)
    link(lesson, paper)
    watch(member, revision)
    assert not Completion.objects.filter(revision=revision).exists()
    if way == "out of the page":
        LessonQuiz.objects.filter(page=lesson).delete()
    elif way == "closed":
        withdraw_paper(paper=paper)
    else:
        draft = LessonPage.objects.get(pk=lesson.pk)
        draft.quizzes.set([])
        draft.save_revision().publish()
    reconsidered()
    assert Completion.objects.get(revision=revision).evidence == "study"


def test_of_two_quizzes_the_one_that_is_left_is_still_asked_for():
    lesson, member = make_page(), make_member()
    papers = make_paper(), make_paper()
    revision = register(lesson)
    link(lesson, *papers)
    watch(member, revision)
    LessonQuiz.objects.filter(page=lesson, paper=papers[0]).delete()
    reconsidered()
    assert not Completion.objects.exists()
    pass_quiz(member, papers[1])
    assert Completion.objects.filter(revision=revision).exists()
