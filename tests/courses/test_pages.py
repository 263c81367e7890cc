"""Who sees which page, and what a page costs."""

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from courses.models import HomePage
from school.core import clock
from school.members.models import Audience
from school.study.models import Completion, StudyItem
from tests.factories import courses as make
from tests.factories import members as people
from tests.factories.study import make_rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(client):
    committee, _general, first, second = people.tree()
    member = people.member(first)
    client.force_login(member)
    return make.section(committee), first, second, client


def test_a_foreign_audience_is_not_found_and_not_listed(world):
    section, first, second, client = world
    own = make.article(section, audience=make.audience_of(first))
    foreign = make.article(section, audience=make.audience_of(second))
    assert client.get(own.url).status_code == 200
    assert client.get(foreign.url).status_code == 404
    listed = client.get(reverse("courses:catalogue")).content.decode()
    assert own.title in listed
    assert foreign.title not in listed


def test_a_guest_is_asked_to_sign_in_and_reads_what_is_public(world):
    section, *_rest, client = world
    members_only = make.article(section)
    public = Audience.objects.get(scope=Audience.Scope.PUBLIC)
    news = make.news(audience=public)
    hidden = make.news()
    client.logout()
    answer = client.get(members_only.url)
    assert answer.status_code == 302
    assert "/sign-in/" in answer["Location"]
    assert client.get(news.url).status_code == 200
    home = client.get("/").content.decode()
    assert news.title in home
    assert hidden.title not in home


def test_the_article_marks_every_character_once(world):
    section, *_rest, client = world
    page = make.article(section)
    answer = client.get(page.url)
    html = answer.content.decode()
    assert 'data-study-item="' in html
    assert 'id="study-config"' in html
    placed = answer.context["placed"]
    assert html.count("data-offset=") == sum(1 for block in placed if block.length)


def test_the_catalogue_filters_and_counts(world):
    section, *_rest, client = world
    for _number in range(3):
        make.article(section)
    everything = client.get(reverse("courses:catalogue"))
    assert everything.context["catalogue"].listing.paginator.count == 3
    none = client.get(reverse("courses:catalogue"), {"kind": "lesson"})
    assert none.context["catalogue"].listing.paginator.count == 0
    odd = client.get(reverse("courses:catalogue"), {"year": "x", "section": "-1", "kind": "?"})
    assert odd.context["catalogue"].listing.paginator.count == 3


@pytest.mark.parametrize("path", ["home", "catalogue", "article"])
def test_pages_stay_within_twenty_queries(world, path):
    section, *_rest, client = world
    pages = [make.article(section) for _number in range(12)]
    for _number in range(6):
        make.news()
    url = {"home": "/", "catalogue": reverse("courses:catalogue"), "article": pages[0].url}[path]
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(url).status_code == 200
    assert len(queries) <= 20, "\n".join(q["sql"][:160] for q in queries)


def test_a_page_without_a_given_slug_gets_an_ascii_one(world):
    page = make.article(world[0], slug="", title="只有中文")
    assert page.slug.isascii()
    assert page.slug
    assert HomePage.objects.count() == 1


def test_what_comes_next_is_only_what_the_reader_may_see(world):
    section, first, second, client = world
    page, own = make.article(section), make.article(section, audience=make.audience_of(first))
    foreign = make.article(section, audience=make.audience_of(second))
    course = make.course(section, page, foreign, own)
    assert client.get(page.url).context["next_card"].page_id == own.pk
    # A course for others leads nobody else on.
    course.audience = make.audience_of(second)
    course.save_revision().publish()
    hidden = make.article(section, audience=make.audience_of(second))
    assert client.get(own.url).context["next_card"] is None, hidden.title
    client.logout()
    assert client.get(page.url).status_code == 302


# -- what is still paid ----------------------------------------------------------------------------


def printed(client, page) -> tuple[str, str]:
    """What the page says under its title, and the card in the catalogue under its own."""
    head = BeautifulSoup(client.get(page.url).content, "html.parser").select_one(".article__meta")
    listed = BeautifulSoup(client.get(reverse("courses:catalogue")).content, "html.parser")
    (card,) = [each for each in listed.select(".card") if page.title in each.get_text()]
    return head.get_text(" "), card.get_text(" ")


def test_card_and_page_promise_only_what_is_still_paid(client):
    make_rule(tiers=[[None, 25]])
    committee, _general, first, _second = people.tree()
    member, page = people.member(first), make.article(make.section(committee), paragraphs=40)
    item = StudyItem.objects.select_related("current").get(source_id=page.pk)
    client.force_login(member)
    head, card = printed(client, page)
    assert "学完计 0.25 学时" in head and "0.25 学时" in card
    today = clock.today()
    year_ago = today.replace(year=today.year - 1, day=1)
    for day, promised in ((year_ago, True), (today, False)):
        # Seen together: completed, and nothing was paid online.
        Completion.objects.create(
            member=member,
            item=item,
            revision=item.current,
            cycle=int(not promised),
            effective_on=day,
            recorded_at=clock.now(),
            evidence="group",
        )
        head, card = printed(client, page)
        assert "已学完" in head
        assert ("学完计 0.25 学时" in head) is promised
        assert ("不再计学时" in head) is not promised
        assert ("0.25 学时" in card) is promised


def test_a_guest_reads_what_studying_pays(client):
    make_rule(tiers=[[None, 25]])
    committee, *_rest = people.tree()
    public = Audience.objects.get(scope=Audience.Scope.PUBLIC)
    page = make.article(make.section(committee), audience=public, paragraphs=40)
    assert "学完计 0.25 学时" in client.get(page.url).content.decode()
