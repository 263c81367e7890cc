"""Invariants of the judge as properties; the numbers I1–I11 name them across the tests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from school.core import clock
from school.study import spans as sets
from school.study.rules import judge
from school.study.rules.judge import DAY_MS, Segment, Terms
from tests.factories.study import moment

pytestmark = pytest.mark.pure

LENGTH = 60_000
OPENED = 20_000 * DAY_MS + DAY_MS - 45_000  # 45 s before midnight: every run crosses it
NOW = OPENED + 120_000


def terms(**changes):
    values = {
        "text": False,
        "length": LENGTH,
        "gain": 150,
        "per": 100,
        "opened": OPENED,
        "closes": NOW,
        "slack": 250,
        "ceiling": LENGTH * 3 // 2,
    }
    return Terms(**{**values, **changes})


numbers = st.integers(0, 200_000)
forged = st.builds(
    Segment,
    m0=numbers,
    m1=numbers,
    w0=numbers,
    w1=numbers,
    rate=st.integers(0, 1600),
    visible=st.booleans(),
)
short = st.integers(0, 8_000)
plausible = st.builds(
    lambda m0, w0, wall, rate: Segment(m0, m0 + wall * rate // 100, w0, w0 + wall, rate, True),
    m0=st.integers(0, LENGTH),
    w0=st.integers(0, 110_000),
    wall=short,
    rate=st.sampled_from([50, 100, 150]),
)
batches = st.lists(st.one_of(forged, plausible), max_size=20)
axes = st.booleans()


@given(batches, axes)
def test_cover_stays_within_the_item_and_what_was_reported(batch, text):
    """I1, I7: no skipping, nothing beyond the end."""
    verdict = judge.judge(batch, terms(text=text), cover=[], wall=[])
    reported = []
    for segment in batch:
        if segment.visible:
            reported, _ = sets.add(reported, segment.m0, segment.m1)
    assert not sets.subtract(verdict.cover, [0, LENGTH])
    assert not sets.subtract(verdict.cover, reported)
    assert verdict.covered_gain == sets.length(verdict.cover)


@given(st.lists(batches, min_size=3, max_size=3), axes)
def test_several_tabs_never_study_longer_than_real_time(tabs, text):
    """I2, I3: over three sessions on three items."""
    wall, studied, covered = [], 0, 0
    for number, batch in enumerate(tabs):
        opened = OPENED + number * 7_000
        verdict = judge.judge(batch, terms(text=text, opened=opened), cover=[], wall=wall)
        wall, studied = verdict.wall, studied + verdict.studied_ms
        covered += verdict.covered_gain
    assert studied <= sets.length(wall) <= NOW - OPENED
    assert covered <= sets.length(wall) * 150 // 100


@given(batches, axes)
def test_nothing_counts_outside_the_session_or_after_now(batch, text):
    """I8: the claimed time lies between opening and the server's now; hidden earns nothing."""
    verdict = judge.judge(batch, terms(text=text), cover=[], wall=[])
    assert not sets.subtract(verdict.claimed, [OPENED, NOW])
    hidden = [Segment(s.m0, s.m1, s.w0, s.w1, s.rate, False) for s in batch]
    verdict = judge.judge(hidden, terms(text=text), cover=[], wall=[])
    assert not verdict.claimed and not verdict.cover and not verdict.studied


@given(batches, axes)
def test_judging_again_adds_nothing(batch, text):
    """I4 within the judge: the same claims find no free time."""
    first = judge.judge(batch, terms(text=text), cover=[], wall=[])
    again = judge.judge(
        batch, terms(text=text), cover=first.cover, wall=first.wall, studied_ms=first.studied_ms
    )
    assert (again.cover, again.wall) == (first.cover, first.wall)
    assert again.covered_gain == again.studied_ms == 0


@given(batches, batches, axes)
def test_sets_and_study_time_never_fall(one, other, text):
    """I5."""
    first = judge.judge(one, terms(text=text), cover=[], wall=[])
    second = judge.judge(
        other, terms(text=text), cover=first.cover, wall=first.wall, studied_ms=first.studied_ms
    )
    assert not sets.subtract(first.cover, second.cover)
    assert not sets.subtract(first.wall, second.wall)
    assert all(part >= 0 for part in second.studied.values())


