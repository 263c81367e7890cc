"""How much one visit may report: no row grows without end, an honest page notices nothing."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from school.core import clock
from school.core.errors import TooMany
from school.study import spans as sets
from school.study.models import Coverage, Report, WallDay
from school.study.services.reports import BadReport
from tests.factories.study import Page, make_lesson, make_member, moment

EVENING = moment("2026-03-02 20:00")


@pytest.fixture
def page(db):
    return Page(make_member(), make_lesson(20), EVENING)


def test_more_reports_in_a_minute_than_a_page_sends_are_put_off_and_lose_nothing(page, settings):
    settings.STUDY_REPORTS_PER_MINUTE = 3
    for second in range(3):
        page.send((second, second + 1, second, second + 1))
    with pytest.raises(TooMany) as refused:
        page.send((3, 4, 3, 4), seq=4)
    assert 0 < refused.value.retry_after <= 60
    assert Report.objects.count() == 3
    answer = page.send((3, 4, 3, 4), seq=4, after=61.5)
    assert answer.durable_seq == 4 and answer.covered == 4_000


def test_a_report_known_already_is_answered_even_in_a_full_minute(page, settings):
    settings.STUDY_REPORTS_PER_MINUTE = 1
    page.send((0, 30, 0, 30), seq=1)
    assert page.send((0, 30, 0, 30), seq=1, after=31).durable_seq == 1


def test_each_visit_has_a_minute_of_its_own(page, settings):
    settings.STUDY_REPORTS_PER_MINUTE = 1
    page.send((0, 1, 0, 1))
    other = Page(page.member, make_lesson(20), EVENING)
    assert other.send((0, 1, 1, 2)).durable_seq == 1


def test_an_evening_kept_offline_is_taken_in_at_once_within_the_limit(page):
    for low in range(0, 1200, 30):
        answer = page.send((low, low + 30, low, low + 30), after=4 * 3600)
    assert answer.completed


def test_the_address_says_when_to_come_again(page, client, settings):
    settings.STUDY_REPORTS_PER_MINUTE = 0
    body = {"token": page.opened.token, "seq": 1, "segments": [[0, 9, 0, 9, 100, 1]]}
    with clock.at(EVENING + timedelta(seconds=1)):
        answer = client.post(reverse("study:report"), json.dumps(body), "application/json")
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60


def crumbs(count, start=0):
    """Stretches of 2 ms with holes of 8 ms between them."""
    return [[at, at + 2, at, at + 2, 100, 1] for at in range(start, start + 10 * count, 10)]


def test_a_day_of_crumbs_stays_small_and_no_time_is_given_twice(page, settings):
    settings.STUDY_SPANS = 50
    page.send_raw(crumbs(50), after=600)
    with pytest.raises(BadReport):
        page.send_raw(crumbs(50, start=500), after=600)
    other = Page(page.member, make_lesson(20), EVENING)
    other.send_raw(crumbs(50, start=500), after=600)
    (day,) = WallDay.objects.filter(member=page.member)
    assert len(day.spans) <= 50 * 8
    assert all(len(row.spans) <= 50 * 8 for row in Coverage.objects.all())
    # What was closed is spent: it cannot be claimed any more.
    before = Coverage.objects.get(revision=other.revision).studied_ms
    other.send_raw(crumbs(50, start=500), after=601)
    assert Coverage.objects.get(revision=other.revision).studied_ms == before


@given(
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 50)), max_size=60),
    st.integers(1, 20),
)
def test_a_coarser_set_holds_the_set_in_few_spans(pieces, most):
    spans: list[int] = []
    for start, length in pieces:
        spans, _ = sets.add(spans, start, start + length)
    coarse = sets.coarsen(spans, most)
    assert len(coarse) // 2 <= most
    assert coarse == sorted(coarse) and len(coarse) % 2 == 0
    assert sets.union(coarse, spans) == coarse
    if len(spans) // 2 <= most:
        assert coarse == spans
    elif spans:
        assert (coarse[0], coarse[-1]) == (spans[0], spans[-1])
        assert len(coarse) // 2 == most
