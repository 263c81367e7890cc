"""必修 is played at the normal speed on a first view: what a session may credit, and for whom."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from school.core import clock
from school.members.models import RoleGrant
from school.members.services.grants import grant_role
from school.plans.models import StudyPlan
from school.plans.selectors.tasks import requires
from school.plans.services.plans import end_plan, plan_audience, publish_plan, withdraw_item
from school.study.models import StudySession
from school.study.rules import tokens
from school.study.rules.policy import Wish
from tests.factories.plans import make_branch, make_person, make_plan
from tests.factories.study import Page, make_article, make_course, make_lesson, moment

pytestmark = pytest.mark.django_db

EVENING = moment("2026-04-15 20:00")
MINUTE = 60


@pytest.fixture
def root():
    with clock.at(EVENING):
        yield make_branch(kind="committee")


@pytest.fixture
def member(root):
    return make_person(make_branch(root))


def rate_of(page: Page) -> int:
    return page.opened.max_rate


def test_what_a_running_plan_requires_counts_at_the_normal_speed(root, member):
    lesson, free = make_lesson(10), make_lesson(10)
    make_plan(root, [lesson.item])
    page = Page(member, lesson, EVENING)
    assert rate_of(page) == 100
    assert tokens.read(page.opened.token).max_rate == 100
    assert rate_of(Page(member, free, EVENING)) == 200


def test_a_forged_faster_report_is_credited_at_the_normal_speed_at_most(root, member):
    lesson = make_lesson(10)
    make_plan(root, [lesson.item])
    page = Page(member, lesson, EVENING)
    # Played at 1.5×, said to be 1.0×: more film than time is no stretch at all.
    answer = page.send(*[(i * 7.5, i * 7.5 + 7.5, i * 5, i * 5 + 5, 100, 1) for i in range(12)])
    assert answer.covered == 0
    # The clock stretched to look honest: the server's own minute is all that is given.
    forged = Page(member, lesson, EVENING)
    answer = forged.send((0, 90, 0, 90, 100, 1), after=MINUTE)
    assert answer.covered <= MINUTE * 1000
    assert answer.studied_ms <= MINUTE * 1000


def test_an_honest_first_view_at_the_normal_speed_loses_nothing(root, member):
    lesson = make_lesson(2)
    make_plan(root, [lesson.item])
    assert Page(member, lesson, EVENING).watch(0, 2 * MINUTE).completed


def test_what_has_been_completed_plays_at_the_speed_of_the_item(root, member):
    lesson = make_lesson(2)
    make_plan(root, [lesson.item])
    Page(member, lesson, EVENING).watch(0, 2 * MINUTE)
    assert rate_of(Page(member, lesson, moment("2026-04-15 21:00"))) == 200


def test_a_session_keeps_the_rate_it_was_opened_with(root, member):
    lesson = make_lesson(10)
    page = Page(member, lesson, EVENING)
    make_plan(root, [lesson.item])
    assert page.watch(0, MINUTE, rate=2.0).covered == MINUTE * 1000
    assert StudySession.objects.get().max_rate == 200


def test_required_parts_of_a_required_course_are_required(root, member):
    needed, extra = make_lesson(10), make_lesson(10)
    course = make_course((needed.item, True), (extra.item, False))
    make_plan(root, [course.item])
    assert rate_of(Page(member, needed, EVENING)) == 100
    assert rate_of(Page(member, extra, EVENING)) == 200


def test_electives_and_what_is_asked_of_others_keep_their_rate(root, member):
    elective, theirs = make_lesson(10), make_lesson(10)
    other = make_branch(root)
    mixed = make_plan(root, [make_lesson(1).item], publish=False)
    mixed.items.create(item=elective.item, required=False, order=2)
    publish_plan(plan=mixed)
    make_plan(root, [theirs.item], audience=plan_audience(plan_title="别处", branches=[other]))
    assert rate_of(Page(member, elective, EVENING)) == 200
    assert rate_of(Page(member, theirs, EVENING)) == 200
    assert rate_of(Page(make_person(other), theirs, EVENING)) == 100


def test_a_plan_requires_nothing_before_it_begins_after_it_ends_or_of_what_it_took_out(
    root, member
):
    lesson, later = make_lesson(10).item, make_lesson(10).item
    plan = make_plan(root, [lesson, later])
    day = date(2026, 4, 15)
    assert requires(member.pk, lesson.pk, day)
    assert not requires(member.pk, lesson.pk, date(2026, 2, 1))
    withdraw_item(plan_item=plan.items.get(item=lesson), on=day)
    assert not requires(member.pk, lesson.pk, day)
    assert requires(member.pk, later.pk, day)
    end_plan(plan=plan, on=day)
    assert not requires(member.pk, later.pk, day)


def test_a_text_has_no_speed_to_lower(root, member):
    article = make_article(500)
    make_plan(root, [article.item])
    assert rate_of(Page(member, article, EVENING)) == article.max_rate


def test_opening_asks_the_plans_in_one_more_statement(
    client, root, member, django_assert_max_num_queries
):
    lesson = make_lesson(10)
    make_plan(root, [lesson.item])
    client.force_login(member)
    with django_assert_max_num_queries(20):
        opened = client.post(
            reverse("study:open"), {"item": lesson.item_id}, content_type="application/json"
        )
    assert opened.json()["max_rate"] == 100


# -- what a plan asks for itself -------------------------------------------------------------------


def test_a_plan_may_allow_another_speed_and_ask_more_often(root, member):
    lesson = make_lesson(10, seek_free=True, questions=False)
    wish = Wish(max_rate=125, check_in=2, seek_free=False, questions=True)
    make_plan(root, [lesson.item], wish=wish)
    opened = Page(member, lesson, EVENING).opened
    assert opened.max_rate == 125 and not opened.seek_free and opened.questions
    assert 2 * 60_000 <= opened.check_ins[0] <= 4 * 60_000


def test_of_several_plans_the_strictest_holds_on_each_point(root, member):
    lesson = make_lesson(10)
    make_plan(root, [lesson.item], wish=Wish(max_rate=150, check_in=3))
    make_plan(root, [lesson.item], wish=Wish(max_rate=125, check_in=6))
    opened = Page(member, lesson, EVENING).opened
    assert opened.max_rate == 125
    assert 3 * 60_000 <= opened.check_ins[0] <= 6 * 60_000


def test_what_a_plan_asks_is_written_in_its_form_and_shown_again(root, client):
    secretary = make_person(root, name="孙书记")
    lesson = make_lesson(10)
    with clock.at(EVENING):
        grant_role(member=secretary, role=RoleGrant.Role.SECRETARY, branch=root)
    form = {
        "title": "上半年必修",
        "owner": root.pk,
        "branches": [root.pk],
        "starts_on": "2026-04-01",
        "ends_on": "2026-06-30",
        "required_items": [lesson.item_id],
        "max_rate": "125",
        "check_in": "5",
        "no_seek": "on",
        "questions": "on",
    }
    with clock.at(EVENING):
        client.force_login(secretary)
        client.post(reverse("plans:new"), form)
        plan = StudyPlan.objects.get()
        assert plan.wish == Wish(max_rate=125, check_in=5, seek_free=False, questions=True)
        shown = client.get(reverse("plans:edit", args=[plan.pk])).context["form"]
    assert (shown["max_rate"].value(), shown["check_in"].value()) == (125, 5)
    assert shown["no_seek"].value() and shown["questions"].value()
    with clock.at(EVENING + timedelta(seconds=1)):
        kept = {k: v for k, v in form.items() if k not in ("max_rate", "check_in", "no_seek")}
        client.post(reverse("plans:edit", args=[plan.pk]), kept)
    plan.refresh_from_db()
    assert plan.wish == Wish(questions=True)
