"""Rules on people are pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from school.members.rules import codes, masks, signin

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


def test_an_identity_number_shows_only_region_and_tail():
    assert masks.mask_identity("11010519491231002X") == "110105********002X"