@given(batches, axes)
def test_days_add_up_and_keep_to_their_own_time(batch, text):
    """I6: splitting at local midnight keeps the total; no day studies more than it claimed."""
    verdict = judge.judge(batch, terms(text=text), cover=[], wall=[])
    days = judge.split_by_day(verdict.claimed)
    assert judge.join_days(days) == verdict.claimed
    assert sum(map(sets.length, days.values())) == sets.length(verdict.claimed)
    for day, studied in verdict.studied.items():
        assert studied <= sets.length(days[day])


@given(st.lists(st.lists(st.one_of(forged, plausible), max_size=5), max_size=6), st.randoms(), axes)
def test_claimed_time_does_not_depend_on_the_order_of_delivery(parts, random, text):
    """I9."""

    def claimed(order):
        wall, cover = [], []
        for part in order:
            verdict = judge.judge(part, terms(text=text), cover=cover, wall=wall)
            wall, cover = verdict.wall, verdict.cover
        return wall

    shuffled = list(parts)
    random.shuffle(shuffled)
    assert claimed(parts) == claimed(shuffled)


@given(
    st.lists(st.integers(500, 9_000), min_size=1, max_size=12),
    st.randoms(),
    st.sampled_from([100, 125, 150]),
)
def test_an_honest_viewer_loses_at_most_two_milliseconds_a_stretch(walls, random, rate):
    """I10: any batching, any order, everything sent twice."""
    stretches, media, wall = [], 0, 0
    for step in walls:
        more = step * rate // 100
        stretches.append(Segment(media, media + more, wall, wall + step, rate, True))
        media, wall = media + more, wall + step
    sent = stretches * 2
    random.shuffle(sent)
    found = judge.judge(sent, terms(length=media, closes=OPENED + wall), cover=[], wall=[])
    assert sets.length(found.cover) >= media - 2 * len(walls)


def test_a_film_played_faster_than_allowed_counts_nothing():
    batch = [Segment(0, 40_000, 0, 20_000, 200, True)]
    assert judge.judge(batch, terms(), cover=[], wall=[]).covered_gain == 0
    assert judge.judge(batch, terms(gain=200), cover=[], wall=[]).covered_gain == 40_000


def test_a_text_flicked_to_its_end_counts_only_what_could_be_read():
    """750 characters a minute at most, taken from the unread part in view."""
    text = terms(text=True, length=1000, gain=750, per=60_000, ceiling=360_000)
    flick = [Segment(0, 1000, 0, 4_000, 100, True)]
    verdict = judge.judge(flick, text, cover=[], wall=[])
    assert verdict.covered_gain == 50
    stay = [Segment(0, 1000, 4_000, 84_000, 100, True)]
    verdict = judge.judge(stay, text, cover=verdict.cover, wall=verdict.wall, studied_ms=4_000)
    assert verdict.covered_gain == 950


def test_staying_on_a_text_earns_at_most_its_ceiling():
    text = terms(text=True, length=100, gain=750, per=60_000, ceiling=36_000)
    verdict = judge.judge([Segment(0, 100, 0, 100_000, 100, True)], text, cover=[], wall=[])
    assert verdict.covered_gain == 100
    assert verdict.studied_ms == 36_000


@pytest.mark.parametrize(
    "raw",
    [
        None,
        {},
        "x",
        [1],
        [[1, 2, 3]],
        [[0, 1, 0, 1, 100, 2]],
        [[0.5, 1, 0, 1, 100, 1]],
        [[True, 1, 0, 1, 100, 1]],
        [[-1, 1, 0, 1, 100, 1]],
        [[0, 2**32, 0, 1, 100, 1]],
        [["0", 1, 0, 1, 100, 1]],
        [[0, 1, 0, 1, 100, 1]] * 201,
    ],
)
def test_segments_of_a_wrong_shape_are_refused(raw):
    with pytest.raises(ValueError):
        judge.parse_segments(raw, 200)


@pytest.mark.parametrize("text", ["2026-01-01 00:00:00", "2025-12-31 23:59:59", "2026-07-01 12:00"])
def test_the_judges_days_are_the_clocks_days(text):
    at = moment(text)
    assert judge.date_of(judge.day_of(judge.local_ms(clock.to_ms(at)))) == clock.local_day(at)
