"""The use case: what a reader finds, where it is marked, and to which second it leads."""

import pytest

from search import engines
from search.models import GlossaryTerm
from search.query import parse
from search.services.search import search
from search.snippets import mark, snippet
from search.text import Analyzer
from search.transcripts import locate
from tests.factories.search import cues, document, indexed

BODY = (
    "组织生活要有准备。会前一周把议题发到每名党员,并请领学人备好材料。"
    "会上先通报上次议定事项的落实情况,再围绕本次议题逐一发言,最后由书记归纳,形成可以检查的几条。"
    "会后三天内把记录整理好,放在支部能看到的地方。"
)


def parsed(text):
    return parse(text, Analyzer())


def marked(pieces):
    return [piece.text for piece in pieces if piece.marked]


@pytest.mark.pure
class TestSnippets:
    def test_the_phrase_is_marked_as_a_whole(self):
        assert marked(snippet(BODY, parsed("最后由书记归纳"))) == ["最后由书记归纳"]

    def test_a_traditional_query_marks_the_text_as_written(self):
        assert marked(snippet(BODY, parsed("最後由書記歸納"))) == ["最后由书记归纳"]

    def test_a_long_text_is_cut_around_the_match(self):
        text = "开头。" * 400 + BODY + "结尾。" * 400
        pieces = snippet(text, parsed("形成可以检查的几条"))
        assert marked(pieces) == ["形成可以检查的几条"]
        assert pieces[0].text == pieces[-1].text == "…"
        assert sum(len(p.text) for p in pieces) < 130

    def test_each_word_of_a_keyword_query_is_marked(self):
        assert set(marked(mark("党员学习记录怎样整理", parsed("整理 学习")))) == {"学习", "整理"}

    def test_without_a_match_the_beginning_is_shown(self):
        pieces = snippet(BODY, parsed("毫不相干xyz"))
        assert "".join(p.text for p in pieces).startswith("组织生活要有准备")
        assert marked(pieces) == []

    @pytest.mark.parametrize("text", ["", "。", "a", BODY])
    def test_pieces_join_to_the_text(self, text):
        assert "".join(p.text for p in mark(text, parsed("书记 a"))) == text


@pytest.mark.pure
class TestLocate:
    CUES = [
        (0, 4000, "大家好,今天讲安全用电。"),
        (4000, 9000, "先看办公室。离开之前"),
        (9000, 13000, "请关掉插座上的开关,"),
        (13000, 190000, "再检查窗户。"),
        (192500, 197000, "最后,安全员锁门。"),
    ]

    def test_a_spoken_sentence_lands_on_the_cue_where_it_begins(self):
        (first, *_rest) = locate(self.CUES, parsed("请关掉插座上的开关"))
        assert (first.start_ms, first.seconds, first.label) == (9000, 9, "00:09")

    def test_a_sentence_may_run_over_two_cues_and_leave_signs_out(self):
        assert locate(self.CUES, parsed("离开之前请关掉插座"))[0].start_ms == 4000

    def test_a_cue_with_the_whole_query_comes_before_cues_with_a_part(self):
        places = locate(self.CUES, parsed("安全员锁门"))
        assert places[0].start_ms == 192500
        assert places[0].label == "03:12"

    def test_words_said_otherwise_lead_to_the_cue_that_holds_most_of_them(self):
        assert locate(self.CUES, parsed("插座的开关要关掉"))[0].start_ms == 9000

    def test_each_word_has_its_place(self):
        assert {p.start_ms for p in locate(self.CUES, parsed("窗户 插座"))} == {9000, 13000}

    def test_nothing_said_gives_no_place(self):
        assert locate(self.CUES, parsed("消防演练")) == []
        assert locate([], parsed("消防")) == []

    def test_an_hour_is_written_out(self):
        assert locate([(3_723_000, 3_725_000, "总结")], parsed("总结"))[0].label == "1:02:03"


@pytest.fixture
def library(db):
    engine = engines.get_engine()
    indexed(
        engine,
        document("怎样开好组织生活会", body=BODY),
        document(
            "用电安全三分钟",
            kind="lesson",
            url="/lessons/power/",
            cues=cues("大家好", "今天讲用电", "最后一个走的人", "要拉下总闸", seconds=64),
        ),
        document("支部公告", body="公开栏每月更新。", audience="public"),
        document("书记培训材料", body="只供书记阅读的说明。", audience="a:99"),
    )
    return engine


