"""Drawing, shuffling, time, and what may be stored as an answer."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizzes.rules.sheets import GRACE, Candidate, cleaned, compose, deadline, is_over
from school.core.clock import LOCAL

pytestmark = pytest.mark.pure

START = datetime(2026, 6, 1, 9, 0, tzinfo=LOCAL)


def candidates(count: int, first: int = 1) -> list[Candidate]:
    return [Candidate(first + i, 200, "single", ("a", "b", "c", "d")) for i in range(count)]


@given(st.integers(0, 2**62), st.integers(1, 20), st.booleans(), st.booleans())
def test_the_same_seed_gives_the_same_sheet(seed, count, questions, options):
    arguments = {"seed": seed, "shuffle_questions": questions, "shuffle_options": options}
    groups = [(candidates(20), count)]
    assert compose(groups, **arguments) == compose(groups, **arguments)


@given(st.integers(0, 2**62), st.integers(1, 20))
def test_a_sheet_holds_as_many_different_questions_as_asked_with_all_their_options(seed, count):
    sheet = compose(
        [(candidates(20), count)], seed=seed, shuffle_questions=True, shuffle_options=True
    )
    assert len({question["version"] for question in sheet}) == len(sheet) == count
    assert all(sorted(question["options"]) == ["a", "b", "c", "d"] for question in sheet)


def test_two_seeds_draw_different_sheets():
    drawn = {
        tuple(
            question["version"]
            for question in compose(
                [(candidates(30), 5)], seed=seed, shuffle_questions=True, shuffle_options=True
            )
        )
        for seed in range(20)
    }
    assert len(drawn) > 15


def test_a_question_wanted_by_two_groups_is_asked_once():
    groups = [(candidates(3), 3), (candidates(5), 2)]
    sheet = compose(groups, seed=1, shuffle_questions=False, shuffle_options=False)
    assert sorted(question["version"] for question in sheet) == [1, 2, 3, 4, 5]


def test_too_few_questions_are_refused():
    with pytest.raises(ValueError, match="2 of 3"):
        compose([(candidates(2), 3)], seed=1, shuffle_questions=False, shuffle_options=False)


def test_right_stands_before_wrong_however_options_are_shuffled():
    pair = [Candidate(1, 100, "true_false", ("t", "f"))]
    for seed in range(10):
        sheet = compose([(pair, 1)], seed=seed, shuffle_questions=True, shuffle_options=True)
        assert sheet[0]["options"] == ["t", "f"]


def test_an_attempt_ends_with_its_limit_or_its_sitting_whichever_is_first():
    closes = START + timedelta(minutes=20)
    assert deadline(START, None, None) is None
    assert deadline(START, 30, None) == START + timedelta(minutes=30)
    assert deadline(START, 30, closes) == closes
    assert deadline(START, 10, closes) == START + timedelta(minutes=10)


def test_answers_are_taken_until_the_grace_has_passed():
    assert not is_over(None, START)
    assert not is_over(START, START + GRACE)
    assert is_over(START, START + GRACE + timedelta(milliseconds=1))


@pytest.mark.parametrize(
    ("options", "blanks", "given_", "one"),
    [
        (["a", "b"], 0, ["c"], True),
        (["a", "b"], 0, ["a", "b"], True),
        (["a", "b"], 0, [1], True),
        ([], 2, ["x", "y", "z"], True),
        ([], 1, ["x" * 201], True),
    ],
)
def test_an_answer_that_does_not_fit_the_question_is_refused(options, blanks, given_, one):
    with pytest.raises(ValueError, match="."):
        cleaned(options, blanks, given_, one=one)


def test_answers_are_stored_in_the_order_of_the_sheet_and_blank_ones_as_none():
    assert cleaned(["c", "a"], 0, ["a", "c"], one=False) == ["c", "a"]
    assert cleaned([], 2, ["", " x "], one=True) == ["", "x"]
    assert cleaned([], 2, ["", " "], one=True) == []
