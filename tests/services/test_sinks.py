"""The buffered sink on a real Redis: I13, what it tells a page, and what it refuses."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from school.core import clock
from school.members.models import Member, SignInSession
from school.study import registry, tasks
from school.study.models import Completion, Coverage, HourEntry, LateReport, Report, StudySession
from school.study.services.sinks import drain, queue
from tests.factories.sinks import (
    Event,
    directly,
    empty_queue,
    moment_of,
    send_buffered,
    through_redis,
)
from tests.factories.study import Page, make_article, make_lesson, make_member, moment

pytestmark = pytest.mark.django_db

EVENING = moment("2026-03-02 23:50")


@pytest.fixture(autouse=True)
def buffered(settings):
    settings.STUDY_SINK = "buffered"
    empty_queue()
    yield
    empty_queue()


# I13

stretches = st.lists(
    st.tuples(
        st.integers(0, 700),  # where in the film, s
        st.integers(0, 60),  # how much of it
        st.integers(-20, 20),  # the page's clock against the truth
        st.integers(0, 40),  # how long it took
        st.booleans(),
    ),
    max_size=4,
)
steps = st.lists(
    st.tuples(
        st.integers(0, 3),  # page
        st.sampled_from(("next", "next", "next", "again", "skip")),
        stretches,
        st.integers(0, 120),  # seconds since the last
        st.booleans(),  # drained after it
        st.booleans(),  # an honest half minute instead
    ),
    min_size=1,
    max_size=40,
)


def as_events(pages, found):
    events, drains, numbers, now = [], set(), [0] * len(pages), 0
    for page, kind, parts, pause, drained, honest in found:
        now += pause
        numbers[page] += {"next": 1, "again": 0, "skip": 2}[kind]
        rows = []
        for at, length, off, took, visible in parts:
            begin = max(0, now + off - took)
            unit = 1000 if page < 3 else 1
            low = at * unit
            rows.append(
                [low, low + length * unit, begin * 1000, (begin + took) * 1000, 100, visible]
            )
        if honest and pause:
            rows = [
                [i * 1000 * pause % 500_000 + j for j in (0, 1000 * pause)] for i in [len(events)]
            ]
            rows = [[*rows[0], (now - pause) * 1000, now * 1000, 100, True]]
        events.append(Event(pages[page], max(1, numbers[page]), rows, now))
        if drained:
            drains.add(len(events) - 1)
    return events, drains


@given(steps)
@examples(max_examples=40)
def test_a_trace_is_worth_the_same_in_both_sinks(found):
    """I13, with check-ins, replays, gaps, forged clocks, midnight, several pages at once."""
    member = make_member()
    film = make_lesson(2)
    pages = [Page(member, film, EVENING), Page(member, film, EVENING)]
    pages += [Page(member, make_lesson(30), EVENING), Page(member, make_article(900), EVENING)]
    events, drains = as_events(pages, found)
    assert through_redis(events, EVENING, drains) == directly(events, EVENING)


def watch(page, seconds, *, drained=True, rate=100):
    """Half minutes from the beginning, through the sink."""
    for number, low in enumerate(range(0, seconds, 30), 1):
        row = [low * 1000, low * 1000 + 30_000, low * 1000, low * 1000 + 30_000, rate, 1]
        with clock.at(page.start + timedelta(seconds=low + 30)):
            answer = send_buffered(Event(page, number, [row], 0))
            if drained:
                drain.drain_all()
    return answer


def test_a_lesson_watched_through_redis_is_completed_and_paid_once():
    page = Page(make_member(), make_lesson(5), EVENING)
    watch(page, 300, drained=False)
    assert not Report.objects.exists()
    with clock.at(EVENING + timedelta(seconds=400)):
        assert drain.drain_all().posted == 10
        again = send_buffered(Event(page, 10, [], 400))
    assert Completion.objects.get().origin == f"session:{page.opened.sid}"
    assert HourEntry.objects.count() == 1
    assert again["completed"] and again["durable_seq"] == 10 and again["covered"] == 300_000


def test_nothing_is_called_durable_before_it_is_in_the_database():
    page = Page(make_member(), make_lesson(20), EVENING)
    assert watch(page, 90, drained=False)["durable_seq"] == 0
    drain.drain_all()
    assert watch(page, 30, drained=False)["durable_seq"] == 3


def test_draining_twice_changes_nothing():
    page = Page(make_member(), make_lesson(20), EVENING)
    watch(page, 90, drained=False)
    taken = queue.take(queue.shard_of(page.member.pk), 10)
    drain._settle(queue.shard_of(page.member.pk), taken)
    before = list(Coverage.objects.values()), list(Report.objects.values())
    drain._settle(queue.shard_of(page.member.pk), taken)
    assert before == (list(Coverage.objects.values()), list(Report.objects.values()))


def test_a_late_drain_takes_out_only_what_it_took():
    """Two workers took the same; the second cuts nothing that came in between."""
    page = Page(make_member(), make_lesson(20), EVENING)
    shard = queue.shard_of(page.member.pk)
    watch(page, 60, drained=False)
    first = queue.take(shard, 10)
    second = queue.take(shard, 10)
    drain._settle(shard, first)
    with clock.at(EVENING + timedelta(seconds=90)):
        send_buffered(Event(page, 3, [[60_000, 90_000, 60_000, 90_000, 100, 1]], 90))
    drain._settle(shard, second)
    assert drain.drain_all().posted == 1
    assert StudySession.objects.get().durable_seq == 3


def test_what_cannot_be_posted_is_kept_aside_and_stops_nobody(monkeypatch):
    good, bad = (Page(make_member(), make_lesson(20), EVENING) for _ in range(2))
    for page in (good, bad):
        page.member.pk  # noqa: B018
        watch(page, 30, drained=False)

    def break_down(sender, coverage, **kwargs):
        if coverage.member_id == bad.member.pk:
            raise RuntimeError("broken")

    from school.study.signals import started

    started.connect(break_down)
    try:
        total = drain.drain_all()
    finally:
        started.disconnect(break_down)
    assert total.posted == 1 and total.bad == 1
    assert Coverage.objects.get().member_id == good.member.pk
    assert queue.take_back_bad() == 1
    assert drain.drain_all().posted == 1
    assert Coverage.objects.count() == 2 and not queue.waiting()


# The address


def post(client, page, seq=1, segments=(), **extra):
    body = {"token": page.opened.token, "seq": seq, "segments": list(segments)}
    return client.post(reverse("study:report"), json.dumps(body), "application/json", **extra)


def test_a_report_of_the_browser_it_was_opened_in_reads_no_row():
    member, client = make_member(), Client()
    client.force_login(member)
    lesson = make_lesson(5)
    opened = client.post(
        reverse("study:open"), json.dumps({"item": lesson.item_id}), "application/json"
    ).json()
    body = {"token": opened["token"], "seq": 1, "segments": []}
    client.post(reverse("study:report"), json.dumps(body), "application/json")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        body["seq"] = 2
        answer = client.post(reverse("study:report"), json.dumps(body), "application/json")
    assert answer.status_code == 200 and not queries.captured_queries
    assert answer["Content-Security-Policy"] and answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "SAMEORIGIN" and answer["Referrer-Policy"]


def test_another_members_browser_is_refused_and_a_guests_is_not():
    page, stranger = Page(make_member(), make_lesson(5), EVENING), Client()
    stranger.force_login(make_member("李小红"))
    with clock.at(EVENING):
        assert post(stranger, page).status_code == 403
        assert not queue.waiting()
        assert post(Client(), page).status_code == 200


def test_the_same_member_may_send_after_a_new_sign_in():
    page, client = Page(make_member(), make_lesson(5), EVENING), Client()
    client.force_login(page.member)
    with clock.at(EVENING):
        assert post(client, page).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [("", 400), ("[]", 400), ("{}", 403), ('{"token": "x~y", "seq": 1, "segments": []}', 403)],
)
def test_a_broken_or_forged_report_never_reaches_redis(body, status):
    answer = Client().post(reverse("study:report"), body, "application/json")
    assert answer.status_code == status and not queue.waiting()


def test_too_many_reports_in_a_minute_are_put_off(settings):
    settings.STUDY_REPORTS_PER_MINUTE = 2
    page = Page(make_member(), make_lesson(5), EVENING)
    with clock.at(EVENING + timedelta(seconds=5)):
        answers = [post(Client(), page, seq) for seq in (1, 2, 3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert 0 < int(answers[2]["Retry-After"]) <= 60
    with clock.at(EVENING + timedelta(seconds=66)):
        assert post(Client(), page, 3).status_code == 200


def test_a_refusal_found_by_posting_is_told_to_the_next_report():
    page = Page(make_member(), make_lesson(5), EVENING)
    watch(page, 60, drained=False)
    Member.objects.filter(pk=page.member.pk).update(is_active=False)
    assert drain.drain_all().refused == 2
    with clock.at(EVENING + timedelta(minutes=5)):
        assert post(Client(), page, 3).status_code == 403
    assert not Report.objects.exists()


def test_what_comes_too_late_is_in_the_database_before_the_page_hears_202():
    page = Page(make_member(), make_lesson(5), EVENING)
    with clock.at(EVENING + timedelta(days=30)):
        for seq in (1, 2, 1):
            seen = [[0, 30_000, 30_000 * seq, 30_000 * seq + 30_000, 100, 1]]
            body = {"token": page.opened.token, "seq": seq, "segments": seen}
            answer = Client().post(reverse("study:report"), json.dumps(body), "application/json")
            assert answer.status_code == 202 and "待核实" in answer.json()["message"]
        assert LateReport.objects.count() == 2
        assert drain.drain_all() == drain.Drained()  # nothing went through the queue
    assert not Report.objects.exists()


def test_what_was_queued_as_a_matter_of_hours_too_late_is_kept_by_the_drain():
    page = Page(make_member(), make_lesson(5), EVENING)
    watch(page, 60, drained=False)
    StudySession.objects.update(
        opened_at=EVENING - timedelta(days=9), expires_at=EVENING - timedelta(days=8)
    )
    drained = drain.drain_all()
    assert (drained.kept, drained.posted, drained.bad) == (2, 0, 0)
    assert LateReport.objects.count() == 2 and not Report.objects.exists()


def test_the_last_day_of_the_week_needs_no_queue_and_counts_as_ever():
    page = Page(make_member(), make_lesson(5), EVENING)
    with clock.at(EVENING + timedelta(days=7)):
        assert post(Client(), page).json()["durable_seq"] == 1
    assert Report.objects.count() == 1


def test_a_member_deactivated_after_the_report_gets_nothing():
    page = Page(make_member(), make_lesson(5), EVENING)
    watch(page, 60, drained=False)
    page.member.is_active = False
    page.member.save()
    assert drain.drain_all().refused == 2
    assert not Report.objects.exists()


@pytest.mark.parametrize(("end", "counted"), [("revoked", 60), ("password", 60), ("idle", 120)])
def test_study_after_a_sign_in_was_taken_away_is_void_and_before_it_is_not(end, counted):
    member = make_member()
    SignInSession.objects.create(member=member, key="k" * 32, began_at=EVENING, seen_at=EVENING)
    page = Page(member, make_lesson(5), EVENING)
    StudySession.objects.update(sign_in=SignInSession.objects.get())
    watch(page, 120, drained=False)
    SignInSession.objects.update(ended_at=EVENING + timedelta(seconds=60), end=end)
    drain.drain_all()
    assert Coverage.objects.get().studied_ms == counted * 1000


def test_pages_that_are_waited_for_too_long_are_asked_to_report_less_often():
    page = Page(make_member(), make_lesson(5), EVENING)
    shard = queue.shard_of(page.member.pk)
    with moment_of(Event(page, 1, [], 30), EVENING):
        send_buffered(Event(page, 1, [], 30))
    drain.drain_shard(shard)  # by Redis's own clock that was long ago
    with moment_of(Event(page, 2, [], 60), EVENING):
        assert send_buffered(Event(page, 2, [], 60))["cadence"] == 120


def test_the_task_of_the_schedule_drains_what_waits():
    page = Page(make_member(), make_lesson(5), EVENING)
    watch(page, 60, drained=False)
    assert tasks.drain_study() == 1
    assert Report.objects.count() == 2


def test_opening_shows_what_was_studied_a_moment_ago():
    member, client = make_member(), Client()
    client.force_login(member)
    lesson = make_lesson(5)
    start = clock.now() - timedelta(minutes=10)
    watch(Page(member, lesson, start), 60, drained=False)
    opened = client.post(
        reverse("study:open"), json.dumps({"item": lesson.item_id}), "application/json"
    ).json()
    assert opened["covered"] == 60_000 and registry.gates(lesson) == []
