"""The second step: no session before it, app, passkey and recovery codes, who must have one."""

import re
import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from school.core import clock
from school.core.models import AuditEntry
from school.members.models import RoleGrant, SignInSession
from school.members.services.codes import issue_code
from school.members.services.grants import grant_role
from tests.factories import members as make
from tests.factories.passkeys import Passkey

pytestmark = pytest.mark.django_db
SECOND = "/sign-in/second-step/"
APP, PASSKEY = "/me/security/second-step/app/", "/me/security/second-step/passkey/"
ADMINS = ("system_admin",)


@pytest.fixture
def person():
    return make.member(make.branch(), staff_number="A1001")


@pytest.fixture
def admin(settings):
    settings.SIGN_IN_SECOND_STEP_ROLES = ADMINS
    return make.officer(make.branch(), RoleGrant.Role.SYSTEM_ADMIN, staff_number="S9")


def sign_in(client, account="A1001", secret=make.PASSWORD, **values):
    values.setdefault("next", "/me/profile/")
    return client.post("/sign-in/", {"account": account, "secret": secret, **values})


def is_in(client) -> bool:
    return client.get("/me/profile/").status_code == 200


def digits(secret: str, step: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


def with_app(account="A1001") -> tuple[str, list[str]]:
    """Set an app up in a browser of its own; the secret and the recovery codes."""
    client = Client()
    sign_in(client, account)
    client.get(APP)
    secret = client.session["totp_secret"]
    shown = client.post(APP, {"code": digits(secret, -1)})
    assert shown.status_code == 200
    return secret, shown.context["codes"]


def test_the_password_alone_opens_no_session_once_there_is_an_app(client, person):
    secret, _codes = with_app()
    asked = sign_in(client)
    assert asked.url == "/sign-in/second-step/?next=/me/profile/"
    assert not is_in(client)
    assert client.get(asked.url).status_code == 200
    done = client.post(asked.url, {"code": digits(secret), "next": "/me/profile/"})
    assert done.url == "/me/profile/"
    assert is_in(client)
    assert SignInSession.objects.filter(member=person, with_second_step=True).count() == 1


def test_six_digits_open_once(client, person):
    secret, _codes = with_app()
    code = digits(secret)
    sign_in(client)
    client.post(SECOND, {"code": code})
    other = Client()
    sign_in(other)
    assert other.post(SECOND, {"code": code}).status_code == 400
    assert not is_in(other)


def test_a_one_time_code_does_not_go_around_the_second_step(client, person):
    with_app()
    assert sign_in(client, secret=issue_code(member=person, by=None)).url.startswith(SECOND)
    assert not is_in(client)


def test_guessing_the_digits_is_slowed_and_paused_like_guessing_passwords(client, person):
    secret, _codes = with_app()
    sign_in(client)
    answers = [client.post(SECOND, {"code": "000000"}).status_code for _ in range(4)]
    assert answers[0] == 400 and answers[-1] == 429
    assert client.post(SECOND, {"code": digits(secret)}).status_code == 429


def test_a_recovery_code_opens_once_and_is_in_the_trail(client, person):
    _secret, codes = with_app()
    sign_in(client)
    assert client.post(SECOND, {"code": f"{codes[3][:4]} {codes[3][4:]}"}).status_code == 302
    assert is_in(client)
    other = Client()
    sign_in(other)
    assert other.post(SECOND, {"code": codes[3]}).status_code == 400
    assert AuditEntry.objects.get(action="members.recovery_code_used").fields == {"left": 9}


def test_nobody_waits_at_the_door_for_long(client, person):
    secret, _codes = with_app()
    start = clock.now()
    sign_in(client)
    with clock.at(start + timedelta(minutes=11)):
        late = client.post(SECOND, {"code": digits(secret)})
    assert late.url.startswith("/sign-in/")
    assert not is_in(client)


def test_a_passkey_is_made_and_opens_the_door(client, person):
    key = Passkey()
    owner = Client()
    sign_in(owner)
    options = owner.post(f"{PASSKEY}options/").json()
    made = owner.post(PASSKEY, {"credential": key.create(options), "name": "我的手机"})
    assert len(made.context["codes"]) == 10
    assert sign_in(client).url.startswith(SECOND)
    options = client.post(f"{SECOND}passkey/").json()
    done = client.post(SECOND, {"credential": key.get(options)})
    assert done.status_code == 302
    assert is_in(client)


@pytest.mark.parametrize("fault", ["another key", "another site", "an old challenge", "rubbish"])
def test_a_passkey_that_does_not_fit_opens_nothing(client, person, fault):
    key, owner = Passkey(), Client()
    sign_in(owner)
    owner.post(PASSKEY, {"credential": key.create(owner.post(f"{PASSKEY}options/").json())})
    sign_in(client)
    options = client.post(f"{SECOND}passkey/").json()
    if fault == "another key":
        stranger = Passkey()
        stranger.id, answer = key.id, None
        answer = stranger.get(options)
    elif fault == "another site":
        key.origin = "https://evil.example"
        answer = key.get(options)
    elif fault == "an old challenge":
        client.post(f"{SECOND}passkey/")
        answer = key.get(options)
    else:
        answer = '{"id": 3, "response": []}'
    assert client.post(SECOND, {"credential": answer}).status_code == 400
    assert not is_in(client)


@pytest.mark.parametrize("rubbish", ["", "[]", "{}", "null", '{"response": {}}', "x", "\x00"])
def test_rubbish_for_a_passkey_is_refused_kindly(client, person, rubbish):
    sign_in(client)
    client.post(f"{PASSKEY}options/")
    response = client.post(PASSKEY, {"credential": rubbish})
    assert response.status_code in (200, 400)
    assert not Authenticator.objects.exists()


def test_an_administrator_without_a_second_step_is_led_to_set_one_up(client, admin):
    sign_in(client, "S9")
    assert client.get("/me/profile/").url == "/me/security/second-step/?next=/me/profile/"
    assert client.get("/admin/").url.startswith("/me/security/second-step/")
    page = client.get("/me/security/second-step/")
    assert "必须两步验证" in page.content.decode()
    client.get(APP)
    client.post(APP, {"code": digits(client.session["totp_secret"])})
    assert client.get("/me/profile/").status_code == 200


def test_a_role_given_in_the_middle_of_a_session_asks_for_the_second_step(client, settings):
    settings.SIGN_IN_SECOND_STEP_ROLES = ADMINS
    person = make.member(make.branch(), staff_number="A1001")
    sign_in(client)
    assert is_in(client)
    home = person.memberships.get().branch
    grant_role(member=person, role=RoleGrant.Role.SYSTEM_ADMIN, branch=home)
    assert not is_in(client)


def test_ordinary_members_are_not_asked(client, admin):
    make.member(make.branch(), staff_number="A1001")
    sign_in(client)
    assert is_in(client)


def test_the_first_second_step_signs_other_browsers_out(client, person):
    sign_in(client)
    with_app()
    assert not is_in(client)


def test_the_last_second_step_of_an_administrator_cannot_be_removed(client, admin):
    secret, _codes = with_app("S9")
    sign_in(client, "S9")
    client.post(SECOND, {"code": digits(secret)})
    row = Authenticator.objects.get(type="totp")
    assert client.post(f"/me/security/second-step/{row.pk}/remove/").status_code == 409
    assert Authenticator.objects.filter(type="totp").exists()


def test_removing_the_last_one_takes_the_recovery_codes_with_it(client, person):
    secret, _codes = with_app()
    sign_in(client)
    client.post(SECOND, {"code": digits(secret)})
    row = Authenticator.objects.get(type="totp")
    client.post(f"/me/security/second-step/{row.pk}/remove/")
    assert not Authenticator.objects.exists()
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"members.second_step_added", "members.second_step_removed"} <= actions


