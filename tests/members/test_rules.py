"""Rules on people are pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from school.members.rules import codes, masks, signin
from school.members.rules.numbers import check_character

pytestmark = pytest.mark.pure


@given(st.text(alphabet=codes.CODE_ALPHABET, min_size=10, max_size=10))
def test_a_code_survives_being_printed_and_typed_in_lower_case(code):
    assert codes.normalise_code(codes.printed_code(code).lower()) == code


def test_full_width_letters_of_a_phone_keyboard_are_understood():
    assert codes.normalise_code("ＡＣＤＥＦ－ＧＨＪＫＭ") == "ACDEFGHJKM"


@given(st.integers(0, 10_000))
def test_the_delay_grows_and_ends_at_a_minute(failures):
    assert signin.wait_seconds(failures) <= signin.wait_seconds(failures + 1) <= 60


@pytest.mark.parametrize(
    ("number", "masked"),
    [("13812348000", "138****8000"), ("123", "***"), ("", "")],
)
def test_a_mobile_number_shows_only_its_ends(number, masked):
    assert masks.mask_mobile(number) == masked


def test_a_masked_identity_number_is_not_made_whole_by_birth_date_sex_and_region():
    """What the person page shows beside it, and the region that anybody can guess, leave 500."""
    masked = masks.mask_identity("11010519491231002X")
    known = f"11010519491231{masked[14:17]}"
    even = [
        f"{number:03}"
        for number in range(0, 1000, 2)
        if all(m in {"*", d} for m, d in zip(known[14:], f"{number:03}", strict=True))
    ]
    numbers = [f"11010519491231{three}" for three in even]
    possible = [n for n in numbers if masked[17] in {"*", check_character(n)}]
    assert len(possible) == 500
    assert masked.startswith("110") and masks.mask_identity("1101") == "****"


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("山西省长治市潞州区英雄路 1 号", "山西省长治市****"),
        ("北京市朝阳区建国路 1 号", "北京市****"),
        ("太行街道 3 号院 5 单元", "****"),
        ("城区", "****"),
        ("", ""),
    ],
)
def test_an_address_shows_province_and_city_and_never_a_door(address, masked):
    assert masks.mask_address(address) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("号是110105194913310021，错了", "号是110********，错了"),
        ("11010519491231002X", "110***************"),
        ("手机 138 1234 8000", "手机 138****8000"),
        ("第 20260001 号文", "第 20260001 号文"),
    ],
)
def test_numbers_in_what_people_write_are_masked_also_mistyped_ones(text, masked):
    assert masks.mask_numbers(text) == masked
