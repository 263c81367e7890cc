"""The search page."""

import pytest
from django.urls import reverse

from search import engines
from tests.factories import members
from tests.factories.search import cues, document, indexed

pytestmark = pytest.mark.django_db


@pytest.fixture
def library():
    indexed(
        engines.get_engine(),
        document("公开文章", body="党员教育要讲究实效,<b>不做表面文章</b>。", audience="public"),
        document(
            "公开微课",
            kind="lesson",
            url="/lessons/one/",
            audience="public",
            cues=cues("开场", "不做表面文章", seconds=96),
        ),
        document("内部文章", body="不做表面文章,只给党员看。"),
    )


def get(client, q, **headers):
    return client.get(reverse("search:page"), {"q": q}, headers=headers)


def test_hits_are_marked_and_escaped_and_lead_to_the_second(client, library):
    html = get(client, "不做表面文章").content.decode()
    assert "<mark>不做表面文章</mark>" in html
    assert "<b>不做" not in html
    assert 'href="/lessons/one/#t=96"' in html
    assert "01:36" in html
    assert "内部文章" not in html


def test_the_box_keeps_what_was_typed(client, library):
    html = get(client, '表面"文章').content.decode()
    assert 'value="表面&quot;文章"' in html


def test_htmx_gets_the_results_only(client, library):
    html = get(client, "表面文章", **{"HX-Request": "true"}).content.decode()
    assert "<html" not in html
    assert "<mark>表面文章</mark>" in html


def test_nothing_found_says_what_to_do(client, library):
    response = get(client, "完全没有的词语xyz")
    assert response.status_code == 200
    assert "换个说法试试" in response.content.decode()


@pytest.mark.parametrize("text", ['"', "'", "\x00\x07", "((", "%%%", "。。。", "a b\tc\n", "😀"])
def test_odd_input_gives_a_clear_page(client, library, text):
    assert get(client, text).status_code == 200


def test_ten_thousand_characters_are_cut_and_it_is_said(client, library):
    html = get(client, "表面文章" * 2500).content.decode()
    assert "只用前 200 个字" in html


def test_odd_page_and_kind_are_ignored(client, library):
    for page in ("0", "-1", "x", "99999999", "²"):
        response = client.get(
            reverse("search:page"), {"q": "表面文章", "kind": "lesson", "page": page}
        )
        assert response.status_code == 200
    empty = client.get(reverse("search:page"), {"q": "表面文章", "kind": "<script>"})
    assert empty.status_code == 200
    assert "<script>" not in empty.content.decode().split("<main")[1].split("</main>")[0]


def test_only_reading_is_allowed(client):
    assert client.post(reverse("search:page")).status_code == 405


def test_the_page_takes_few_queries(client, library, django_assert_max_num_queries):
    get(client, "表面文章")
    with django_assert_max_num_queries(12):
        get(client, "表面文章")


def test_a_member_finds_what_is_for_members_in_few_queries(
    client, library, django_assert_max_num_queries
):
    client.force_login(members.member(members.branch()))
    with django_assert_max_num_queries(20):
        html = get(client, "表面文章").content.decode()
    assert "只给党员看" in html


def test_suggestions_come_as_json(client, library):
    response = client.get(reverse("search:suggest"), {"q": "公开"})
    assert response.json() == {"terms": ["公开微课", "公开文章"]}
