"""Which patterns are listed: scripts are, people are not. An address is never a pattern."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from school.study import spans as sets
from school.study.rules.anomalies import (
    HOUR,
    MINUTE,
    SECOND,
    STEP_CROWD,
    Delivery,
    Limits,
    Trace,
    Visit,
    _pairs,
    deferred,
    device_chains,
    lockstep,
    long_day,
    outside,
    rhythm,
)
from school.study.rules.judge import Segment
from tests.factories.anomalies import film
from tests.study.test_invariants import Viewer

pytestmark = pytest.mark.pure
LIMITS = Limits()
DAY = 24 * HOUR
seeds = st.integers(0, 2**32)


def texts(*lasted, idle=180_000):
    """Texts that each stayed open for so many milliseconds."""
    return [
        Trace(item, 60_000 + 20_000 * item, (), [([Segment(0, 9, 0, ms, 100, True)], [])], idle)
        for item, ms in enumerate(lasted)
    ]


# -- rhythm ---------------------------------------------------------------------------------------


@given(seeds, st.lists(st.integers(3, 90), min_size=1, max_size=8))
def test_a_person_before_the_schools_own_page_is_not_listed(seed, films):
    random = Random(seed)
    traces = [
        film(minutes * MINUTE + random.randint(0, 59_999), item=item, random=random)
        for item, minutes in enumerate(films)
    ]
    assert rhythm(traces) == {}


@given(st.data())
def test_the_honest_viewer_of_the_judges_tests_is_not_listed(data):
    """Pauses, rests, reloads and batches of any size; each check-in stops the film."""
    low = data.draw(st.sampled_from([0, 30_000, 480_000]))
    viewer = Viewer(data.draw, data.draw(st.integers(20_000, 900_000)), 100, low, 2 * low)
    viewer.open()
    for _ in range(20):
        if viewer.media >= viewer.length:
            break
        viewer.play()
    moments = viewer.moments if low else []
    traces = [Trace(1, viewer.length, moments, reports) for _sid, _at, reports in viewer.visits]
    assert not {"even", "equal", "same"} & set(rhythm(traces))


@given(seeds, st.integers(80, 240), st.integers(0, 250))
def test_a_script_that_answers_at_once_and_never_stops_is_listed(seed, minutes, delay):
    signs = rhythm([film(minutes * MINUTE, random=Random(seed), delay=delay)])
    assert {"instant", "even"} <= set(signs)


@given(seeds, st.integers(1_000, 60_000))
def test_a_script_that_always_waits_as_long_is_listed(seed, delay):
    signs = rhythm([film(180 * MINUTE, random=Random(seed), delay=delay)])
    assert signs["same"]["answers"] >= 10 and signs["same"]["low"] == delay
    assert "instant" not in signs


def test_two_hours_of_film_in_thirty_second_reports_over_check_ins_are_one_sign():
    sign = rhythm([film(120 * MINUTE, random=Random(1), delay=40_000)])["even"]
    assert sign["interval"] == 30_000 and sign["reports"] == 240 and sign["check_ins"] >= 8


def test_without_check_ins_an_even_rhythm_says_nothing():
    """A person who presses play once and watches to the end reports evenly too."""
    whole = film(120 * MINUTE, random=Random(1), delay=0)
    assert rhythm([Trace(whole.item, whole.wanted, (), whole.reports)]) == {}


@given(seeds, st.integers(60, 170))
def test_the_same_time_on_every_item_is_listed(seed, seconds):
    random = Random(seed)
    lasted = [seconds * 1_000 + random.randint(0, 400) for _ in range(8)]
    assert rhythm(texts(*lasted))["equal"]["items"] == 8


@given(seeds)
def test_people_spend_different_times_on_different_texts(seed):
    random = Random(seed)
    lasted = [int(random.lognormvariate(4.6, 0.5) * 1_000) for _ in range(12)]
    assert rhythm(texts(*lasted)) == {}


def test_texts_that_nobody_touched_end_alike_and_are_not_listed():
    assert rhythm(texts(*[179_000 + 100 * n for n in range(8)])) == {}
    assert rhythm(texts(*[179_000 + 100 * n for n in range(8)], idle=0)) != {}


def test_films_of_one_length_seen_to_their_end_are_not_listed():
    same = [
        Trace(n, 300_000, (), [([Segment(0, 300_000, 0, 300_000, 100, True)], [])])
        for n in range(8)
    ]
    assert rhythm(same) == {}


def test_a_glance_is_no_visit():
    assert rhythm(texts(*[5_000] * 12)) == {}


# -- a day ----------------------------------------------------------------------------------------


@given(st.integers(6, 14), st.integers(0, 6))
def test_a_long_working_day_of_study_is_not_listed(hours, first):
    assert long_day([first * HOUR, (first + hours) * HOUR], LIMITS) is None


@given(st.integers(16, 24))
def test_more_hours_than_a_day_has_room_for_are_listed(hours):
    found = long_day([0, hours * HOUR], LIMITS)
    assert found["total"] == hours * HOUR and sum(found["hours"]) == hours * HOUR


def test_study_in_nearly_every_hour_of_the_clock_is_listed_however_short_each_is():
    spans = [edge for hour in range(18) for edge in (hour * HOUR, hour * HOUR + 10 * MINUTE)]
    assert long_day(spans, LIMITS)["used"] == 18
    assert long_day(spans[2:], LIMITS) is None
    assert long_day(spans, Limits(clock_hours=19)) is None


# -- one device -----------------------------------------------------------------------------------


def turns(count, *, gap=2 * MINUTE, lasting=20 * MINUTE, browser="b", begin=8 * HOUR):
    """Accounts one after another."""
    return [
        Visit(n, n, begin + n * (lasting + gap), begin + n * (lasting + gap) + lasting, browser)
        for n in range(count)
    ]


def test_four_accounts_one_after_another_on_one_browser_are_listed():
    (chain,) = device_chains(turns(4), LIMITS)
    assert [turn.member for turn in chain] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "visits",
    [
        turns(3),
        turns(8, gap=16 * MINUTE),
        turns(8, lasting=MINUTE),
        [visit._replace(browser="") for visit in turns(8)],
        [visit._replace(browser=f"b{visit.member}") for visit in turns(8)],
        [visit._replace(member=1) for visit in turns(8)],
    ],
    ids=["a family", "a reading room", "glances", "unmarked", "own telephones", "one person"],
)
def test_these_are_not_listed(visits):
    assert device_chains(visits, LIMITS) == []


@given(seeds, st.integers(2, 200))
def test_two_hundred_people_in_one_room_are_nothing(seed, people):
    """One address, one make of telephone: neither is looked at; each has a browser of his own and
    begins and ends when he does."""
    random = Random(seed)
    visits = []
    for member in range(people):
        at = 9 * HOUR + random.randint(0, 90_000)
        for item in range(4):
            end = at + 5 * MINUTE + random.randint(0, 240_000)
            visits.append(Visit(member, item, at, end, f"own {member}"))
            at = end + random.randint(2_000, 120_000)
    assert device_chains(visits, LIMITS) == [] and lockstep(visits, LIMITS) == []


# -- lockstep -------------------------------------------------------------------------------------


def in_step(members, items=3, *, apart=0, late=0):
    """Members on the same items in the same seconds."""
    return [
        Visit(member, item, at + apart * n, at + 5 * MINUTE + apart * n + late * n, f"{member}")
        for n, member in enumerate(members)
        for item in range(items)
        for at in [8 * HOUR + item * 10 * MINUTE]
    ]


@given(st.integers(3, 60), st.integers(3, 6), st.integers(0, 40))
def test_members_who_begin_and_end_several_items_together_are_listed(people, items, apart):
    (party,) = lockstep(in_step(range(people), items, apart=apart), LIMITS)
    assert party.members == set(range(people))
    assert all(len(party.visits[member]) == items for member in party.members)


@pytest.mark.parametrize(
    "visits",
    [
        in_step(range(2)),
        in_step(range(9), items=2),
        in_step(range(9), apart=4 * SECOND),
        in_step(range(9), late=4 * SECOND),
    ],
    ids=["two", "two items", "begun apart", "ended apart"],
)
def test_these_are_not_in_step(visits):
    assert lockstep(visits, LIMITS) == []


def test_a_crowd_that_begins_together_is_not_compared_each_with_each():
    crowd = [Visit(n, 1, 8 * HOUR + n % 3_000, 9 * HOUR + n * 7, "") for n in range(2_000)]
    assert sum(map(len, _pairs(crowd).values())) <= 2_000 * STEP_CROWD


def test_parties_are_told_apart():
    later = [
        visit._replace(begin=visit.begin + HOUR, end=visit.end + HOUR, member=visit.member + 9)
        for visit in in_step(range(3))
    ]
    parties = lockstep(in_step(range(4)) + later, LIMITS)
    assert sorted(len(party.members) for party in parties) == [3, 4]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 4), st.integers(0, DAY)), max_size=60))
def test_the_order_of_the_evidence_changes_nothing(rows):
    visits = [Visit(m, r, at, at + 2 * MINUTE + r * SECOND, str(r)) for m, r, at in rows]

    def found(given):
        steps = sorted(sorted(party.members) for party in lockstep(given, Limits(together=2)))
        return device_chains(given, Limits(accounts=2)), steps

    assert found(visits)[1] == found(visits[::-1])[1]


# -- late delivery --------------------------------------------------------------------------------


def visit(opened, begin, minutes, received, *, browser="one", over=0):
    """Moments in minutes of the day; ``over``: how long the delivery took."""
    told = [received * MINUTE, (received + over) * MINUTE]
    begin, spent = begin * MINUTE, minutes * MINUTE
    return Delivery(1, opened * MINUTE, begin, begin + spent, spent, told, browser)


def test_visits_opened_in_the_morning_and_told_in_one_go_in_the_evening_are_listed():
    """A script opens forty visits at eight and sends one report of each at twenty."""
    opened = 8 * 60
    day = [visit(opened + n // 6, opened + 15 * n, 15, 20 * 60 + n // 6) for n in range(40)]
    found = deferred(day)
    assert len(found["visits"]) >= 36 and found["total"] >= 36 * 15 * MINUTE


def test_visits_told_later_than_the_browser_was_heard_of_are_listed():
    kept_back = [visit(480 + 30 * n, 480 + 30 * n, 20, 1200) for n in range(3)]
    # The next opening came after the first two began, and a page in the afternoon after all.
    afternoon = visit(900, 900, 1, 901)
    assert len(deferred([*kept_back, afternoon])["visits"]) == 3
    assert deferred([*kept_back, afternoon._replace(browser="two")]) is None
    assert deferred([each._replace(browser="") for each in [*kept_back, afternoon]]) is None


def test_honest_days_are_not_taken_for_late_delivery():
    watched = [visit(480 + 30 * n, 480 + 30 * n, 20, 481 + 30 * n, over=19) for n in range(10)]
    # Read in the train without a line from pages opened before; sent when there was one again.
    train = [visit(480, 480 + 8 * n, 8, 660) for n in range(3)]
    # The battery died in one visit, which came the next day with the next page.
    died = visit(480, 481, 30, 480 + 24 * 60)
    short = [visit(480, 480, 3, 1200) for _ in range(5)]
    slowly = [visit(480 + 30 * n, 480 + 30 * n, 20, 1200, over=30) for n in range(5)]
    for day in (watched, train, [*watched, died], [*watched, *short], slowly, []):
        assert deferred(day) is None


# -- gatherings -----------------------------------------------------------------------------------


def test_a_registered_gathering_explains_what_falls_into_it():
    together = {member: [8 * HOUR, 9 * HOUR] for member in range(9)}
    assert outside(in_step(range(9)), together) == []
    assert outside(turns(1), {0: [10 * HOUR, 11 * HOUR]}) == turns(1)


def test_a_gathering_of_others_explains_nothing():
    visits = in_step(range(3))
    assert outside(visits, {7: [8 * HOUR, 9 * HOUR]}) == visits


def test_people_come_early_and_stay_on():
    early = [Visit(1, 1, 8 * HOUR - 40 * MINUTE, 8 * HOUR - 29 * MINUTE)]
    assert outside(early, {1: [8 * HOUR, 9 * HOUR]}) == []
    assert outside(early, {1: sets.shift([8 * HOUR, 9 * HOUR], MINUTE)}) == early
