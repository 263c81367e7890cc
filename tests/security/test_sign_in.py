"""Signing in under attack: parallel guesses, open redirects, fixation, headers."""

import pytest

from school.core import clock
from school.members.models import SignInThrottle
from school.members.services.codes import issue_code
from tests.factories import members as make

pytestmark = pytest.mark.django_db

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "javascript:alert(1)",
    "http:evil.example",
    "///evil.example",
    "data:text/html,x",
    "evil",
    "core:health",
    "/x\r\nSet-Cookie: a=b",
    "\x00/",
]


@pytest.fixture
def person():
    return make.member(make.branch(), staff_number="A1001")


def _sign_in(client, secret, **values):
    return client.post("/sign-in/", {"account": "A1001", "secret": secret, **values})


def _stays(response) -> bool:
    target = response.url
    return target.startswith("/") and not target.startswith(("//", "/\\"))


@pytest.mark.parametrize("target", ELSEWHERE)
def test_after_signing_in_one_stays_on_this_site(client, person, target):
    response = _sign_in(client, make.PASSWORD, next=target)
    assert response.status_code == 302 and _stays(response)
    assert "a=b" not in str(response.headers.get("Set-Cookie", ""))
    again = client.get("/sign-in/", {"next": target})
    assert again.status_code == 302 and _stays(again)


@pytest.mark.parametrize("address", ["/language/", "/letter-size/"])
@pytest.mark.parametrize("target", ELSEWHERE)
def test_switches_lead_back_to_this_site(client, address, target):
    response = client.post(address, {"next": target, "language": "en"})
    assert response.status_code == 302 and _stays(response)


def test_an_address_with_a_query_survives_the_first_run(client, person):
    person.consent_version = ""
    person.first_run_done_at = None
    person.save()
    client.force_login(person)
    sent = client.get("/search/?q=%E5%AE%89&page=2")
    assert sent.url == "/first-run/?next=/search/%3Fq%3D%25E5%25AE%2589%26page%3D2"
    agreed = client.post(sent.url, {"step": "notice"})
    done = client.post(agreed.url, {"step": "letters", "size": "standard"})
    assert "/search/?q=%E5%AE%89&page=2" in (agreed.url, done.url)


def test_the_session_changes_its_name_when_somebody_signs_in(client, person):
    client.get("/sign-in/")
    session = client.session
    session["seed"] = "planted"
    session.save()
    before = client.cookies["sessionid"].value
    _sign_in(client, make.PASSWORD)
    assert client.cookies["sessionid"].value != before


def test_the_session_cookie_is_not_for_scripts_or_other_sites(client, person):
    _sign_in(client, make.PASSWORD)
    for name in ("sessionid", "device"):
        cookie = client.cookies[name]
        assert cookie["httponly"] and cookie["samesite"] == "Lax"


def test_a_new_password_ends_the_sessions_of_other_browsers(client, person):
    from django.test import Client

    thief = Client()
    thief.force_login(person)
    assert thief.get("/me/profile/").status_code == 200
    code = issue_code(member=person, by=None)
    _sign_in(client, code)
    assert client.get("/me/profile/").url.startswith("/first-run/")
    chosen = {"step": "password", "password": "Another-2026-x", "again": "Another-2026-x"}
    client.post("/first-run/", chosen)
    assert thief.get("/me/profile/").url.startswith("/sign-in/")
    assert client.get("/me/profile/").status_code == 200


def test_a_guess_is_counted_before_it_is_looked_at(client, person, monkeypatch):
    """Guesses sent at once each find the one before already counted, however slow the hash is."""
    from school.members.services import signin

    seen = []
    original = signin._authenticate

    def slow(*arguments):
        own = SignInThrottle.objects.exclude(account="*").exclude(address="*")
        seen.append(own.get().failures)
        return original(*arguments)

    monkeypatch.setattr(signin, "_authenticate", slow)
    _sign_in(client, "nope")
    _sign_in(client, "nope")
    assert seen == [1, 2]


def test_one_time_codes_are_guessed_under_the_same_lock_as_passwords(client, person):
    code = issue_code(member=person, by=None)
    moment = clock.now()
    from datetime import timedelta

    for step in range(5):
        with clock.at(moment + timedelta(minutes=2 * step)):
            assert _sign_in(client, f"AAAAA-AAAA{step}").status_code == 400
    with clock.at(moment + timedelta(minutes=11)):
        assert _sign_in(client, code).status_code == 429


def test_success_forgets_the_failures(client, person):
    _sign_in(client, "nope")
    own = SignInThrottle.objects.exclude(account="*").exclude(address="*")
    assert own.get().failures == 1
    _sign_in(client, make.PASSWORD)
    assert own.get().failures == 0
    assert SignInThrottle.objects.get(address="*").failures == 1  # what was wrong elsewhere stays
