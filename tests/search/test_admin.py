"""The glossary in the admin."""

import pytest
from django.urls import reverse

from search.models import GlossaryTerm
from search.selectors import suggestions
from tests.factories import members

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    person = members.member(members.branch())
    person.is_superuser = True
    person.save()
    client.force_login(person)
    return client


def test_a_term_can_be_added_found_and_is_offered_while_typing(admin):
    url = reverse("search_terms:add")
    answer = admin.post(url, {"term": "三会一课", "synonyms": "组织生活", "weight": "3"})
    assert answer.status_code == 302
    assert GlossaryTerm.objects.get().synonym_list == ["组织生活"]
    assert suggestions("三会", ["public"]) == ["三会一课"]
    listed = admin.get(reverse("search_terms:index"), {"q": "会一"})
    assert "三会一课" in listed.content.decode()


def test_an_empty_term_is_refused(admin):
    answer = admin.post(reverse("search_terms:add"), {"term": " ", "weight": "1"})
    assert answer.status_code == 200
    assert not GlossaryTerm.objects.exists()


def test_a_member_without_rights_does_not_get_in(client):
    client.force_login(members.member(members.branch()))
    assert client.get(reverse("search_terms:index")).status_code in (302, 403)
