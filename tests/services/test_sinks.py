"""The buffered sink on a real Redis: I13, what it tells a page, and what it refuses."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from school.core import clock
from school.core.errors import DomainError
from school.members.models import Member
from school.study import registry
from school.study.models import Completion, Coverage, HourEntry, Report, StudySession
from school.study.services.sinks import drain, queue
from school.study.services.studied import settle_idle_sessions
from tests.factories.sinks import (
    QUESTION,
    Event,
    directly,
    empty_queue,
    send_buffered,
    send_directly,
    stored,
    through_redis,
)
from tests.factories.study import (
    Page,
    make_article,
    make_lesson,
    make_member,
    make_rule,
    moment,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("buffered")]

EVENING = moment("2026-03-02 23:50")


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
        st.sampled_from(("next", "next", "next", "again", "skip", "answer")),
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
        if kind == "answer":
            events.append(Event(pages[0], 0, None, now))
            continue
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


@pytest.fixture
def question(monkeypatch):
    """Films have a question after 40 s, which waits until it is answered."""
    monkeypatch.setattr(registry, "_gates", [])
    registry.register_gates(lambda revision: [registry.Gate(40_000, QUESTION, "/")])


@given(steps)
@examples(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_trace_is_worth_the_same_in_both_sinks(question, found):
    """I13, with check-ins, replays, gaps, forged clocks, midnight, several pages at once, and a
    question of the film that is answered at any moment or never."""
    member = make_member()
    film = make_lesson(2)
    pages = [Page(member, film, EVENING), Page(member, film, EVENING)]
    pages += [Page(member, make_lesson(30), EVENING), Page(member, make_article(900), EVENING)]
    events, drains = as_events(pages, found)
    assert through_redis(events, EVENING, drains) == directly(events, EVENING)


def test_what_was_reported_before_an_answer_is_judged_before_it_in_both_sinks(question):
    page = Page(make_member(), make_lesson(2), EVENING)
    seen = [[0, 90_000, 0, 90_000, 100, True]]
    events = [Event(page, 1, seen, 90), Event(page, 0, None, 100)]
    found = through_redis(events, EVENING, set())
    assert found == directly(events, EVENING)
    assert [row[4] for row in found["Coverage"]] == [40_000]


class Phone:
    """What the page's sender does: keeps each batch until the server calls it durable."""

    def __init__(self, page, send):
        self.page, self.send, self.held = page, send, {}

    def report(self, seq, at):
        if seq not in self.held:
            return  # an answer to another batch has called it durable
        with clock.at(self.page.start + timedelta(seconds=at)):
            answer = self.send(Event(self.page, seq, self.held[seq], at))
        if isinstance(answer, DomainError):
            if answer.status == 400:  # it can never count; its number goes on without it
                self.held[seq] = []
                self.report(seq, at)
            else:
                assert answer.status == 423
            return
        durable = answer["durable_seq"] if isinstance(answer, dict) else answer.durable_seq
        self.held = {each: rows for each, rows in self.held.items() if each > durable}

    def evening(self, page_rows, stopped, drained):
        """Ten half minutes; the account is stopped during some of them, and let in again."""
        for seq, rows in page_rows.items():
            Member.objects.filter(pk=self.page.member.pk).update(is_active=seq not in stopped)
            self.held[seq] = rows
            self.report(seq, 30 * seq)
            if seq in drained:
                drain.drain_all()
        Member.objects.filter(pk=self.page.member.pk).update(is_active=True)
        for later in range(1, 5):
            for seq in sorted(self.held):
                self.report(seq, later * 3600)
            drain.drain_all()
        for seq in sorted(self.held):
            self.report(seq, 5 * 3600)
        assert not self.held


@pytest.mark.parametrize("drained", [range(1, 11), [5], [10], []])
@pytest.mark.parametrize(("bad", "stopped"), [(4, ()), (None, range(4, 8)), (3, range(6, 9))])
def test_a_refused_batch_costs_itself_and_nothing_else_in_both_sinks(
    settings, bad, stopped, drained
):
    """I13: a batch in the middle that can never count, and an account stopped for a while."""
    settings.STUDY_SPANS = 4
    page = Page(make_member(), make_lesson(6), EVENING)
    rows = {
        seq: [[30_000 * seq - 30_000, 30_000 * seq, 30_000 * seq - 30_000, 30_000 * seq, 100, 1]]
        for seq in range(1, 11)
    }
    if bad:
        at = 30_000 * bad - 30_000
        rows[bad] = [
            [310_000 + 2 * n, 310_001 + 2 * n, at + 2 * n, at + 2 * n + 1, 100, 1] for n in range(9)
        ]
    told = []
    for send in (send_directly, send_buffered):
        empty_queue()
        with transaction.atomic():
            Phone(page, send).evening(rows, stopped, drained)
            told.append(stored())
            transaction.set_rollback(True)
    direct, queued = told
    for each in told:  # when a batch came again is not the same, nor which came last
        each["Report"] = [row[:2] + row[3:] for row in each["Report"]]
        each["StudySession"] = [row[:3] for row in each["StudySession"]]
        each["Coverage"] = [row[:7] for row in each["Coverage"]]
    assert direct == queued
    assert direct["StudySession"] == [(UUID(page.opened.sid), 10, 10)]
    assert [row[5] for row in direct["Coverage"]] == [300_000 - (30_000 if bad else 0)]


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


def test_what_waited_while_its_visit_was_settled_is_booked_by_time():
    """Workers were away: it was received before the visit was settled, and posted after it."""
    make_rule(mode="as_studied")
    page = Page(make_member(), make_lesson(60), EVENING)
    watch(page, 300, drained=False)
    with clock.at(EVENING + timedelta(hours=1)):
        assert settle_idle_sessions() == 1
        assert not HourEntry.objects.exists()
        assert drain.drain_all().posted == 10
        assert settle_idle_sessions() == 1
    assert sum(HourEntry.objects.values_list("seconds", flat=True)) == 300
    assert settle_idle_sessions() == 0


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
