"""What counts as right, and for how much."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizzes.rules.marking import EXACT, HALF, Mark, mark, normalise, passes

pytestmark = pytest.mark.pure

OPTIONS = list("abcdef")
subsets = st.sets(st.sampled_from(OPTIONS))
keys = st.sets(st.sampled_from(OPTIONS), min_size=1)
full_marks = st.integers(min_value=1, max_value=10_000)
texts = st.text(min_size=1, max_size=8).filter(normalise)


def choice(*names: str) -> dict:
    return {"options": list(names)}


@pytest.mark.parametrize("kind", ["single", "true_false"])
def test_one_right_option_gives_the_full_marks(kind):
    assert mark(kind, choice("b"), ["b"], 500) == Mark(500, True)
    assert mark(kind, choice("b"), ["a"], 500) == Mark(0, False)
    assert mark(kind, choice("b"), [], 500) == Mark(0, False)


def test_choosing_every_option_of_a_single_choice_is_wrong():
    assert mark("single", choice("b"), ["a", "b"], 500) == Mark(0, False)


@given(keys, subsets, full_marks, st.sampled_from([EXACT, HALF]))
def test_multiple_choice_is_right_exactly_when_the_sets_are_equal(key, chosen, full, rule):
    outcome = mark("multiple", choice(*key), list(chosen), full, rule)
    assert outcome.right == (key == chosen)
    assert (outcome.marks == full) == outcome.right or full == 0


@given(keys, subsets, full_marks)
def test_incomplete_gives_half_only_by_that_rule_and_a_wrong_option_nothing(key, chosen, full):
    exact = mark("multiple", choice(*key), list(chosen), full, EXACT).marks
    half = mark("multiple", choice(*key), list(chosen), full, HALF).marks
    if chosen - key or not chosen:
        assert exact == half == 0
    elif chosen < key:
        assert (exact, half) == (0, full // 2)


def test_blanks_take_alternatives_without_regard_to_width_space_and_case():
    key = {"blanks": [["安全", "平安"], ["Plan A"]], "ordered": True}
    assert mark("fill_blank", key, [" 平 安", "plan a"], 400) == Mark(400, True)
    assert mark("fill_blank", key, ["危险", "PLANA"], 400) == Mark(200, False)
    assert mark("fill_blank", key, ["Plan A", "安全"], 400) == Mark(0, False)


def test_unordered_blanks_may_come_in_any_order_but_each_counts_once():
    key = {"blanks": [["甲", "乙"], ["甲"]], "ordered": False}
    assert mark("fill_blank", key, ["甲", "乙"], 300) == Mark(300, True)
    assert mark("fill_blank", key, ["乙", "甲"], 300) == Mark(300, True)
    assert mark("fill_blank", key, ["乙", "乙"], 300) == Mark(150, False)


@given(st.lists(texts, min_size=1, max_size=5), st.randoms(), full_marks)
def test_the_key_itself_is_always_right_in_the_order_asked(blanks, generator, full):
    ordered = {"blanks": [[text] for text in blanks], "ordered": True}
    assert mark("fill_blank", ordered, blanks, full) == Mark(full, True)
    shuffled = list(blanks)
    generator.shuffle(shuffled)
    anyhow = ordered | {"ordered": False}
    assert mark("fill_blank", anyhow, shuffled, full) == Mark(full, True)


@given(st.lists(texts, min_size=1, max_size=5), st.lists(st.text(max_size=5), max_size=7))
def test_marks_of_blanks_stay_between_nothing_and_the_full_marks(blanks, answers):
    for ordered in (True, False):
        key = {"blanks": [[text] for text in blanks], "ordered": ordered}
        outcome = mark("fill_blank", key, answers, 100)
        assert 0 <= outcome.marks <= 100
        assert outcome.right == (outcome.marks == 100)


def test_an_empty_blank_is_never_right():
    assert mark("fill_blank", {"blanks": [["甲"]], "ordered": True}, [" "], 100) == Mark(0, False)


def test_unknown_kinds_and_rules_are_programming_errors():
    with pytest.raises(ValueError, match="kind"):
        mark("essay", choice("a"), ["a"], 100)
    with pytest.raises(ValueError, match="rule"):
        mark("single", choice("a"), ["a"], 100, "most")


def test_the_pass_mark_is_reached_at_it_and_not_a_hundredth_below():
    assert passes(600, 1000, 60)
    assert not passes(599, 1000, 60)
    assert passes(667, 1000, 66)
    assert not passes(0, 0, 1)
