"""The text axis: every character a reader reads lies in exactly one block."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.rules import text

pytestmark = pytest.mark.pure


def test_white_space_is_not_read():
    assert text.characters(" 党 课\n\t安全 ") == 4


def test_rich_text_is_cut_at_its_top_level():
    assert text.paragraphs("<p>一</p><ul><li>二</li><li>三</li></ul><p></p>") == [
        "<p>一</p>",
        "<ul><li>二</li><li>三</li></ul>",
    ]


def test_text_without_paragraphs_is_one_piece():
    assert text.paragraphs("只有文字") == ["只有文字"]


def test_plain_text_keeps_what_is_written_as_entities():
    assert text.plain("<p>甲 &lt; 乙<br/>丙</p>") == "甲 < 乙\n丙"


blocks = st.lists(st.tuples(st.just("paragraph"), st.none(), st.text(max_size=40)), max_size=12)


@given(blocks)
def test_blocks_lie_without_gap_and_fill_the_axis(parts):
    placed = text.place(parts)
    assert text.axis_length(placed) == sum(text.characters(part[2]) for part in parts)
    for before, after in zip(placed, placed[1:], strict=False):
        assert before.offset + before.length == after.offset


@given(blocks, st.integers(1, 5000))
def test_scaled_blocks_end_where_the_stored_axis_ends(parts, stored):
    placed = text.place(parts)
    scaled = text.scaled(placed, stored)
    if text.axis_length(placed):
        assert text.axis_length(scaled) == stored
        assert scaled[0].offset == 0


def test_reading_time_follows_characters_a_minute():
    assert text.reading_ms(500, 250) == 120_000
    assert text.reading_ms(0, 250) == 0
    assert text.minutes(61_000) == 2
