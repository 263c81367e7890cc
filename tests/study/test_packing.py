"""Evidence is kept to the last number, in few bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from school.study.rules.judge import MAX_NUMBER, Segment
from school.study.rules.packing import pack, unpack

pytestmark = pytest.mark.pure

numbers = st.integers(0, MAX_NUMBER)
segments = st.builds(Segment, numbers, numbers, numbers, numbers, numbers, st.booleans())


@given(st.lists(segments, max_size=20), st.lists(st.tuples(numbers, numbers), max_size=5))
def test_a_packed_batch_comes_back_as_it_was(stretches, answers):
    assert unpack(pack(stretches, answers)) == (stretches, answers)


@given(st.lists(segments, min_size=1, max_size=5), st.data())
def test_a_batch_cut_off_is_an_error_and_not_other_evidence(stretches, data):
    packed = pack(stretches, [])
    with pytest.raises(ValueError):
        unpack(packed[: data.draw(st.integers(0, len(packed) - 1))])


def test_half_a_minute_of_watching_takes_less_than_sixty_bytes():
    stretches = [
        Segment(at * 5000, at * 5000 + 5000, at * 5003, at * 5003 + 5000, 100, visible=True)
        for at in range(100, 106)
    ]
    assert len(pack(stretches, [])) < 60
