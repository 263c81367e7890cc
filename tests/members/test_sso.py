"""Another door: a real OpenID provider on this machine, switched on by variables."""

import pytest
from oidc_provider_mock import User, run_server_in_thread

from tests.factories import houses
from tests.factories.members import PASSWORD

USERS = [
    User(sub="u-1", claims={"preferred_username": "A1001", "name": "张建国"}),
    User(sub="u-2", claims={"preferred_username": "nobody", "name": "外人"}),
    User(sub="u-3", claims={"preferred_username": "C3", "name": "停用"}),
    User(sub="u-4", claims={"phone_number": "13812348000"}),
    User(sub="u-5", claims={"preferred_username": "S9"}),
]
PEOPLE = """
from school.core import clock
from school.members.models import Member
from tests.factories import members as make
branch = make.branch()
make.member(branch, staff_number="A1001")
closed = make.member(branch, staff_number="C3")
Member.objects.filter(pk=closed.pk).update(is_active=False)
new = make.member(branch, staff_number="N4", ready=False, mobile="13812348000")
make.member(branch, staff_number="S9")
from allauth.mfa.models import Authenticator
second = Member.objects.get(staff_number="S9")
Authenticator.objects.create(user=second, type="totp", data={"secret": ""})
found = Member.objects.count()
"""
LOGIN = "/sign-in/with/oidc/oidc/login/?next=/me/profile/"


@pytest.fixture(scope="module")
def school(django_db_setup, django_db_blocker, tmp_path_factory):
    with run_server_in_thread(user_claims=USERS) as provider:
        variables = {
            "OIDC_URL": f"http://localhost:{provider.server_port}",
            "OIDC_CLIENT_ID": "school",
            "OIDC_CLIENT_SECRET": "secret",
            "OIDC_NAME": "集团统一认证",
            "OIDC_CLAIM": "preferred_username phone_number",
        }
        folder = tmp_path_factory.mktemp("sso")
        with django_db_blocker.unblock(), houses.opened(folder, **variables) as house:
            house.facts(PEOPLE)
            yield house


def come_in(school, sub: str):
    """The way of a person: our link, the provider's page, back to us."""
    visitor = school.visitor()
    asked = visitor.look(LOGIN)
    assert "/oauth2/authorize" in asked.url
    return visitor, visitor.post(asked.url, data={"sub": sub}, timeout=60)


def test_the_sign_in_page_offers_the_door(school):
    assert "用集团统一认证登录" in school.visitor().look("/sign-in/").text


def test_a_member_of_the_roster_comes_in_and_lands_where_he_wanted(school):
    visitor, answer = come_in(school, "u-1")
    assert answer.url == f"{school.address}/me/profile/"
    assert visitor.look("/me/security/").status_code == 200


def test_a_member_is_found_by_the_mobile_number_and_needs_no_password_of_the_school(school):
    visitor, answer = come_in(school, "u-4")
    assert "/first-run/" in answer.url
    after = visitor.post(
        answer.url,
        data={"step": "notice", "csrfmiddlewaretoken": visitor.cookies["csrftoken"]},
        timeout=60,
    )
    assert "核对信息" in after.text and "设置新密码" not in after.text


@pytest.mark.parametrize("sub", ["u-2", "u-3", "nobody@example.org"])
def test_who_is_not_in_the_roster_stays_out_and_no_account_is_made(school, sub):
    count = "SELECT count(*) FROM members_member"
    before = school.rows(count)
    visitor, answer = come_in(school, sub)
    assert answer.status_code == 403
    assert "花名册里没有对应的人员" in answer.text
    assert "/sign-in/" in visitor.look("/me/profile/").url
    assert school.rows(count) == before


def test_the_second_step_is_asked_behind_this_door_too(school):
    visitor, answer = come_in(school, "u-5")
    assert "/sign-in/second-step/" in answer.url
    assert "/sign-in/" in visitor.look("/me/profile/").url


def test_refusing_at_the_provider_leads_back_kindly(school):
    visitor = school.visitor()
    asked = visitor.look(LOGIN)
    answer = visitor.post(asked.url, data={"action": "deny"}, timeout=60)
    assert answer.url.startswith(school.address)
    assert answer.status_code < 500
    assert "登录" in answer.text


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?code=x&state=y", "?error=access_denied", "?state=%00&code=%00"]
)
def test_an_answer_nobody_asked_for_opens_nothing(school, query):
    visitor = school.visitor()
    answer = visitor.look(f"/sign-in/with/oidc/oidc/login/callback/{query}")
    assert answer.status_code < 500
    assert "/sign-in/" in visitor.look("/me/profile/").url


def test_the_way_back_never_leads_to_another_site(school):
    visitor = school.visitor()
    asked = visitor.look("/sign-in/with/oidc/oidc/login/?next=https://evil.example/")
    answer = visitor.post(asked.url, data={"sub": "u-1"}, timeout=60)
    assert answer.url.startswith(school.address)


def test_the_trail_says_through_which_door(school):
    come_in(school, "u-1")
    entries = school.rows("SELECT fields FROM core_auditentry WHERE action = 'members.signed_in'")
    assert any('"oidc"' in fields for (fields,) in entries)


def test_the_schools_own_password_still_opens(school):
    visitor = school.visitor()
    answer = visitor.submit("/sign-in/", account="A1001", secret=PASSWORD, next="/me/profile/")
    assert answer.url == f"{school.address}/me/profile/"


def test_no_account_or_token_of_the_provider_is_kept(school):
    for table in ("socialaccount_socialaccount", "socialaccount_socialtoken"):
        assert school.rows(f"SELECT count(*) FROM {table}") == [(0,)]


@pytest.mark.pure
def test_a_host_that_switches_nothing_on_has_no_other_door(settings):
    from django.urls import NoReverseMatch, reverse

    assert settings.SIGN_IN_DOORS == []
    assert "allauth.socialaccount" not in settings.INSTALLED_APPS
    with pytest.raises(NoReverseMatch):
        reverse("openid_connect_login", kwargs={"provider_id": "oidc"})
