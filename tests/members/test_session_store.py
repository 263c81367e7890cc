"""A session is written when it has something new to say, and never comes back by being saved."""

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from school.members.models import Member, SignInSession
from school.members.session_store import SessionStore
from tests.factories import members as make
from tests.factories.members import PASSWORD

pytestmark = pytest.mark.django_db
MOST_STATEMENTS = 22  # BEGIN and COMMIT are two of each transaction where the database says them


def writes(seen, table: str) -> list[str]:
    verbs = ("INSERT", "UPDATE", "DELETE")
    return [
        query["sql"]
        for query in seen
        if table in query["sql"] and query["sql"].lstrip().startswith(verbs)
    ]


def sign_in(client: Client, number: str):
    return client.post("/sign-in/", {"account": number, "secret": PASSWORD, "next": "/me/"})


@pytest.fixture
def member():
    return make.member(make.branch(), staff_number="A1001")


def test_a_sign_in_writes_the_session_once_and_the_member_once(member):
    client = Client()
    sign_in(client, "A1001")
    client.post("/sign-out/")
    with CaptureQueriesContext(connection) as seen:
        assert sign_in(client, "A1001").status_code == 302
    assert len(writes(seen, "django_session")) == 1
    assert len(writes(seen, "members_member")) == 1
    assert len(seen) <= MOST_STATEMENTS
    assert client.get("/me/profile/").status_code == 200


def test_the_moment_of_the_sign_in_and_the_one_before_are_kept(member):
    client = Client()
    sign_in(client, "A1001")
    first = Member.objects.get(pk=member.pk).last_login
    client.post("/sign-out/")
    sign_in(client, "A1001")
    now = Member.objects.get(pk=member.pk)
    assert now.previous_login == first
    assert now.last_login > first


def test_a_key_given_before_the_sign_in_is_worth_nothing_after_it(member):
    client = Client()
    session = client.session
    session["kept"] = "yes"
    session.save()
    client.cookies["sessionid"] = session.session_key
    sign_in(client, "A1001")
    assert client.cookies["sessionid"].value != session.session_key
    assert client.session["kept"] == "yes"
    assert not Session.objects.filter(pk=session.session_key).exists()
    assert SignInSession.objects.get(member=member).key == client.cookies["sessionid"].value


def test_what_has_not_changed_is_not_written_again_and_what_has_is():
    store = SessionStore()
    store["a"] = 1
    store.save()
    with CaptureQueriesContext(connection) as seen:
        store.save()
    assert not writes(seen, "django_session")
    store["a"] = 2
    store.save()
    assert SessionStore(store.session_key)["a"] == 2


def test_a_session_that_was_taken_away_does_not_come_back():
    store = SessionStore()
    store["a"] = 1
    store.save()
    SessionStore(store.session_key).delete()
    store.save()
    assert not Session.objects.filter(pk=store.session_key).exists()
    assert SessionStore(store.session_key).load() == {}
