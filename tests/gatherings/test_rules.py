"""Codes that turn, minutes that count: rules as properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from school.gatherings import rules

pytestmark = pytest.mark.pure
KEY = b"key of the school"
MOMENTS = st.integers(1_500_000_000_000, 2_500_000_000_000)
GATHERINGS = st.integers(1, 10**9)
SECONDS = 30
MINUTE = 60_000


# -- the code -------------------------------------------------------------------------------------


@given(GATHERINGS, MOMENTS)
def test_a_code_is_six_digits_and_holds_for_its_window_and_the_next(gathering, now):
    code = rules.code_of(KEY, gathering, rules.code_window(now, SECONDS))
    assert len(code) == 6 and code.isdecimal()
    begin = now - now % (SECONDS * 1000)
    for later in (0, SECONDS * 1000 - 1, SECONDS * 1000, 2 * SECONDS * 1000 - 1):
        assert rules.code_fits(KEY, gathering, code, begin + later, SECONDS)


@given(GATHERINGS, MOMENTS, st.integers(2, 200_000))
def test_an_older_code_fits_only_by_the_chance_of_a_guess(gathering, now, windows):
    old = rules.code_of(KEY, gathering, rules.code_window(now, SECONDS) - windows)
    valid = {
        rules.code_of(KEY, gathering, rules.code_window(now, SECONDS) - back) for back in (0, 1)
    }
    assert rules.code_fits(KEY, gathering, old, now, SECONDS) == (old in valid)


def test_yesterdays_code_and_tomorrows_do_not_fit():
    now, day = 1_800_000_000_000, 24 * 3600 // SECONDS
    window = rules.code_window(now, SECONDS)
    for far in (-day, day, 1, -2):
        assert not rules.code_fits(KEY, 7, rules.code_of(KEY, 7, window + far), now, SECONDS)


@given(MOMENTS)
def test_codes_of_gatherings_and_of_keys_have_nothing_in_common(now):
    window = rules.code_window(now, SECONDS)
    codes = [rules.code_of(KEY, number, window) for number in range(1, 40)]
    # Forty draws of a million: more than one pair alike would be no chance.
    assert len(set(codes)) >= 38
    others = [rules.code_of(b"another", number, window) for number in range(1, 40)]
    assert sum(a == b for a, b in zip(codes, others, strict=True)) <= 1


@given(st.text(max_size=20), MOMENTS)
def test_whatever_is_typed_is_answered(text, now):
    rules.code_fits(KEY, 1, rules.folded_code(text), now, SECONDS)


@given(MOMENTS)
def test_full_width_digits_and_blanks_are_the_same_code(now):
    code = rules.code_of(KEY, 3, rules.code_window(now, SECONDS))
    wide = "".join(chr(ord(c) - ord("0") + ord("０")) for c in code)
    assert rules.folded_code(f" {wide[:3]} {wide[3:]} ") == code


@given(MOMENTS)
def test_the_seconds_left_are_those_until_the_window_turns(now):
    left = rules.left_of_window(now, SECONDS)
    assert 1 <= left <= SECONDS
    window = rules.code_window(now, SECONDS)
    assert rules.code_window(now + left * 1000, SECONDS) == window + 1


# -- minutes --------------------------------------------------------------------------------------


@given(MOMENTS, st.integers(-120 * MINUTE, 600 * MINUTE), st.integers(0, 30))
def test_nobody_is_late_before_the_grace_is_over_and_later_is_never_less_late(start, after, grace):
    late = rules.late_minutes(start, start + after, grace)
    assert late >= 0
    if after < (grace + 1) * MINUTE:
        assert late == 0
    else:
        # Never more than the time that has really passed.
        assert grace < late <= after // MINUTE
    assert rules.late_minutes(start, start + after + MINUTE, grace) >= late


@given(MOMENTS, st.integers(1, 720), st.integers(0, 900), st.integers(0, 900))
def test_what_counts_is_the_session_less_late_and_early_and_lies_within_it(
    start, long, late, early
):
    end = start + long * MINUTE
    part = rules.attended(start, end, late, early)
    if late + early >= long:
        assert part is None
    else:
        assert start <= part[0] < part[1] <= end
        assert part[1] - part[0] == (long - late - early) * MINUTE


@given(st.integers(1, 720), st.integers(-5, 900), st.integers(-5, 900))
def test_a_mark_without_fault_leaves_time_that_counts(long, late, early):
    mark = rules.Mark(rules.PRESENT, late, early)
    fits = rules.mark_fault(mark, long) == ""
    assert fits == (late >= 0 and early >= 0 and late + early < long)
    if fits:
        assert rules.attended(0, long * MINUTE, late, early) is not None


def test_only_three_states_can_be_entered():
    assert rules.mark_fault(rules.Mark("expected"), 60) == "state"
    assert rules.mark_fault(rules.Mark("到会"), 60) == "state"
    assert all(rules.mark_fault(rules.Mark(state), 60) == "" for state in rules.STATES)


@given(st.integers(0, 10**7), st.integers(1, 10**7), st.floats(0, 1))
def test_who_was_there_the_whole_time_has_seen_it_and_who_was_not_has_not(there, whole, share):
    assert rules.has_seen(whole, whole, share)
    assert not rules.has_seen(0, whole, share)
    if rules.has_seen(there, whole, share):
        assert rules.has_seen(there + 1, whole, share)


# -- over all sessions ----------------------------------------------------------------------------


@given(st.lists(st.sampled_from(rules.STATES), max_size=4), st.integers(0, 3))
def test_present_once_is_present_and_nobody_is_absent_before_all_is_entered(states, missing):
    sessions = len(states) + missing
    said = rules.overall(states, sessions)
    if rules.PRESENT in states:
        assert said == rules.PRESENT
    elif rules.LEAVE in states:
        assert said == rules.LEAVE
    else:
        assert said == (rules.ABSENT if states and not missing else rules.EXPECTED)
