"""Two tabs at the same instant, on a real database with real commits."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from school.core import clock
from school.study import spans as sets
from school.study.models import (
    Completion,
    Coverage,
    HourEntry,
    HourRule,
    ItemRevision,
    Report,
    StudyDay,
    StudyItem,
    StudySession,
    WallDay,
)
from school.study.services.completion import consider, meet_by_group
from school.study.services.ledger import claim_wall, post_offline, post_studied
from school.study.services.reports import accept_report
from tests.factories.parallel import in_processes, together
from tests.factories.study import Page, make_lesson, make_member, moment

EVENING = moment("2026-03-02 20:00")


@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    """Rows that other connections see, taken away by hand: a flush would take Wagtail's too."""
    with django_db_blocker.unblock():
        member = make_member("并发")
        lessons = [make_lesson(10), make_lesson(10)]
        try:
            yield member, lessons
        finally:
            _remove(member, lessons)


def _remove(member, lessons, *, stay=False):
    _forget(member)
    for lesson in lessons:
        StudyItem.objects.filter(pk=lesson.item_id).update(current=None)
        ItemRevision.objects.filter(item_id=lesson.item_id).delete()
        StudyItem.objects.filter(pk=lesson.item_id).delete()
    if not stay:
        member.delete()


def _forget(member):
    """Whatever a member has studied."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {Report._meta.db_table} WHERE session_id IN"
            f" (SELECT id FROM {StudySession._meta.db_table} WHERE member_id = %s)",
            [member.pk],
        )
        for model in (StudySession, HourEntry, Completion, Coverage, StudyDay, WallDay):
            cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE member_id = %s", [member.pk])


def sending(page, numbers, width=10):
    """Report ten seconds of media for the same ten seconds of the evening, batch by batch.

    Every check-in is answered in its moment, whenever chance has put it.
    """
    answers = list(map(list, enumerate(page.opened.check_ins)))

    def work():
        for number in numbers:
            low = (number - 1) * width * 1000
            rows = [[low, low + width * 1000, low, low + width * 1000, 100, 1]]
            with clock.at(page.start + timedelta(seconds=number * width)):
                accept_report(
                    token=page.opened.token,
                    seq=number,
                    segments=rows,
                    member_id=page.member.pk,
                    answers=answers,
                )

    return work


def test_two_tabs_at_once_share_one_evening_and_lose_none_of_it(committed):
    member, (one, two) = committed
    pages = [Page(member, lesson, EVENING) for lesson in (one, two)]
    together(*[sending(page, range(1, 21)) for page in pages])
    spent = sets.length(sets.unpack(WallDay.objects.get(member=member).spans))
    assert spent == 200_000
    studied = Coverage.objects.filter(member=member).values_list("studied_ms", flat=True)
    assert sum(studied) == spent
    days = StudyDay.objects.filter(member=member).values_list("studied_ms", flat=True)
    assert sum(days) == spent
    assert Report.objects.filter(session__member=member).count() == 40


def test_two_worker_processes_share_one_evening_and_lose_none_of_it(committed):
    member, lessons = committed
    pages = [Page(member, lesson, EVENING) for lesson in lessons]
    in_processes(*[sending(page, range(1, 21)) for page in pages])
    spent = sets.length(sets.unpack(WallDay.objects.get(member=member).spans))
    studied = Coverage.objects.filter(member=member).values_list("studied_ms", flat=True)
    assert spent == sum(studied) == 200_000
    assert Report.objects.filter(session__member=member).count() == 40


# One report of a page: what of the film in which seconds of the evening, honest or not.
reports = st.tuples(
    st.integers(0, 1),
    st.integers(0, 400),
    st.integers(0, 60),
    st.integers(0, 300),
    st.integers(1, 60),
)
traces = st.lists(st.tuples(reports, st.integers(0, 3)), min_size=4, max_size=16)


def reporting(pages, events):
    """Send reports of several pages, all received when the evening is over."""

    def work():
        with clock.at(EVENING + timedelta(minutes=10)):
            for number, (page, media, length, begin, took) in events:
                row = [media, media + length, begin, begin + took]
                accept_report(
                    token=pages[page].opened.token,
                    seq=number,
                    segments=[[each * 1000 for each in row] + [100, 1]],
                    member_id=pages[page].member.pk,
                )

    return work


@given(traces, st.integers(2, 4), st.lists(st.integers(0, 15), max_size=4))
@examples(max_examples=6, suppress_health_check=list(HealthCheck))
def test_a_trace_cut_over_worker_processes_is_worth_what_one_process_makes_of_it(
    committed, trace, workers, again
):
    """Whoever takes in which report, and some twice: the same time is spent, none of it twice."""
    member, lessons = committed
    pages = [Page(member, lesson, EVENING) for lesson in lessons]
    events = [(number, report) for number, (report, _worker) in enumerate(trace, 1)]
    try:
        with transaction.atomic():
            reporting(pages, events)()
            alone = bytes(WallDay.objects.get(member=member).spans) if _spent(member) else b""
            transaction.set_rollback(True)
        cut = [[] for _ in range(workers)]
        for event, (_report, worker) in zip(events, trace, strict=True):
            cut[worker % workers].append(event)
        for place in again:
            cut[place % workers].append(events[place % len(events)])
        in_processes(*[reporting(pages, part) for part in cut])
        spent = _spent(member)
        assert spent == (sets.length(sets.unpack(alone)) if alone else 0)
        assert not alone or bytes(WallDay.objects.get(member=member).spans) == alone
        seen = Coverage.objects.filter(member=member)
        days = StudyDay.objects.filter(member=member).values_list("studied_ms", flat=True)
        kept = Report.objects.filter(session__member=member)
        studied = sum(seen.values_list("studied_ms", flat=True))
        assert studied == sum(days) == sum(kept.values_list("studied_ms", flat=True)) <= spent
        assert kept.count() == len(events)
        for each in seen:
            assert each.covered == sets.length(sets.unpack(each.spans))
    finally:
        _forget(member)


def _spent(member):
    rows = WallDay.objects.filter(member=member)
    return sum(sets.length(sets.unpack(row.spans)) for row in rows)


def test_the_same_batch_sent_twice_at_once_counts_once(committed):
    member, (one, _two) = committed
    page = Page(member, one, EVENING)
    together(*[sending(page, range(1, 11)) for _ in range(3)])
    assert Report.objects.filter(session__member=member).count() == 10
    assert Coverage.objects.get(member=member).studied_ms == 100_000


def test_a_completion_reported_by_two_tabs_at_once_is_posted_and_paid_once(committed):
    member, (one, _two) = committed
    pages = [Page(member, one, EVENING + timedelta(minutes=minute)) for minute in (0, 10)]
    together(*[sending(page, range(1, 61)) for page in pages])
    assert Completion.objects.filter(member=member).count() == 1
    assert HourEntry.objects.filter(member=member).count() == 1


def test_a_gathering_booked_while_its_minutes_are_studied_pays_each_minute_once(committed):
    member, (one, _two) = committed
    page, taken = Page(member, one, EVENING), []
    end = EVENING + timedelta(minutes=10)

    def book():
        with clock.at(end), transaction.atomic():
            taken.append(sets.length(claim_wall(member_id=member.pk, start=EVENING, end=end)))
            post_offline(
                member_id=member.pk,
                title="集体学习",
                seconds=taken[0] // 1000,
                source="group",
                studied_on=EVENING.date(),
                origin="attendance:1",
            )
            meet_by_group(
                member_id=member.pk, revision=one, on=EVENING.date(), origin="attendance:1"
            )

    together(sending(page, range(1, 61)), book)
    spent = sets.length(sets.unpack(WallDay.objects.get(member=member).spans))
    studied = Coverage.objects.get(member=member).studied_ms
    assert spent == 600_000 == studied + taken[0]
    assert Completion.objects.filter(member=member).count() == 1
    assert HourEntry.objects.filter(member=member, origin="attendance:1").count() == 1
    online = HourEntry.objects.filter(member=member, source="online").count()
    by_group = Completion.objects.get(member=member).evidence == Completion.Evidence.GROUP
    assert online == (0 if by_group else 1)


def test_two_bookings_of_the_same_hour_at_once_share_it(committed):
    member, _ = committed
    taken, end = [], EVENING + timedelta(hours=1)

    def book():
        spans = claim_wall(member_id=member.pk, start=EVENING, end=end)
        taken.append(sets.length(spans))

    together(*[book] * 4)
    assert sorted(taken) == [0, 0, 0, 3_600_000]


@pytest.fixture
def capped():
    """The rule in force with a cap of the day and one of the year, as committed rows."""
    rule = HourRule.objects.get(version=1)
    before = rule.daily_cap, rule.yearly_caps
    HourRule.objects.filter(pk=rule.pk).update(daily_cap=30, yearly_caps={"online": 40})
    yield rule
    HourRule.objects.filter(pk=rule.pk).update(daily_cap=before[0], yearly_caps=before[1])


def test_completions_at_once_of_one_member_never_pass_a_cap(committed, capped):
    member, lessons = committed
    more = [make_lesson(10) for _ in range(4)]
    try:

        def completing(lesson, day):
            def work():
                consider(member_id=member.pk, revision=lesson, evidence="manual", on=day)

            return work

        days = [EVENING.date(), EVENING.date() + timedelta(days=1)]
        works = [completing(each, days[n % 2]) for n, each in enumerate([*lessons, *more])]
        together(*works)
        lines = HourEntry.objects.filter(member=member)
        assert lines.count() == 6
        for day in days:
            assert sum(lines.filter(studied_on=day).values_list("credit", flat=True)) <= 30
        assert sum(lines.values_list("credit", flat=True)) == 40
    finally:
        _remove(member, more, stay=True)


def test_study_by_time_settled_at_once_is_booked_once(committed):
    member, (one, _two) = committed
    rule = HourRule.objects.get(version=1)
    HourRule.objects.filter(pk=rule.pk).update(mode="as_studied")
    try:
        StudyDay.objects.create(
            member=member, revision=one, day=EVENING.date(), studied_ms=2_700_000
        )

        def settle():
            post_studied(member_id=member.pk, revision=one, cycle=0)

        together(*[settle] * 4)
        lines = HourEntry.objects.filter(member=member)
        assert list(lines.values_list("credit", "seconds")) == [(100, 2700)]
    finally:
        HourRule.objects.filter(pk=rule.pk).update(mode=rule.mode)
