"""The door to the buffered sink: who may report, what is told at once, what the drain finds."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from school.core import clock
from school.members.models import Member, SignInSession
from school.study import registry, tasks
from school.study.models import Coverage, LateReport, Report, StudySession
from school.study.services.sinks import drain, queue
from tests.factories.sinks import (
    Event,
    moment_of,
    send_buffered,
)
from tests.factories.study import (
    Page,
    make_lesson,
    make_member,
)
from tests.services.test_sinks import EVENING, watch

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("buffered")]


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


def test_a_refusal_found_by_posting_is_told_when_the_same_report_comes_again():
    page = Page(make_member(), make_lesson(5), EVENING)
    watch(page, 60, drained=False)
    Member.objects.filter(pk=page.member.pk).update(is_active=False)
    assert drain.drain_all().refused == 2
    with clock.at(EVENING + timedelta(minutes=5)):
        assert post(Client(), page, 3).status_code == 200  # taken in; posting will look
        refused = post(Client(), page, 2)
    assert refused.status_code == 423 and int(refused["Retry-After"]) > 0
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
