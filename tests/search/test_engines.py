"""One contract for both engines."""

import pytest

from search.engines.base import EngineQuery
from search.plan import build_plan
from search.query import parse
from search.text import Analyzer
from tests.factories.search import cues, document, numbered

pytestmark = pytest.mark.django_db

MEMBER = ("public", "members", "a:1")


def ask(engine, text, *, audience=MEMBER, relaxed=False, **options):
    node = build_plan(parse(text, Analyzer()), relaxed=relaxed)
    return engine.search(EngineQuery(node=node, audience=audience, **options))


def found(engine, text, **options):
    return [hit.doc_id.rpartition(":")[2] for hit in ask(engine, text, **options).hits]


@pytest.fixture
def library(engine):
    engine.apply(
        numbered(
            document("消防通道管理", body="任何单位不得占用、堵塞消防通道,发现隐患立即上报。"),
            document(
                "支部学习怎样组织",
                body="学习前先发通知,学习中有人领学,学习后写一段体会。",
                tags=["组织生活"],
                facets={"topic": ["组织生活"], "year": ["2026"]},
            ),
            document(
                "用电安全",
                kind="lesson",
                cues=cues("大家好今天讲用电安全", "离开办公室之前", "请关掉所有插座"),
                facets={"topic": ["安全"], "year": ["2026"]},
            ),
            document("对外公告", audience="public", body="欢迎参观学习。"),
            document("内部材料", audience="a:7", body="只给第七类人员的学习材料。"),
        ),
        [],
    )
    return engine


def test_a_phrase_from_the_middle_of_a_body_is_found_first(library):
    assert found(library, "堵塞消防通道")[0] == "1"


def test_a_sentence_running_over_two_captions_is_found(library):
    assert found(library, "离开办公室之前请关掉所有插座")[0] == "3"


def test_a_traditional_query_finds_simplified_text(library):
    assert found(library, "學習後寫一段體會")[0] == "2"


def test_one_character_is_enough(library):
    assert found(library, "堵") == ["1"]


def test_a_title_counts_more_than_a_body(library):
    assert found(library, "用电安全")[0] == "3"


def test_documents_outside_the_audience_are_neither_found_nor_counted(library):
    assert found(library, "材料") == []
    assert ask(library, "材料").total == 0
    assert ask(library, "材料").kinds == {}
    assert found(library, "材料", audience=("public", "members", "a:7")) == ["5"]
    assert found(library, "学习", audience=("public",)) == ["4"]


def test_kinds_narrow_the_hits_but_not_the_counts_by_kind(library):
    both = ask(library, "学习 安全", relaxed=True)
    only = ask(library, "学习 安全", relaxed=True, kinds=("lesson",))
    assert [hit.doc_id for hit in only.hits] == ["test.doc:3"]
    assert only.total == 1
    assert only.kinds == both.kinds == {"article": 2, "lesson": 1}


def test_facets_are_counted_and_narrow(library):
    result = ask(library, "学习 安全", relaxed=True)
    assert result.facets[("year", "2026")] == 2
    assert found(library, "学习 安全", relaxed=True, facets=(("topic", "安全"),)) == ["3"]


def test_all_words_of_a_keyword_query_rank_before_some(engine):
    engine.apply(
        numbered(
            document("安全安全安全", body="安全,安全,还是安全。"),
            document("通知", body="关于值班的说明,其中也讲安全。"),
        ),
        [],
    )
    assert found(engine, "安全 值班") == ["2"]
    assert found(engine, "安全 值班", relaxed=True) == ["2", "1"]


def test_a_new_version_replaces_the_old_and_a_delete_removes_it(engine):
    engine.apply(numbered(document("旧标题"), document("别的")), [])
    engine.apply(numbered(document("新标题"), version=2), [])
    assert found(engine, "旧标", relaxed=True) == []
    assert found(engine, "新标题") == ["1"]
    engine.apply([], [("test.doc:1", 3)])
    assert found(engine, "新标题", relaxed=True) == []


def test_applying_the_same_twice_changes_nothing(engine):
    for _ in range(2):
        engine.apply(numbered(document("重复写入")), [])
    assert ask(engine, "重复写入").total == 1
    assert engine.health().docs == 1


def test_newest_first_follows_the_date_of_publishing(engine):
    from datetime import UTC, datetime

    engine.apply(
        numbered(
            document("学习一", published_at=datetime(2025, 1, 1, tzinfo=UTC)),
            document("学习二", published_at=datetime(2026, 1, 1, tzinfo=UTC)),
            document("学习三", published_at=datetime(2024, 1, 1, tzinfo=UTC)),
        ),
        [],
    )
    assert found(engine, "学习", sort="newest") == ["2", "1", "3"]


@pytest.mark.parametrize("weight", [0.5, 0.8, 1.1, 3.0])
def test_weight_multiplies_the_score(engine, weight):
    engine.apply(
        numbered(document("普通学习材料"), document("普通学习材料", weight=weight)),
        [],
    )
    scores = {hit.doc_id: hit.score for hit in ask(engine, "学习材料").hits}
    assert scores["test.doc:2"] == pytest.approx(weight * scores["test.doc:1"], rel=0.01)


def test_pages_follow_each_other(engine):
    engine.apply(numbered(*(document(f"学习资料 {i}") for i in range(7))), [])
    first = found(engine, "学习资料", size=4)
    second = found(engine, "学习资料", start=4, size=4)
    assert len(first) == 4
    assert len(set(first + second)) == 7


def test_a_rebuild_replaces_everything_in_one_step(library):
    session = library.rebuild()
    session.add(numbered(document("新的索引"), document("要删的")))
    session.delete(["test.doc:2"])
    assert found(library, "消防通道")[0] == "1"
    session.swap()
    assert found(library, "消防通道", relaxed=True) == []
    assert found(library, "新的索引") == ["1"]
    assert library.health().docs == 1


def test_an_abandoned_rebuild_leaves_the_index_alone(library):
    session = library.rebuild()
    session.add(numbered(document("新的索引")))
    session.abort()
    assert found(library, "消防通道")[0] == "1"


def test_health_tells_size_and_version(library):
    health = library.health()
    assert health.reachable
    assert health.docs == 5
    assert health.version == library.version


@pytest.mark.parametrize("text", ['"', "a AND (b", "学习*", "title:学习", "+-!{}[]^~\\/", "%_"])
def test_signs_are_never_syntax(library, text):
    query = parse(text, Analyzer())
    if not query.is_empty:
        ask(library, text)
