"""Counting rules: parts add up, rates round down, lights, one member through time."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from school.plans.rules import (
    Begun,
    Counts,
    Done,
    LightLimits,
    MemberFacts,
    PlanFacts,
    PlanLine,
    Span,
    figures,
    light,
    percent,
    state_on,
    timeline,
)

pytestmark = pytest.mark.pure

START, END = date(2026, 3, 1), date(2026, 5, 31)
days = st.dates(date(2026, 1, 1), date(2026, 8, 31))


def line(branch, day):
    return (branch,)


@st.composite
def counted(draw):
    """Counts as the counters make them: done within started within due."""
    due = draw(st.integers(0, 500))
    started = draw(st.integers(0, due))
    done = draw(st.integers(0, started))
    on_time = draw(st.integers(0, done))
    waiting = draw(st.integers(0, due - done))
    exempt = draw(st.integers(0, 50))
    return Counts(due, exempt, started, on_time, done - on_time, waiting)


@given(counted(), days)
def test_the_four_parts_add_up_to_due_on_every_day(counts, day):
    shown = figures(counts, ends_on=END, day=day)
    assert shown.on_time + shown.late + shown.studying + shown.untouched == shown.due
    assert shown.done + shown.open == shown.due
    assert 0 <= shown.overdue <= shown.open


@given(counted())
def test_nothing_is_overdue_until_the_day_after_the_deadline(counts):
    assert figures(counts, ends_on=END, day=END).overdue == 0
    after = figures(counts, ends_on=END, day=END + timedelta(days=1))
    assert after.overdue == counts.due - counts.on_time - counts.late - counts.waiting


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_rate_of_100_means_everyone_and_nobody_asked_means_no_rate(part, whole):
    part = min(part, whole)
    rate = percent(part, whole)
    if not whole:
        assert rate is None
    else:
        assert (rate == 100) == (part == whole)


@pytest.mark.parametrize(
    ("done", "day", "shown"),
    [
        (0, START, "start"),
        (0, START + timedelta(days=8), "start"),
        (0, START + timedelta(days=9), "late"),
        (10, END + timedelta(days=30), "normal"),
        (9, END + timedelta(days=1), "late"),
        (5, START + timedelta(days=45), "normal"),
        (4, START + timedelta(days=45), "slow"),
        (3, START + timedelta(days=45), "late"),
    ],
)
def test_the_light_compares_done_with_the_elapsed_share(done, day, shown):
    assert (
        light(done=done, due=10, starts_on=START, ends_on=END, day=day, limits=LightLimits())
        == shown
    )


def test_nobody_asked_has_no_light():
    assert light(done=0, due=0, starts_on=START, ends_on=END, day=END, limits=LightLimits()) == ""


def plan_of(*items, **changes):
    values = {"id": 1, "starts_on": START, "ends_on": END, "closes_on": None, "items": items}
    return PlanFacts(**(values | changes))


def person(**changes):
    values = {
        "homes": [(Span(date(2025, 1, 1)), 7)],
        "standings": [(Span(date(2025, 1, 1)), "full", True)],
    }
    return MemberFacts(**(values | changes))


@st.composite
def histories(draw):
    """A member who moves, changes standing, studies, is let off; and a plan with changes in it."""
    moves = sorted(draw(st.sets(days, max_size=3)))
    starts = [date(2025, 1, 1), *moves]
    homes = [
        (Span(a, b), draw(st.sampled_from([7, 8, 9])))
        for a, b in zip(starts, [*moves, None], strict=True)
    ]
    left = draw(st.none() | days)
    standings = [(Span(date(2025, 1, 1), left), "full", draw(st.booleans()))]
    items = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        items.append(
            PlanLine(
                id=number,
                item_id=100 + number,
                required=draw(st.booleans()),
                withdrawn_on=draw(st.none() | days),
                replaced_by=draw(st.none() | st.integers(1, 3)),
                gone_on=draw(st.none() | days),
            )
        )
    items = [i if i.replaced_by != i.id else PlanLine(i.id, i.item_id) for i in items]
    done = [
        Done(draw(st.integers(101, 103)), Span(day, draw(st.none() | st.just(day + timedelta(9)))))
        for day in draw(st.lists(days, max_size=4))
    ]
    begun = [Begun(draw(st.integers(101, 103)), day) for day in draw(st.lists(days, max_size=3))]
    exempt = {1: [Span(draw(days), draw(st.none() | st.just(date(2026, 12, 1))))]}
    plan = plan_of(*items, closes_on=draw(st.none() | st.dates(END, END + timedelta(days=60))))
    member = person(
        homes=homes,
        standings=standings,
        done=done,
        begun=begun,
        exempt=exempt if draw(st.booleans()) else {},
    )
    return plan, member


@given(histories(), days)
def test_the_changes_up_to_a_day_sum_to_the_state_of_that_day(history, day):
    plan, member = history
    summed = {}
    for (at, branch, item), change in timeline(plan, member, line).items():
        if at <= day:
            summed[branch, item] = summed.get((branch, item), Counts()) + change
    summed = {key: counts for key, counts in summed.items() if counts}
    if day < plan.starts_on:
        assert summed == {}
    else:
        last = min(day, plan.closes_on) if plan.closes_on else day
        assert summed == state_on(plan, member, last, line)


@given(histories(), days)
def test_a_member_is_counted_at_most_once_and_never_half(history, day):
    plan, member = history
    totals = [c for (_, item), c in state_on(plan, member, day, line).items() if item is None]
    assert len(totals) <= 1
    for counts in totals:
        assert counts.due + counts.exempt == 1
        assert counts.on_time + counts.late <= counts.started <= counts.due
        assert counts.waiting + counts.on_time + counts.late <= 1


def test_finished_stays_finished_when_an_item_is_withdrawn():
    old = PlanLine(1, 101, withdrawn_on=date(2026, 4, 1), replaced_by=2)
    new = PlanLine(2, 102, added_on=date(2026, 4, 1))
    finisher = person(done=[Done(101, Span(date(2026, 3, 10)))])
    other = person(done=[Done(101, Span(date(2026, 4, 10)))])
    day = date(2026, 4, 20)
    assert state_on(plan_of(old, new), finisher, day, line)[7, None].on_time == 1
    asked = state_on(plan_of(old, new), other, day, line)
    assert asked[7, None].on_time == 0
    assert (7, 1) not in asked


def test_without_a_decision_an_item_gone_from_the_site_is_not_overdue():
    gone = PlanLine(1, 101, gone_on=date(2026, 4, 1))
    after = END + timedelta(days=5)
    counts = state_on(plan_of(gone), person(), after, line)[7, None]
    assert figures(counts, ends_on=END, day=after).overdue == 0


def test_who_joins_after_the_deadline_is_not_asked():
    late = person(homes=[(Span(END + timedelta(days=3)), 7)])
    assert timeline(plan_of(PlanLine(1, 101)), late, line) == {}


def test_a_transfer_takes_the_whole_state_along():
    moved = person(
        homes=[(Span(date(2025, 1, 1), date(2026, 4, 1)), 7), (Span(date(2026, 4, 1)), 8)],
        done=[Done(101, Span(date(2026, 3, 5)))],
    )
    changes = timeline(plan_of(PlanLine(1, 101)), moved, line)
    assert changes[date(2026, 4, 1), 7, None] == Counts(due=-1, started=-1, on_time=-1)
    assert changes[date(2026, 4, 1), 8, None] == Counts(due=1, started=1, on_time=1)


def test_after_the_plan_has_closed_nobody_moves_its_figures():
    moved = person(
        homes=[(Span(date(2025, 1, 1), date(2026, 7, 1)), 7), (Span(date(2026, 7, 1)), 8)]
    )
    plan = plan_of(PlanLine(1, 101), closes_on=date(2026, 6, 15))
    assert {branch for _, branch, _ in timeline(plan, moved, line)} == {7}
