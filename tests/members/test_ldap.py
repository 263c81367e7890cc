"""Passwords of a directory: a real OpenLDAP server, members of the roster only.

Needs ``slapd`` and the ``ldap`` extra; a machine without them says so at the end of the run.
"""

import importlib.util

import pytest
from django.test import Client

from school.core.models import AuditEntry
from school.members.models import Member
from tests.factories import directories
from tests.factories import members as make

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        directories.slapd() is None or importlib.util.find_spec("django_auth_ldap") is None,
        reason="needs slapd and the ldap extra",
    ),
]
PEOPLE = {"A1001": "Directory-2026", "C3": "Directory-2026", "STRANGER": "Directory-2026"}
BACKENDS = [
    "school.members.backends.MemberBackend",
    "school.members.ldap_backend.DirectoryBackend",
]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with directories.opened(tmp_path_factory.mktemp("ldap"), PEOPLE) as opened:
        yield opened


@pytest.fixture
def directory(settings, address):
    settings.AUTHENTICATION_BACKENDS = BACKENDS
    settings.AUTH_LDAP_SERVER_URI = address
    settings.AUTH_LDAP_BIND_DN = directories.ADMIN
    settings.AUTH_LDAP_BIND_PASSWORD = directories.ADMIN_PASSWORD
    settings.AUTH_LDAP_NO_NEW_USERS = True
    settings.AUTH_LDAP_ALWAYS_UPDATE_USER = False
    settings.SIGN_IN_LDAP_BASE = f"ou=people,{directories.BASE}"
    settings.SIGN_IN_LDAP_FILTER = "(uid=%(user)s)"
    return settings


def sign_in(account, secret):
    client = Client()
    sent = {"account": account, "secret": secret, "next": "/me/profile/"}
    return client, client.post("/sign-in/", sent)


@pytest.mark.parametrize("account", ["A1001", "a1001", "13812348000"])
def test_a_member_of_the_roster_comes_in_with_the_directorys_password(directory, account):
    make.member(make.branch(), staff_number="A1001", mobile="13812348000")
    client, answer = sign_in(account, "Directory-2026")
    assert answer.url == "/me/profile/"
    assert client.get("/me/profile/").status_code == 200
    assert AuditEntry.objects.get(action="members.signed_in").fields["door"] == "ldap"


def test_the_schools_own_password_still_opens(directory):
    make.member(make.branch(), staff_number="A1001")
    assert sign_in("A1001", make.PASSWORD)[1].status_code == 302


@pytest.mark.parametrize("secret", ["nope", " ", "*", "Directory-2026 "])
def test_a_wrong_password_opens_nothing(directory, secret):
    make.member(make.branch(), staff_number="A1001")
    assert sign_in("A1001", secret)[1].status_code == 400


def test_who_is_only_in_the_directory_stays_out_and_no_account_is_made(directory):
    before = Member.objects.count()
    assert sign_in("STRANGER", "Directory-2026")[1].status_code == 400
    assert Member.objects.count() == before


def test_a_closed_account_stays_closed_and_an_open_session_ends(directory):
    person = make.member(make.branch(), staff_number="C3")
    client, _answer = sign_in("C3", "Directory-2026")
    Member.objects.filter(pk=person.pk).update(is_active=False)
    assert client.get("/me/profile/").status_code == 302
    assert sign_in("C3", "Directory-2026")[1].status_code == 400


@pytest.mark.parametrize("account", ["*", "A1001)(uid=*", "A100*", "A1001\x00"])
def test_signs_of_the_filter_find_nobody(directory, account):
    make.member(make.branch(), staff_number="A1001")
    assert sign_in(account, "Directory-2026")[1].status_code in (200, 400)
    assert not AuditEntry.objects.filter(action="members.signed_in").exists()


def test_a_directory_that_is_down_leaves_the_schools_own_door_open(directory):
    directory.AUTH_LDAP_SERVER_URI = "ldap://127.0.0.1:1"
    make.member(make.branch(), staff_number="A1001")
    assert sign_in("A1001", "Directory-2026")[1].status_code == 400
    assert sign_in("A1001", make.PASSWORD)[1].status_code == 302


def test_a_new_member_with_the_directorys_password_needs_none_of_the_schools(directory):
    make.member(make.branch(), staff_number="A1001", ready=False)
    client, _answer = sign_in("A1001", "Directory-2026")
    client.post("/first-run/", {"step": "notice"})
    assert client.get("/first-run/").context["step"] == "profile"
