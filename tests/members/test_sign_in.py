"""Signing in: one answer for every refusal, a growing delay, codes used once, the first run."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher

from school.core import clock
from school.core.models import AuditEntry
from school.members.models import Consent, Member, OneTimeCode
from school.members.services.codes import issue_code
from tests.factories import members as make

pytestmark = pytest.mark.django_db
URL = "/sign-in/"


def _try(client, account, secret):
    return client.post(URL, {"account": account, "secret": secret, "next": "/me/profile/"})


@pytest.fixture
def person():
    return make.member(make.branch(), staff_number="A1001", mobile="13812348000")


def _words(response) -> str:
    return str(response.context["form"].non_field_errors())


def test_staff_number_and_mobile_both_open_the_door(client, person):
    for account in ("a1001", " A1001 ", "13812348000"):
        assert _try(client, account, make.PASSWORD).url == "/me/profile/"
        client.logout()


def test_a_wrong_password_reads_like_an_unknown_account(client, person):
    known, unknown = _try(client, "A1001", "nope"), _try(client, "Z9", "nope")
    assert known.status_code == unknown.status_code == 400
    assert _words(known) == _words(unknown) != ""


@pytest.mark.parametrize("account", ["A1001", "Z9", "NOPASS"])
def test_every_refusal_costs_exactly_one_hash(client, person, account):
    make.member(make.branch(), staff_number="NOPASS", ready=False)
    with patch.object(
        MD5PasswordHasher, "encode", autospec=True, side_effect=MD5PasswordHasher.encode
    ) as encode:
        _try(client, account, "nope")
    assert encode.call_count == 1


def test_failures_delay_and_then_lock_the_account_from_that_address_only(client, person):
    start = clock.now()
    for step in range(5):
        with clock.at(start + timedelta(minutes=step)):
            assert _try(client, "A1001", "nope").status_code == 400
    with clock.at(start + timedelta(minutes=5)):
        assert _try(client, "A1001", make.PASSWORD).status_code == 429
        elsewhere = client.post(
            URL, {"account": "A1001", "secret": make.PASSWORD}, REMOTE_ADDR="10.9.8.7"
        )
        assert elsewhere.status_code == 302


def test_the_delay_holds_for_unknown_accounts_too(client):
    for _ in range(4):
        response = _try(client, "Z9", "nope")
    assert response.status_code == 429


def test_a_code_works_once_and_only_for_its_member(client, person):
    other = make.member(make.branch(), staff_number="A1002")
    code = issue_code(member=person, by=None)
    assert _try(client, "A1002", code).status_code == 400
    assert _try(client, "A1001", code.lower()).status_code == 302
    client.logout()
    assert _try(client, "A1001", code).status_code == 400
    assert other.codes.count() == 0


def test_an_old_or_replaced_code_does_not_open(client, person):
    first = issue_code(member=person, by=None)
    second = issue_code(member=person, by=None)
    assert _try(client, "A1001", first).status_code == 400
    with clock.at(clock.now() + timedelta(hours=25)):
        assert _try(client, "A1001", second).status_code == 400


def test_the_code_itself_is_stored_nowhere(person):
    code = issue_code(member=person, by=None).replace("-", "")
    row = OneTimeCode.objects.get()
    assert code not in row.mac
    assert all(code not in str(entry.fields) for entry in AuditEntry.objects.all())


def test_a_code_used_on_the_issuers_device_is_marked(client, person):
    issuer = make.member(make.branch(), staff_number="S1")
    _try(client, "S1", make.PASSWORD)
    client.post("/sign-out/")
    code = issue_code(member=person, by=issuer)
    _try(client, "A1001", code)
    assert OneTimeCode.objects.get().used_on_issuer_device


def test_the_first_run_leads_through_four_steps_and_can_be_resumed(client):
    person = make.member(make.branch(), staff_number="N1", ready=False)
    _try(client, "N1", issue_code(member=person, by=None))
    assert client.get("/me/profile/").url.startswith("/first-run/")
    page = "/first-run/?next=/me/profile/"
    assert client.get(page).context["step"] == "notice"
    client.post(page, {"step": "notice"})
    assert client.get(page).context["step"] == "password"
    weak = client.post(page, {"step": "password", "password": "short", "again": "short"})
    assert weak.context["form"].errors
    good = {"step": "password", "password": make.PASSWORD, "again": make.PASSWORD}
    client.post(page, good)
    assert client.get(page).context["step"] == "profile"
    client.post(page, {"step": "profile", "correction": "所在支部应为机电队"})
    done = client.post(page, {"step": "letters", "size": "elder", "next": "/me/profile/"})
    assert done.url == "/me/profile/"
    assert done.cookies["elder"].value == "1"
    person.refresh_from_db()
    assert person.check_password(make.PASSWORD)
    assert Consent.objects.filter(member=person).count() == 1
    assert person.corrections.get().state == "open"
    assert client.get("/me/profile/").status_code == 200


def test_a_step_cannot_be_jumped(client):
    person = make.member(make.branch(), staff_number="N1", ready=False)
    _try(client, "N1", issue_code(member=person, by=None))
    client.post("/first-run/", {"step": "letters", "size": "elder"})
    assert Member.objects.get(pk=person.pk).first_run_done_at is None


def test_the_way_back_never_leads_to_another_site(client, person):
    sent = {"account": "A1001", "secret": make.PASSWORD, "next": "https://evil.example/"}
    assert client.post(URL, sent).url == "/"


def test_wagtails_own_doors_are_bricked_up(client, person):
    assert client.get("/admin/login/").url.startswith("/sign-in/")
    assert client.get("/admin/password_reset/").status_code == 404


def test_a_secretary_issues_codes_in_the_own_branch_only(client):
    _, _, first, second = make.tree()
    make.officer(first, staff_number="S1")
    mine, foreign = make.member(first, ready=False), make.member(second, ready=False)
    _try(client, "S1", make.PASSWORD)
    assert client.post(f"/branch/members/{foreign.pk}/code/issue/").status_code == 404
    page = client.post(f"/branch/members/{mine.pk}/code/issue/")
    assert page.context["code"] in page.content.decode()
    assert client.get(f"/branch/members/{mine.pk}/code/").status_code == 200
    assert not OneTimeCode.objects.filter(member=foreign).exists()


def test_an_ordinary_member_does_not_find_the_page_for_codes(client, person):
    _try(client, "A1001", make.PASSWORD)
    assert client.get(f"/branch/members/{person.pk}/code/").status_code == 404


def test_personal_numbers_are_encrypted_at_rest_and_found_again(person):
    row = Member.objects.filter(pk=person.pk).values().get()
    assert "13812348000" not in str(row)
    assert person.masked_mobile == "138****8000"
