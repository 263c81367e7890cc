"""Check-ins: when a page asks, and what an answer opens."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from school.study.rules import gates
from school.study.rules.judge import Segment

pytestmark = pytest.mark.pure

MINUTE = 60_000
sids = st.integers(0, 2**128 - 1).map(lambda number: UUID(int=number))


@given(sids, st.integers(1, 60), st.integers(0, 60), st.integers(0, 12 * 60))
def test_check_ins_lie_apart_as_the_policy_says(sid, low, more, until):
    low, high, until = low * MINUTE, (low + more) * MINUTE, until * MINUTE
    moments = gates.schedule(sid, low, high, until)
    steps = [b - a for a, b in zip((0, *moments), moments, strict=False)]
    assert all(low <= step <= high for step in steps)
    assert all(moment < until for moment in moments)
    # None is missing at the end.
    assert until - (moments[-1] if moments else 0) <= high or until <= high


@given(sids, st.integers(1, 12 * 60), st.integers(1, 12 * 60))
def test_a_look_at_a_part_of_the_visit_sees_the_same_moments(sid, one, other):
    shorter, longer = sorted((one * MINUTE, other * MINUTE))
    whole = gates.schedule(sid, 8 * MINUTE, 15 * MINUTE, longer)
    part = gates.schedule(sid, 8 * MINUTE, 15 * MINUTE, shorter)
    assert part == [moment for moment in whole if moment < shorter]


@given(sids, st.integers(1, 20 * MINUTE))
def test_what_was_studied_elsewhere_brings_the_first_check_in_forward(sid, carried):
    low, high, until = 8 * MINUTE, 15 * MINUTE, 60 * MINUTE
    alone = gates.schedule(sid, low, high, until)
    moments = gates.schedule(sid, low, high, until, carried)
    assert moments[0] == max(gates.SETTLING_MS, alone[0] - carried)
    assert all(low <= b - a <= high for a, b in zip(moments, moments[1:], strict=False))


def test_what_is_unanswered_is_what_was_studied_after_the_last_answer():
    def seen(begin, end, *answers, visible=True):
        return [Segment(0, end - begin, begin, end, 100, visible)], list(answers)

    visit = [seen(0, 300), seen(300, 500), seen(400, 600, visible=False)]
    assert gates.unanswered(visit, 0) == 500
    assert gates.unanswered(visit, 70) == 570
    assert gates.unanswered([*visit, seen(650, 800, (0, 700))], 70) == 100
    assert gates.unanswered([], 70) == 70


def test_moments_spread_over_the_whole_range():
    first = [
        gates.schedule(UUID(int=number), 8 * MINUTE, 15 * MINUTE, 16 * MINUTE)[0]
        for number in range(2_000)
    ]
    assert min(first) < 8.1 * MINUTE and max(first) > 14.9 * MINUTE
    assert abs(sum(first) / len(first) - 11.5 * MINUTE) < 0.2 * MINUTE


@pytest.mark.parametrize(("low", "high"), [(0, 0), (0, 900_000), (900_000, 480_000)])
def test_without_a_range_nothing_is_asked(low, high):
    assert gates.schedule(UUID(int=1), low, high, 12 * 60 * MINUTE) == []


steps = st.lists(st.integers(1, 60), max_size=6)
answers = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 300)), max_size=8)


@given(steps, answers, st.integers(0, 320), st.integers(0, 10))
def test_windows_are_those_of_the_plain_model(rests, given_answers, until, grace):
    """A millisecond counts when the last check-in before it (less the grace) was answered by it."""
    moments, at = [], 0
    for rest in rests:
        at += rest
        moments.append(at)

    def counts(ms):
        for number in range(len(moments), -1, -1):
            begins = 0 if number == 0 else moments[number - 1]
            ends = (moments[number] + grace) if number < len(moments) else until
            if number == 0:
                answered = [0]
            else:
                answered = [w for k, w in given_answers if k == number - 1 and w >= begins]
            if any(w <= ms < ends for w in answered):
                return True
        return False

    usual, gates.GRACE_MS = gates.GRACE_MS, grace
    try:
        found = gates.windows(moments, given_answers, until)
    finally:
        gates.GRACE_MS = usual
    inside = {n for a, b in zip(found[::2], found[1::2], strict=True) for n in range(a, b)}
    assert inside == {ms for ms in range(until) if counts(ms)}


def test_the_order_of_answers_and_repeats_change_nothing():
    moments = [100_000, 200_000, 300_000]
    one = gates.windows(moments, [(0, 100_000), (2, 310_000)], 400_000)
    assert one == gates.windows(moments, [(2, 310_000), (0, 150_000), (0, 100_000)], 400_000)
    assert one == [0, 200_000 + gates.GRACE_MS, 310_000, 400_000]


@pytest.mark.parametrize(
    "raw",
    [{}, "x", 7, [1], [[1]], [[1, 2, 3]], [[0.5, 1]], [[True, 1]], [[-1, 1]], [[0, 2**32]]],
)
def test_answers_of_a_wrong_shape_are_refused(raw):
    with pytest.raises(ValueError):
        gates.parse_answers(raw)


def test_more_answers_than_a_visit_holds_are_refused():
    most = [[0, 1]] * gates.MAX_ANSWERS
    assert len(gates.parse_answers(most)) == gates.MAX_ANSWERS
    with pytest.raises(ValueError):
        gates.parse_answers([*most, [0, 1]])
    assert gates.parse_answers(None) == []
