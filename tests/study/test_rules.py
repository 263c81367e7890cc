"""Hours and completion as pure rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from school.study.rules import hours
from school.study.rules.completion import is_covered, is_new_revision

pytestmark = pytest.mark.pure

TIERS = [[15, 25], [30, 50], [None, 100]]
PRESETS = {"uncovered_ms": 2000, "uncovered_share": 0.02, "text_share": 0.10}


@pytest.mark.parametrize(
    ("minutes", "credit"), [(0, 0), (1, 25), (15, 25), (15.1, 50), (30, 50), (31, 100), (300, 100)]
)
def test_an_award_follows_the_tier_of_its_length(minutes, credit):
    assert hours.award_for(int(minutes * 60_000), tiers=TIERS, minutes_per_hour=45) == credit


@pytest.mark.parametrize(("minutes", "credit"), [(45, 100), (44, 97), (8, 17), (90, 200)])
def test_without_tiers_an_award_is_in_proportion_rounded_down(minutes, credit):
    assert hours.award_for(minutes * 60_000, tiers=[], minutes_per_hour=45) == credit


def test_beyond_the_last_tier_an_award_is_in_proportion():
    assert hours.award_for(90 * 60_000, tiers=[[15, 25]], minutes_per_hour=45) == 200


@given(st.lists(st.integers(0, 500), max_size=30), st.integers(1, 100))
def test_a_step_is_applied_once_to_the_sum_and_never_upward(entries, step):
    total = sum(entries)
    assert total - step < hours.stepped(total, step) <= total
    assert hours.stepped(total, step) >= sum(hours.stepped(each, step) for each in entries)


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_a_grant_never_passes_its_cap(award, held, cap):
    granted = hours.grant(award, rooms=[(cap - held, "x")])
    assert 0 <= granted.credit <= award
    assert granted.credit == 0 or held + granted.credit <= cap
    assert bool(granted.note) == (granted.credit < award)


@pytest.mark.parametrize(
    ("covered", "length", "enough"),
    [
        (58_000, 60_000, True),
        (57_999, 60_000, False),  # 2 s
        (1_176_000, 1_200_000, True),
        (1_175_999, 1_200_000, False),  # 2 %
        (0, 2_000, False),
        (1_000, 2_000, True),  # never more than half
    ],
)
def test_a_film_is_complete_within_two_seconds_or_two_per_cent(covered, length, enough):
    assert is_covered(covered, length, text=False, **PRESETS) is enough


@pytest.mark.parametrize(("covered", "enough"), [(900, True), (899, False)])
def test_a_text_is_complete_at_nine_tenths(covered, enough):
    assert is_covered(covered, 1000, text=True, **PRESETS) is enough


@pytest.mark.parametrize(("new", "fresh"), [(110, False), (111, True), (90, False), (89, True)])
def test_more_than_a_tenth_is_a_new_revision(new, fresh):
    assert (
        is_new_revision(same_axis=True, old_length=100, new_length=new, study_again=False) is fresh
    )