def test_nobody_removes_the_second_step_of_another(client, person):
    with_app()
    row = Authenticator.objects.get(type="totp")
    make.member(make.branch(), staff_number="B2")
    sign_in(client, "B2")
    assert client.post(f"/me/security/second-step/{row.pk}/remove/").status_code == 404
    assert Authenticator.objects.filter(pk=row.pk).exists()


def test_new_recovery_codes_replace_the_old_ones(client, person):
    secret, old = with_app()
    sign_in(client)
    client.post(SECOND, {"code": digits(secret)})
    fresh = client.post("/me/security/second-step/recovery-codes/").context["codes"]
    assert not set(fresh) & set(old)
    other = Client()
    sign_in(other)
    assert other.post(SECOND, {"code": old[0]}).status_code == 400


def test_the_door_is_changed_only_with_the_password_given_a_short_while_ago(client, person):
    start = clock.now()
    sign_in(client)
    with clock.at(start + timedelta(minutes=11)):
        assert client.get(APP).url == f"/me/security/prove/?next={APP}"
        wrong = client.post("/me/security/prove/", {"password": "nope", "next": APP})
        assert wrong.status_code == 400
        right = client.post("/me/security/prove/", {"password": make.PASSWORD, "next": APP})
        assert right.url == APP
        assert client.get(APP).status_code == 200


def test_secrets_are_encrypted_at_rest(client, person):
    secret, codes = with_app()
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    assert not any(code in stored for code in codes)
    assert re.search(r"[0-9a-f]{8}:", stored)


def test_the_security_administrator_recovers_within_the_own_subtree_only(client):
    root = make.branch()
    inside, outside = make.branch(root), make.branch()
    guard = make.officer(root, RoleGrant.Role.SECURITY_ADMIN)
    mine = make.member(inside, staff_number="A1001")
    foreign = make.member(outside, staff_number="B2")
    with_app()
    with_app("B2")
    client.force_login(guard)
    assert client.get(f"/members/{mine.pk}/sign-in/").status_code == 200
    assert client.get(f"/members/{foreign.pk}/sign-in/").status_code == 404
    assert client.get(f"/members/{guard.pk}/sign-in/").status_code == 404
    assert client.post(f"/members/{foreign.pk}/sign-in/reset-second-step/").status_code == 404
    client.post(f"/members/{mine.pk}/sign-in/reset-second-step/")
    assert not Authenticator.objects.filter(user=mine).exists()
    assert Authenticator.objects.filter(user=foreign).exists()
    entry = AuditEntry.objects.get(action="members.second_step_reset")
    assert entry.actor_id == guard.pk
    assert sign_in(Client()).url == "/me/profile/"


def test_after_the_set_up_one_lands_on_the_page_that_was_asked_for(client, admin):
    sign_in(client, "S9")
    led = client.get("/branch/?filter=open").url
    page = client.get(led).content.decode()
    way = re.search(r'href="(/me/security/second-step/app/[^"]*)"', page)[1]
    client.get(way)
    shown = client.post(way, {"code": digits(client.session["totp_secret"])})
    assert shown.context["further"] == "/branch/?filter=open"
    assert 'href="/branch/?filter=open"' in shown.content.decode()


def test_the_set_up_sends_nobody_to_another_site(client, admin):
    sign_in(client, "S9")
    way = f"{APP}?next=https://example.org/"
    client.get(way)
    shown = client.post(way, {"code": digits(client.session["totp_secret"])})
    assert shown.context["further"] == "/"
