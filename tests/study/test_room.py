"""今日网上学时已满: what the caps leave is said before and while one studies."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from school.core import clock
from school.study.models import Completion, HourEntry, HourRule
from school.study.selectors.config import study_config
from school.study.selectors.room import room_today
from tests.factories.study import Page, make_lesson, make_member, make_rule, moment

pytestmark = pytest.mark.django_db

EVENING = moment("2026-03-02 20:00")
FULL = "今日网上学时已满，可继续完成任务，不再计学时"
BY_TIME = {"mode": HourRule.Mode.AS_STUDIED, "minutes_per_hour": 45, "tiers": []}


def watched(member, minutes=20, start=EVENING) -> Page:
    page = Page(member, make_lesson(minutes), start)
    page.watch(0, minutes * 60)
    return page


def said(member, minutes=20, at=EVENING + timedelta(hours=1)) -> tuple[str, dict | None]:
    """What the page of another lesson says, and what its opening says."""
    lesson = make_lesson(minutes)
    with clock.at(at):
        return study_config(member, lesson.item)["room"], Page(member, lesson, at).opened.room


def test_without_a_cap_nothing_is_said():
    make_rule()
    assert said(make_member()) == ("", None)


def test_a_day_that_is_full_is_said_before_it_begins_and_study_still_completes():
    make_rule(daily_cap=50)
    member = make_member()
    assert said(member)[0] == ""
    watched(member)
    text, room = said(member)
    assert text == FULL and room["left_ms"] == 0 and room["before"] == room["full"] == FULL
    page = watched(member, start=EVENING + timedelta(hours=1))
    assert Completion.objects.count() == 2
    assert HourEntry.objects.get(item=page.revision.item).credit == 0
    assert said(member, at=EVENING + timedelta(days=1))[0] == ""


def test_less_than_the_item_pays_is_said_before_it_begins():
    make_rule(daily_cap=80)
    member = make_member()
    watched(member)
    assert said(member)[0] == "今日网上学时还可计 0.3"
    assert said(member, minutes=10)[0] == ""  # pays 0.25


def test_what_was_paid_this_year_already_says_nothing_of_the_day():
    make_rule(daily_cap=50)
    page = watched(make_member())
    with clock.at(EVENING + timedelta(hours=1)):
        assert study_config(page.member, page.revision.item)["room"] == ""
        again = Page(page.member, page.revision, EVENING + timedelta(hours=1))
        assert again.opened.room is None


def test_a_full_year_is_said_as_one():
    make_rule(yearly_caps={"online": 50})
    member = make_member()
    watched(member)
    assert said(member)[0] == "本年度网上学时已满，可继续完成任务，不再计学时"


def test_by_time_the_page_knows_how_long_it_still_counts_also_before_it_is_booked():
    make_rule(daily_cap=50, **BY_TIME)  # 22 minutes and a half
    member = make_member()
    _text, room = said(member)
    assert room["left_ms"] == 22.5 * 60_000 and room["before"] == ""
    Page(member, make_lesson(20), EVENING).watch(0, 600)
    assert not HourEntry.objects.exists()  # booked when the visit is over
    _text, room = said(member)
    assert room["left_ms"] == pytest.approx(12.5 * 60_000, abs=60_000)
    assert room["until_ms"] == 3 * 3600_000


@examples(deadline=None, max_examples=8)
@given(st.lists(st.integers(1, 30), max_size=4), st.integers(1, 150))
def test_what_is_said_to_be_left_is_what_completing_then_pays(lengths, cap):
    make_rule(daily_cap=cap)
    member, at = make_member(), EVENING - timedelta(hours=12)
    for minutes in lengths:
        lesson = make_lesson(minutes)
        with clock.at(at):
            room = room_today(member.pk)
        page = Page(member, lesson, at)
        page.watch(0, minutes * 60)
        entry = HourEntry.objects.get(member=member, item=lesson.item)
        assert entry.credit == min(entry.award, room.left)
        at += timedelta(hours=1)


def test_the_hours_page_says_so_on_that_day():
    make_rule(daily_cap=50)
    member = make_member()

    def shown(at) -> str:
        with clock.at(at):
            client = Client()
            client.force_login(member)
            return client.get(reverse("study:hours")).content.decode()

    assert FULL not in shown(EVENING)
    watched(member)
    assert FULL in shown(EVENING + timedelta(hours=1))
    assert FULL not in shown(EVENING + timedelta(days=1))
