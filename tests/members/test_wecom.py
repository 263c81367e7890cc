"""企业微信 as a door, against a server on this machine that keeps to the vendor's documents."""

import base64

import pytest

from tests.factories import houses, wecom

PEOPLE = """
from school.core import clock
from school.members.models import Member
from tests.factories import members as make
from allauth.mfa.models import Authenticator
branch = make.branch()
make.member(branch, staff_number="A1001")
closed = make.member(branch, staff_number="C3")
Member.objects.filter(pk=closed.pk).update(is_active=False)
make.member(branch, staff_number="S9")
second = Member.objects.get(staff_number="S9")
Authenticator.objects.create(user=second, type="totp", data={"secret": ""})
found = Member.objects.count()
"""
LOGIN = "/sign-in/with/wecom/login/?next=/me/profile/"
PHONE = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) wxwork/4.1.30 MicroMessenger/7.0.1"}
REFUSED = "花名册里没有对应的人员"


@pytest.fixture(scope="module")
def vendor():
    colleagues = {"A1001", "a1001", "C3", "S9", "nobody"}
    with wecom.opened(wecom.WeCom(colleagues, strangers={"o-1"})) as opened:
        yield opened


@pytest.fixture(scope="module")
def school(django_db_setup, django_db_blocker, tmp_path_factory, vendor):
    folder = tmp_path_factory.mktemp("wecom")
    with (
        django_db_blocker.unblock(),
        houses.opened(folder, **wecom.variables(vendor)) as house,
    ):
        house.facts(PEOPLE)
        yield house


def come_in(school, person: str):
    """The way of a person at a computer: our link, the vendor's page, scanned, back to us."""
    visitor = school.visitor()
    asked = visitor.look(LOGIN)
    assert "请使用企业微信扫描二维码登录" in asked.text
    scanned = {"scanned": "1", "scanned_by": person}
    return visitor, visitor.get(asked.url, params=scanned, timeout=60)


def test_the_sign_in_page_offers_the_door(school):
    assert "用企业微信登录" in school.visitor().look("/sign-in/").text


@pytest.mark.parametrize("userid", ["A1001", "a1001"])
def test_a_colleague_whose_userid_is_the_staff_number_lands_where_he_wanted(school, userid):
    visitor, answer = come_in(school, userid)
    assert answer.url == f"{school.address}/me/profile/"
    assert visitor.look("/me/security/").status_code == 200


def test_inside_the_app_nobody_scans_anything(school, vendor):
    vendor.inside = "A1001"
    visitor = school.visitor()
    visitor.headers.update(PHONE)
    answer = visitor.look(LOGIN)
    assert answer.url.partition("#")[0] == f"{school.address}/me/profile/"
    assert [hop.url.split("?")[0] for hop in answer.history][1].endswith("/oauth2/authorize")


@pytest.mark.parametrize("person", ["nobody", "C3", "o-1"])
def test_who_is_not_in_the_roster_stays_out_and_no_account_is_made(school, person):
    count = "SELECT count(*) FROM members_member"
    before = school.rows(count)
    visitor, answer = come_in(school, person)
    assert answer.status_code == 403
    assert REFUSED in answer.text
    assert "/sign-in/" in visitor.look("/me/profile/").url
    assert school.rows(count) == before


def test_the_second_step_is_asked_behind_this_door_too(school):
    visitor, answer = come_in(school, "S9")
    assert "/sign-in/second-step/" in answer.url
    assert "/sign-in/" in visitor.look("/me/profile/").url


def test_refusing_on_the_phone_leads_back_kindly(school):
    visitor, answer = come_in(school, "")
    assert answer.url.startswith(school.address)
    assert answer.status_code == 403
    assert "登录没有成功" in answer.text
    assert "/sign-in/" in visitor.look("/me/profile/").url


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?code=x&state=y", "?state=y", "?state=%00&code=%00"]
)
def test_an_answer_nobody_asked_for_opens_nothing(school, vendor, query):
    visitor = school.visitor()
    answer = visitor.look(f"/sign-in/with/wecom/login/callback/{query}")
    assert answer.status_code == 403
    assert "/sign-in/" in visitor.look("/me/profile/").url


def test_a_code_of_somebody_else_does_not_open_another_browser(school, vendor):
    """The state belongs to the browser that asked."""
    visitor = school.visitor()
    answer = visitor.look(
        f"/sign-in/with/wecom/login/callback/?code={vendor.code_for('A1001')}&state=stolen"
    )
    assert answer.status_code == 403
    assert "/sign-in/" in visitor.look("/me/profile/").url


def test_a_code_the_vendor_does_not_know_opens_nothing(school, vendor):
    visitor = school.visitor()
    asked = visitor.look(LOGIN)
    state = asked.url.partition("state=")[2].partition("&")[0]
    answer = visitor.look(f"/sign-in/with/wecom/login/callback/?code=forged&state={state}")
    assert answer.status_code == 403
    assert "登录没有成功" in answer.text


def test_the_token_is_asked_for_once_and_again_when_the_vendor_calls_it_in(school, vendor):
    come_in(school, "A1001")
    before = vendor.asked_for_token
    come_in(school, "A1001")
    assert vendor.asked_for_token == before
    vendor.tokens.clear()
    _visitor, answer = come_in(school, "A1001")
    assert answer.url == f"{school.address}/me/profile/"
    assert vendor.asked_for_token == before + 1


def test_the_token_lies_encrypted(school, vendor):
    come_in(school, "A1001")
    kept = [base64.b64decode(value) for (value,) in school.rows("SELECT value FROM core_cache")]
    assert vendor.tokens
    assert kept
    assert not any(token.encode() in value for token in vendor.tokens for value in kept)


def test_an_installation_that_spells_the_answer_as_before_opens_too(school, vendor):
    vendor.spelling = "UserId"
    try:
        _visitor, answer = come_in(school, "A1001")
    finally:
        vendor.spelling = "userid"
    assert answer.url == f"{school.address}/me/profile/"


def test_a_vendor_out_of_order_says_so_and_the_secret_stays_out_of_the_log(school, vendor):
    visitor = school.visitor()
    asked = visitor.look(LOGIN)
    vendor.tokens.clear()
    code = vendor.code_for("A1001")
    vendor.broken = True
    try:
        state = asked.url.partition("state=")[2].partition("&")[0]
        answer = visitor.look(f"/sign-in/with/wecom/login/callback/?code={code}&state={state}")
    finally:
        vendor.broken = False
    assert answer.status_code == 403
    assert "登录没有成功" in answer.text
    assert wecom.SECRET not in answer.text


def test_the_way_back_never_leads_to_another_site(school):
    visitor = school.visitor()
    asked = visitor.look("/sign-in/with/wecom/login/?next=https://evil.example/")
    answer = visitor.get(asked.url, params={"scanned": "1", "scanned_by": "A1001"}, timeout=60)
    assert answer.url.startswith(school.address)


def test_the_trail_says_through_which_door(school):
    come_in(school, "A1001")
    entries = school.rows("SELECT fields FROM core_auditentry WHERE action = 'members.signed_in'")
    assert any('"wecom"' in fields for (fields,) in entries)


def test_no_account_or_token_of_the_vendor_is_kept(school):
    come_in(school, "A1001")
    for table in ("socialaccount_socialaccount", "socialaccount_socialtoken"):
        assert school.rows(f"SELECT count(*) FROM {table}") == [(0,)]
