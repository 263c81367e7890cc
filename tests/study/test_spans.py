"""The span set against the plainest model there is: a Python set of integers (I11)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from school.study import spans as sets

pytestmark = pytest.mark.pure

edges = st.tuples(st.integers(0, 60), st.integers(0, 60))
many = st.lists(edges, max_size=25)


def build(pieces):
    result = []
    for start, end in pieces:
        result, _ = sets.add(result, start, end)
    return result


def model(pieces):
    return {n for start, end in pieces for n in range(start, end)}


def members(spans):
    return {n for start, end in sets.pairs(spans) for n in range(start, end)}


@given(many, edges)
def test_add_is_union_and_returns_exactly_the_gain(pieces, piece):
    before = build(pieces)
    after, gain = sets.add(before, *piece)
    assert members(after) == model([*pieces, piece])
    assert gain == len(model([*pieces, piece])) - len(model(pieces))


@given(many)
def test_spans_stay_sorted_and_never_touch(pieces):
    spans = build(pieces)
    assert all(low < high for low, high in zip(spans, spans[1:], strict=False))


@given(many, many)
def test_union_and_subtract_follow_the_model(one, other):
    assert members(sets.union(build(one), build(other))) == model(one) | model(other)
    assert members(sets.subtract(build(one), build(other))) == model(one) - model(other)


@given(many, edges)
def test_free_is_what_the_set_leaves_open(pieces, piece):
    open_part = sets.free(build(pieces), *piece)
    assert members(open_part) == model([piece]) - model(pieces)
    assert members(sets.clip(build(pieces), *piece)) == model([piece]) & model(pieces)


@given(many, st.integers(0, 80))
def test_head_is_the_first_integers(pieces, count):
    assert members(sets.head(build(pieces), count)) == set(sorted(model(pieces))[:count])


@given(many)
def test_packing_keeps_the_set_and_its_length(pieces):
    spans = build(pieces)
    assert sets.unpack(sets.pack(spans)) == spans
    assert sets.length(spans) == len(model(pieces))


@given(many, st.integers(0, 60))
def test_reach_is_the_end_of_the_span_around_a_point(pieces, point):
    held, end = model(pieces), point
    while end in held:
        end += 1
    assert sets.reach(build(pieces), point) == end
