"""By which rules a film is studied: the school's, an item's own, the strictest of all plans'."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from school.core import clock
from school.study.models import Completion, HourEntry, ItemRevision
from school.study.registry import _wishes, register_wishes
from school.study.rules import policy as rules
from school.study.rules import tokens
from school.study.rules.policy import MINUTE_MS, Policy, Wish
from school.study.selectors import settled_policy
from school.study.services.completion import meet_by_group
from school.study.services.sessions import open_session
from school.study.services.studied import settle_idle_sessions
from tests.factories.study import (
    Page,
    make_article,
    make_lesson,
    make_member,
    make_rule,
    moment,
)

EVENING = moment("2026-03-02 20:00")
PRESET = Policy(max_rate=150, check_low=8 * MINUTE_MS, check_high=15 * MINUTE_MS)

wishes = st.builds(
    Wish,
    max_rate=st.none() | st.sampled_from([100, 125, 150, 200]),
    seek_free=st.none() | st.booleans(),
    check_in=st.none() | st.integers(0, 30),
    questions=st.none() | st.booleans(),
    review=st.none() | st.integers(0, 200),
)


def every(policy):
    """Least milliseconds between check-ins; never asking is the longest wait there is."""
    return policy.check_low or 10**12


@pytest.mark.pure
@given(wishes, st.lists(wishes, max_size=4))
def test_plans_only_ever_narrow_and_their_order_does_not_matter(item, plans):
    own = rules.own(PRESET, item)
    settled = rules.strictest(own, plans)
    assert settled.max_rate <= own.max_rate and settled.review <= own.review
    assert settled.seek_free <= own.seek_free and settled.questions >= own.questions
    assert every(settled) <= every(own)
    for plan in plans:
        if plan.max_rate is not None:
            assert settled.max_rate <= plan.max_rate
        if plan.check_in:
            assert every(settled) <= plan.check_in * MINUTE_MS
        if plan.seek_free is False:
            assert not settled.seek_free
        if plan.questions:
            assert settled.questions
    assert settled == rules.strictest(own, plans[::-1])


@pytest.mark.pure
@given(wishes)
def test_an_item_may_say_otherwise_than_the_school_and_is_silent_where_it_is_empty(item):
    own = rules.own(PRESET, item)
    assert own.max_rate == (PRESET.max_rate if item.max_rate is None else item.max_rate)
    assert own.seek_free == (PRESET.seek_free if item.seek_free is None else item.seek_free)
    if item.check_in is None:
        assert (own.check_low, own.check_high) == (PRESET.check_low, PRESET.check_high)
    else:
        assert (own.check_low, own.check_high) == (
            item.check_in * MINUTE_MS,
            2 * item.check_in * MINUTE_MS,
        )


@pytest.mark.pure
def test_who_sees_it_again_is_asked_for_nothing_that_earns_nothing():
    assert rules.again(PRESET) == Policy(max_rate=150, seek_free=True, questions=False)
    paid = rules.again(rules.own(PRESET, Wish(review=50)))
    assert paid.checks_in and paid.seek_free


@pytest.fixture
def plan():
    """A plan that asks for what the test says."""
    asked: list[Wish] = []
    register_wishes(lambda member_id, item_id, day: asked)
    yield asked
    _wishes.pop()


@pytest.mark.django_db
def test_a_visit_is_settled_when_it_opens_and_keeps_its_rules(plan):
    member, lesson = make_member(), make_lesson(20)
    page = Page(member, lesson, EVENING)
    plan.append(Wish(max_rate=100, check_in=2))
    page.send((0, 60, 0, 40, 150, 1))
    later = Page(member, lesson, EVENING)
    assert (page.opened.max_rate, later.opened.max_rate) == (200, 100)
    assert later.opened.check_ins[0] <= 4 * MINUTE_MS < page.opened.check_ins[0]
    assert later.send((60, 120, 40, 80, 150, 1)).covered == 60_000  # too fast for the plan
    claim = tokens.read(later.opened.token)
    assert (claim.max_rate, claim.check_low, claim.seek_free) == (100, 2 * MINUTE_MS, False)


@pytest.mark.django_db
def test_what_is_completed_is_no_first_view(plan):
    member, lesson = make_member(), make_lesson(1)
    plan.append(Wish(max_rate=100))
    Page(member, lesson, EVENING).send((0, 60, 0, 60))
    again = Page(member, lesson, EVENING)
    assert again.opened.completed and again.opened.seek_free
    assert again.opened.max_rate == 200 and again.opened.check_ins == []


def in_a_gathering(member, revision):
    with clock.at(EVENING):
        return meet_by_group(
            member_id=member.pk, revision=revision, on=EVENING.date(), origin="attendance:1"
        )


@pytest.mark.django_db
def test_what_a_gathering_completed_is_studied_alone_by_the_rules_of_a_first_view(plan):
    member, lesson = make_member(), make_lesson(60)
    plan.append(Wish(max_rate=100, questions=True))
    assert in_a_gathering(member, lesson).evidence == "group"
    page = Page(member, lesson, EVENING)
    assert page.opened.completed and not page.opened.again
    assert page.opened.check_ins and page.opened.max_rate == 100
    assert page.opened.seek_free and not page.opened.questions  # he was there
    asked = page.opened.check_ins[0]
    answer = page.send((0, 1800, 0, 1800), answers=[])
    assert answer.completed and not answer.again
    assert asked <= answer.studied_ms <= asked + 2_000


@pytest.mark.django_db
def test_who_was_in_the_gathering_is_paid_by_time_for_study_alone():
    make_rule(mode="as_studied")
    member, lesson = make_member(), make_lesson(30)
    in_a_gathering(member, lesson)
    Page(member, lesson, EVENING + timedelta(hours=2)).watch(0, 1800)
    with clock.at(EVENING + timedelta(days=1)):
        settle_idle_sessions()
    assert sum(HourEntry.objects.values_list("seconds", flat=True)) == 1800


@pytest.mark.django_db
def test_study_alone_after_the_gathering_is_recorded_and_pays_no_second_completion():
    make_rule(mode="on_completion")
    member, lesson = make_member(), make_lesson(30)
    in_a_gathering(member, lesson)
    answer = Page(member, lesson, EVENING + timedelta(hours=2)).watch(0, 1800)
    with clock.at(EVENING + timedelta(days=1)):
        settle_idle_sessions()
    assert answer.completed and answer.covered == 1_800_000 and answer.credit == 0
    assert not HourEntry.objects.exists() and Completion.objects.count() == 1


@pytest.mark.django_db
def test_a_text_has_no_order_no_questions_and_no_check_ins_of_its_own(plan):
    plan.append(Wish(max_rate=100, seek_free=False, questions=True))
    article = make_article()
    policy = settled_policy(make_member().pk, article, completed=False, day=EVENING.date())
    assert policy.seek_free and not policy.checks_in and not policy.questions
    assert policy.max_rate == article.max_rate


@pytest.mark.django_db
def test_a_text_asks_whether_somebody_is_there_where_the_school_or_a_plan_says_so(plan, settings):
    member, article = make_member(), make_article(5000)
    settings.STUDY_TEXT_CHECK_IN_MINUTES = (10, 20)
    low, high = 10 * MINUTE_MS, 20 * MINUTE_MS
    assert low <= Page(member, article, EVENING).opened.check_ins[0] <= high
    plan.append(Wish(check_in=2))
    assert Page(member, article, EVENING).opened.check_ins[0] <= 4 * MINUTE_MS
    settled = settled_policy(member.pk, article, completed=True, day=EVENING.date())
    assert not settled.checks_in  # who has read it is not asked again


@pytest.mark.django_db
def test_reading_after_an_unanswered_check_in_counts_nothing(plan):
    plan.append(Wish(check_in=2))
    article, counted = make_article(5000), {}
    for answered in (True, False):
        page = Page(make_member(), article, EVENING)
        rows = [[0, 5000, n * 5000, n * 5000 + 5000, 100, 1] for n in range(100)]
        given = {} if answered else {"answers": []}
        counted[answered] = page.send_raw(rows, after=500, **given).studied_ms
        first = page.opened.check_ins[0]
    assert counted[True] >= 480_000
    assert first <= counted[False] <= first + 2_000


@pytest.mark.django_db
def test_the_schools_presets_hold_where_an_item_is_silent(settings):
    settings.STUDY_CHECK_IN_MINUTES = None
    assert Page(make_member(), make_lesson(20), EVENING).opened.check_ins == []
    settings.STUDY_CHECK_IN_MINUTES = (5, 10)
    page = Page(make_member(), make_lesson(20), EVENING)
    assert 5 * MINUTE_MS <= page.opened.check_ins[0] <= 10 * MINUTE_MS
    assert Page(make_member(), make_lesson(20, check_in=0), EVENING).opened.check_ins == []


@pytest.mark.django_db
def test_publishing_anew_changes_how_it_is_studied_from_the_next_visit_on():
    lesson = make_lesson(20, check_in=3, review=50)
    changed = make_lesson(20, source_id=lesson.item.source_id, questions=False)
    assert changed.pk == lesson.pk
    kept = ItemRevision.objects.get(pk=lesson.pk)
    assert (kept.check_in, kept.questions, kept.review) == (None, False, None)


@pytest.mark.django_db
def test_watching_again_earns_its_share_and_no_more():
    member, lesson = make_member(), make_lesson(10, review=50, check_in=0)
    page = Page(member, lesson, EVENING)
    assert page.opened.review_ms == 300_000
    assert page.send((0, 540, 0, 540)).studied_ms == 540_000
    assert page.send((0, 240, 540, 780)).studied_ms == 780_000
    answer = page.send((0, 540, 780, 1320))
    assert answer.studied_ms == 840_000 and answer.covered == 540_000
    assert Page(member, lesson, EVENING).opened.review_ms == 0


@pytest.mark.django_db
def test_without_a_share_watching_again_earns_nothing():
    page = Page(make_member(), make_lesson(10), EVENING)
    page.send((0, 240, 0, 240))
    assert page.send((0, 240, 240, 480)).studied_ms == 240_000


# -- study goes on elsewhere -----------------------------------------------------------------------


@pytest.mark.django_db
def test_a_page_learns_with_its_next_report_that_study_goes_on_elsewhere():
    member, lesson = make_member(), make_lesson(20)
    first = Page(member, lesson, EVENING)
    assert not first.send((0, 30, 0, 30)).superseded
    second = Page(member, make_lesson(20), EVENING)
    answer = first.send((30, 60, 30, 60))
    assert answer.superseded and answer.covered == 60_000  # told, not punished
    assert not second.send((0, 30, 60, 90)).superseded
    back = Page(member, lesson, EVENING)  # 在这里继续
    assert second.send((30, 60, 90, 120)).superseded
    assert not back.send((60, 90, 120, 150)).superseded


@pytest.mark.django_db
def test_another_members_page_is_never_superseded():
    lesson = make_lesson(20)
    first = Page(make_member(), lesson, EVENING)
    Page(make_member("李小红"), lesson, EVENING)
    assert not first.send((0, 30, 0, 30)).superseded


@pytest.mark.django_db
def test_a_page_that_only_looks_supersedes_nobody():
    member, lesson = make_member(), make_lesson(20)
    first = Page(member, lesson, EVENING)
    with clock.at(EVENING):
        open_session(member=member, item=lesson.item, take=False)
    assert not first.send((0, 30, 0, 30)).superseded
