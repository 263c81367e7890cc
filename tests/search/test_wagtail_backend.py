"""The admin's search on running Chinese text; the probes of every upgrade of modelsearch."""

import pytest
from modelsearch.query import And, Not, Or, Phrase, PlainText
from wagtail.models import Page
from wagtail.search.backends import get_search_backend

from search.wagtail_backend import index_text, phrase_tokens

TITLES = {
    "stages": "学习前后的三件小事:先发通知再领学最后写体会",
    "stairs": "消防通道与疏散楼梯管理办法(2026年修订)",
    "spaced": "安全 生产 月 活动方案 AI 助手 Version 2",
}


@pytest.fixture
def pages(db):
    root = Page.objects.get(depth=1)
    made = {
        slug: root.add_child(instance=Page(title=title, slug=slug))
        for slug, title in TITLES.items()
    }
    get_search_backend("default").add_bulk(Page, list(made.values()))
    return made


def slugs(results):
    return {page.slug for page in results}


def search(query):
    return slugs(get_search_backend("default").search(query, Page.objects.all()))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("学习前后", {"stages"}),
        ("三件小事", {"stages"}),
        ("先发通知", {"stages"}),
        ("体会", {"stages"}),
        ("疏散楼梯", {"stairs"}),
        ("消防通道与疏散楼梯管理办法", {"stairs"}),
        ("樓梯管理辦法", {"stairs"}),
        ("2026年修订", {"stairs"}),
        ("管理 消防", {"stairs"}),
        ("安全生产", set()),
        ("安全 生产", {"spaced"}),
        ("领", {"stages"}),
        ("version AI", {"spaced"}),
    ],
)
def test_the_thirteen_probes_of_search(pages, query, expected):
    assert search(query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("学", {"stages"}),
        ("学习", {"stages"}),
        ("小事", {"stages"}),
        ("楼", {"stairs"}),
        ("疏散楼", {"stairs"}),
        ("修订", {"stairs"}),
        ("活动方", {"spaced"}),
        ("Ver", {"spaced"}),
        ("ai 助", {"spaced"}),
        ("202", {"stairs"}),
        ("会", {"stages"}),
    ],
)
def test_the_eleven_probes_of_autocomplete(pages, query, expected):
    found = get_search_backend("default").autocomplete(query, Page.objects.all())
    assert slugs(found) == expected


@pytest.mark.parametrize(
    "query", ['"', "'", '学习前后"', '"学习', "()", "*", "。", "a\\'b", "学习*"]
)
def test_odd_signs_break_nothing(pages, query):
    found = search(query)
    assert found == ({"stages"} if "学习" in query else set())
    get_search_backend("default").autocomplete(query, Page.objects.all()).count()


def test_a_phrase_must_stand_side_by_side(pages):
    assert search(Phrase("消防通道与疏散楼梯")) == {"stairs"}
    assert search(Phrase("疏散楼梯消防通道")) == set()
    assert search(Phrase("安全 生产")) == {"spaced"}


def test_combined_queries_follow_their_operators(pages):
    assert search(PlainText("楼梯 体会", operator="or")) == {"stages", "stairs"}
    assert search(PlainText("楼梯 体会", operator="and")) == set()
    assert search(And([PlainText("消防"), Phrase("楼梯管理")])) == {"stairs"}
    assert search(Or([PlainText("消防"), PlainText("方案")])) == {"stairs", "spaced"}
    assert "stairs" not in search(Not(PlainText("消防")))
    assert search(And([PlainText("消防"), PlainText('"')])) == {"stairs"}


def test_saving_a_page_updates_what_is_found(pages, django_capture_on_commit_callbacks):
    page = pages["stairs"]
    page.title = "楼梯间照明巡查"
    with django_capture_on_commit_callbacks(execute=True):
        page.save()
    assert search("照明巡查") == {"stairs"}
    assert search("疏散") == set()


@pytest.mark.pure
def test_each_character_begins_some_token():
    tokens = index_text("疏散楼梯,AI").split()
    assert tokens == ["疏散", "散楼", "楼梯", "梯", "ai"]
    assert phrase_tokens("疏散楼梯 安全") == ["疏散", "散楼", "楼梯", "梯", "安全"]
