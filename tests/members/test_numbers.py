"""Numbers people are known by: what is read, what is refused and with which advice."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from school.members.rules import numbers
from school.members.rules.numbers import (
    BadNumber,
    fold_name,
    fold_number,
    parse_identity,
    parse_mobile,
    parse_staff_number,
)

pytestmark = pytest.mark.pure

TODAY = date(2026, 11, 23)
FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")

births = st.dates(date(1920, 1, 1), date(2008, 12, 31))
provinces = st.sampled_from(sorted(numbers.PROVINCES))


@st.composite
def identities(draw):
    """Valid numbers of GB 11643."""
    head = f"{draw(provinces)}{draw(st.integers(0, 9999)):04}"
    seventeen = f"{head}{draw(births):%Y%m%d}{draw(st.integers(0, 999)):03}"
    return seventeen + numbers.check_character(seventeen)


@pytest.mark.parametrize(
    ("number", "sex"), [("11010519491231002X", "female"), ("440524188001010014", None)]
)
def test_the_published_examples_have_the_right_check_character(number, sex):
    assert numbers.check_character(number[:17]) == number[17]
    if sex:
        assert parse_identity(number, today=TODAY).sex == sex


@given(identities())
def test_a_valid_number_is_read_in_every_dress(number):
    found = parse_identity(number, today=TODAY)
    assert (found.number, found.born_on) == (
        number,
        date(int(number[6:10]), int(number[10:12]), int(number[12:14])),
    )
    for dress in (
        number.lower(),
        f" {number[:6]} {number[6:14]} {number[14:]}\u3000",
        number.translate(FULL_WIDTH),
        f"\ufeff{number}\u200b",
    ):
        assert parse_identity(dress, today=TODAY) == found


@given(identities(), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(number, place, step):
    wrong = number[:place] + str((int(number[place]) + step) % 10) + number[place + 1 :]
    with pytest.raises(BadNumber):
        parse_identity(wrong, today=TODAY)


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (110105194912310000, "文本格式"),
        (1.10105194912310e17, "文本格式"),
        ("1.10105E+17", "文本格式"),
        (110105491231002.0, "15 位"),
        ("110105491231002", "15 位"),
        ("11010519491231002", "18 位"),
        ("110105194912310021", "第 18 位应为 X"),
        ("110105194902300021", "不存在"),
        ("110105202701010028", "不合理"),
        ("990105194912310021", "地区代码"),
        ("11010519491231A02X", "前 17 位"),
        ("", "18 位"),
    ],
)
def test_a_wrong_identity_number_is_refused_with_advice(value, advice):
    with pytest.raises(BadNumber) as refusal:
        parse_identity(value, today=TODAY)
    assert advice in refusal.value.message


@given(st.text(max_size=30) | st.floats() | st.integers() | st.none() | st.booleans())
def test_whatever_a_cell_holds_the_answer_is_a_number_or_a_refusal(value):
    for parse in (lambda v: parse_identity(v, today=TODAY), parse_mobile, parse_staff_number):
        try:
            parse(value)
        except BadNumber as refusal:
            assert refusal.message


@pytest.mark.parametrize(
    "value",
    [
        "13812348000",
        13812348000,
        13812348000.0,
        "138-1234-8000",
        "+86 138 1234 8000",
        "１３８１２３４８０００",
    ],
)
def test_a_mobile_number_is_read_in_every_dress(value):
    assert parse_mobile(value) == "13812348000"


@pytest.mark.parametrize("value", ["12812348000", "1381234800", "138123480001", "0351-1234567"])
def test_a_wrong_mobile_number_is_refused(value):
    with pytest.raises(BadNumber):
        parse_mobile(value)


@pytest.mark.parametrize(
    ("value", "staff"),
    [
        (10023.0, "10023"),
        (10023, "10023"),
        ("００１２３", "00123"),
        (" ab-12 ", "AB-12"),
        ("y0001", "Y0001"),
    ],
)
def test_a_staff_number_keeps_its_zeros_and_its_letters(value, staff):
    assert parse_staff_number(value) == staff


@pytest.mark.parametrize(
    "value", ["", "工号一", 1.5, 1234567890123456789.0, "=1+1", "-5", "A" * 33]
)
def test_a_wrong_staff_number_is_refused(value):
    with pytest.raises(BadNumber):
        parse_staff_number(value)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("张 三", "张三"),
        ("　买买提•艾力 ", "买买提·艾力"),
        ("阿依古丽・买买提", "阿依古丽·买买提"),
        ("John  Smith", "John Smith"),
    ],
)
def test_names_lose_filler_spaces_and_have_one_middle_dot(written, name):
    assert fold_name(written) == name


@given(st.text())
def test_folding_twice_changes_nothing(text):
    assert fold_name(fold_name(text)) == fold_name(text)
    assert fold_number(fold_number(text)) == fold_number(text)


def test_a_masked_number_is_known_as_such():
    assert numbers.is_masked("138****8000")
    assert numbers.is_masked("110105＊＊＊＊＊＊＊＊002X")
    assert not numbers.is_masked("13812348000")