def titles(page):
    return [hit.doc.title for hit in page.hits]


class Reader:
    """A signed-in reader of the common audience and of the given ones."""

    is_authenticated = True

    def __init__(self, *audiences):
        self._rule_audience_ids = set(audiences)


def test_a_phrase_from_the_middle_of_a_body_is_found_and_marked(library):
    hit = search("围绕本次议题逐一发言", Reader()).hits[0]
    assert hit.doc.title == "怎样开好组织生活会"
    assert marked(hit.snippet) == ["围绕本次议题逐一发言"]


def test_a_spoken_sentence_leads_to_its_second(library):
    hit = search("最后一个走的人要拉下总闸", Reader()).hits[0]
    assert hit.doc.url == "/lessons/power/"
    assert (hit.cues[0].seconds, hit.cues[0].label) == (128, "02:08")


def test_the_snippet_is_taken_from_where_more_of_the_query_stands(library):
    indexed(
        library,
        document("拉闸", kind="lesson", body="总闸在门后。", cues=cues("离开时", "要拉下总闸")),
    )
    hit = search("离开时要拉下总闸", Reader()).hits[0]
    assert marked(hit.snippet) == ["离开时要拉下总闸"]


def test_a_guest_finds_public_things_only(library):
    assert titles(search("支部")) == ["支部公告"]
    assert search("组织生活").total == 0
    assert search("组织生活").kinds == []


def test_an_audience_is_found_by_its_members_only(library):
    assert "书记培训材料" not in titles(search("书记阅读的说明", Reader()))
    assert titles(search("书记阅读的说明", Reader(99))) == ["书记培训材料"]


def test_the_database_has_the_last_word_on_the_audience(library):
    from search.models import SearchDoc

    SearchDoc.objects.filter(title="支部公告").update(audience="a:5")
    assert titles(search("支部公告")) == []
    SearchDoc.objects.filter(title="支部公告").delete()
    assert titles(search("支部公告", Reader(5))) == []


def test_results_are_grouped_by_kind_with_counts(library):
    page = search("安全 组织", Reader())
    assert page.relaxed
    assert [(g.kind, g.total) for g in page.groups] and page.all_total == 2
    assert {k.kind: k.count for k in page.kinds} == {"article": 1, "lesson": 1}


def test_choosing_a_kind_narrows_and_pages(library):
    indexed(library, *(document(f"学习心得 {i}") for i in range(25)))
    first = search("学习心得", Reader(), kind="article")
    second = search("学习心得", Reader(), kind="article", page=2)
    assert (len(first.hits), len(second.hits), first.pages) == (20, 5, 2)
    assert search("学习心得", Reader(), kind="lesson").hits == []


def test_a_synonym_of_the_glossary_finds_the_other_word(library):
    assert titles(search("民主会", Reader())) != ["怎样开好组织生活会"]
    GlossaryTerm.objects.create(term="组织生活会", synonyms="民主会、生活会")
    assert titles(search("民主会", Reader()))[0] == "怎样开好组织生活会"


@pytest.mark.parametrize(
    "text",
    ["", " ", '"', "'", "\x00\x01", "\ud800", "😀", "%", "\\", "()", "a" * 10_000, "党" * 10_000],
)
def test_no_input_breaks_a_search(library, text):
    search(text, Reader())


def test_an_answer_comes_from_the_database_when_elasticsearch_is_away(settings, library):
    settings.SEARCH_ENGINE = "elasticsearch"
    settings.ELASTICSEARCH_URL = "http://127.0.0.1:9"
    engines.forget()
    page = search("围绕本次议题", Reader())
    assert page.degraded
    assert titles(page) == ["怎样开好组织生活会"]
    assert marked(page.hits[0].snippet) == ["围绕本次议题"]
    assert titles(search("围绕本次议题")) == []


def test_a_title_is_suggested_to_those_who_may_find_it(library):
    from search.selectors import suggestions

    GlossaryTerm.objects.create(term="支部大会")
    assert suggestions("支部", ["public"]) == ["支部大会", "支部公告"]
    assert suggestions("書記", ["public", "members"]) == []
    assert suggestions("書記", ["a:99"]) == ["书记培训材料"]
