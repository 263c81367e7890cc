"""Questions as authors type them, and sheets of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizzes.rules import exchange
from quizzes.rules.authoring import (
    AuthoringError,
    author,
    parse_letters,
    parse_marks,
    parse_true_false,
    printed_answer,
    printed_marks,
    strip_letter,
)

pytestmark = pytest.mark.pure

plain = st.text(
    alphabet=st.characters(whitelist_categories=["L", "N", "P", "S"]), min_size=1, max_size=12
).filter(lambda text: text.strip() == text)


@pytest.mark.parametrize("typed", ["ABD", "A,B,D", "A、B、D", "dba", " A ; B;D ", "ABD", "AABBD"])
def test_letters_are_read_in_every_customary_way(typed):
    assert parse_letters(typed, 4) == ["A", "B", "D"]


@pytest.mark.parametrize("typed", ["E", "A1", "甲"])
def test_a_letter_without_an_option_is_named(typed):
    with pytest.raises(AuthoringError, match="A 至 D"):
        parse_letters(typed, 4)


def test_true_and_false_are_read_in_every_customary_way():
    assert all(parse_true_false(each) for each in ("正确", "对", "√", "T", "t"))
    assert not any(parse_true_false(each) for each in ("错误", "错", "×", "F", "X"))
    with pytest.raises(AuthoringError, match="正确"):
        parse_true_false("大概")


def test_blanks_have_alternatives_and_may_hold_the_separators():
    content = author("fill_blank", stem="限速____,坚持____", options=[], answer="5km\\/h|安全/平安")
    assert content.key == {"blanks": [["5km/h"], ["安全", "平安"]], "ordered": True}
    assert printed_answer("fill_blank", [], content.key) == "5km\\/h|安全/平安"


@pytest.mark.parametrize(
    ("kind", "options", "answer", "field"),
    [
        ("single", ["甲", "乙"], "AB", "key"),
        ("multiple", ["甲", "乙"], "A", "key"),
        ("single", ["甲"], "A", "options"),
        ("single", ["甲", "", "丙"], "A", "options"),
        ("single", ["甲", "甲"], "A", "options"),
        ("fill_blank", [], "安全||预防", "key"),
        ("fill_blank", [], "安全", "key"),
        ("essay", [], "x", "kind"),
    ],
)
def test_what_is_wrong_is_named_by_field(kind, options, answer, field):
    with pytest.raises(AuthoringError) as caught:
        author(kind, stem="甲____乙____", options=options, answer=answer)
    assert caught.value.field == field


def test_marks_are_exact_hundredths():
    assert [parse_marks(each) for each in ("2", "2.5", "0.25", "5.0")] == [200, 250, 25, 500]
    for wrong in ("0", "-1", "1.234", "abc", "1000", ""):
        with pytest.raises(AuthoringError):
            parse_marks(wrong)


@given(st.integers(1, 10_000))
def test_printed_marks_are_read_back(marks):
    assert parse_marks(printed_marks(marks)) == marks


def test_letters_before_options_are_dropped():
    assert [strip_letter(each) for each in ("A. 甲", "B、乙", "C)丙", "丁")] == list("甲乙丙丁")


@given(
    st.lists(plain, min_size=2, max_size=8, unique=True),
    st.data(),
    st.sampled_from(["easy", "medium", "hard"]),
    st.integers(1, 10_000),
)
def test_a_written_row_is_read_back_as_it_was(options, data, difficulty, marks):
    letters = data.draw(st.sets(st.sampled_from(range(len(options))), min_size=2))
    answer = "".join("ABCDEFGH"[index] for index in letters)
    content = author("multiple", stem="题干", options=options, answer=answer)
    cells = exchange.written_row(
        "multiple",
        stem=content.stem,
        options=content.stored_options(),
        key=content.key,
        explanation="解析",
        difficulty=difficulty,
        marks=marks,
        category="分类",
        topic="",
        source="",
    )
    row = exchange.read_row(2, cells)
    assert (row.content, row.difficulty, row.marks) == (content, difficulty, marks)


@given(st.lists(st.lists(plain, min_size=1, max_size=3), min_size=1, max_size=4))
def test_written_blanks_are_read_back_whatever_signs_they_hold(blanks):
    key = {"blanks": blanks, "ordered": False}
    answer = printed_answer("fill_blank", [], key)
    try:
        read = author("fill_blank", stem="题干", options=[], answer=answer, ordered=False).key
    except AuthoringError:
        pytest.fail(answer)
    assert read == key
