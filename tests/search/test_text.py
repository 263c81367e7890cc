"""Folding, runs and tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.text import Analyzer, fold, runs

pytestmark = pytest.mark.pure


@given(st.text(max_size=200))
def test_folding_keeps_the_length_and_folding_twice_changes_nothing(text):
    folded = fold(text)
    assert len(folded) == len(text)
    assert fold(folded) == folded


def test_traditional_full_width_and_upper_case_fold_to_the_plain_form():
    assert fold("資訊學習平臺 ABC 2026") == "资讯学习平台 abc 2026"


def test_full_width_signs_and_letters_become_plain_ones():
    assert fold("\uff21\uff22\uff0c\uff11") == "ab,1"
    assert Analyzer().grams("党课\uff0c学习\uff1b\uff2f\uff2b") == ["党课", "学习", "ok"]


def test_folding_touches_nothing_but_what_it_must():
    assert fold("三会一课,党员学习。\n") == "三会一课,党员学习。\n".replace(",", fold(","))


def test_words_and_grams_of_a_sentence():
    analyzer = Analyzer(["三会一课"])
    assert analyzer.words("坚持三會一課制度!") == ["坚持", "三会一课", "制度"]
    assert analyzer.grams("三会一课,党 2026年AI") == [
        "三会",
        "会一",
        "一课",
        "党",
        "2026",
        "年",
        "ai",
    ]
    assert analyzer.characters("党课 AI") == ["党", "课", "ai"]


def test_a_glossary_word_stays_whole_and_changes_the_version():
    plain, taught = Analyzer(), Analyzer(["主题党日"])
    assert "主题党日" not in plain.words("开展主题党日活动")
    assert "主题党日" in taught.words("开展主题党日活动")
    assert plain.version != taught.version
    assert taught.version == Analyzer(["主题党日"]).version


@given(st.text(max_size=80))
def test_every_run_is_found_at_its_own_offsets(text):
    folded = fold(text)
    for run in runs(folded):
        assert folded[run.start : run.end] == run.text


@given(st.text(alphabet="党课学习组织,。 a1", max_size=40))
def test_a_text_of_two_characters_or_more_is_covered_by_its_grams(text):
    joined = " ".join(Analyzer().grams(text))
    for run in runs(fold(text)):
        if run.is_han:
            assert all(run.text[i : i + 2] in joined for i in range(len(run.text) - 1))
