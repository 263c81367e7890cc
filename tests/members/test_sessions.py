"""Sessions: listed, ended, idle by role, kept alive by study; passwords that run out."""

from datetime import timedelta

import pytest
from django.test import Client

from school.core import clock
from school.core.errors import DomainError
from school.core.models import AuditEntry
from school.members.models import Member, PasswordUsed, RoleGrant, SignInSession
from school.members.services import passwords, sessions
from school.study.models import StudySession
from school.study.services.sessions import open_session
from tests.factories import members as make
from tests.factories import study

pytestmark = pytest.mark.django_db
PAGE = "/me/profile/"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)"


@pytest.fixture
def person():
    return make.member(make.branch(), staff_number="A1001")


def signed_in(account="A1001", secret=make.PASSWORD, **extra) -> Client:
    client = Client(**extra)
    assert client.post("/sign-in/", {"account": account, "secret": secret}).status_code == 302
    return client


def is_in(client, **extra) -> bool:
    return client.get(PAGE, **extra).status_code == 200


# -- the list ------------------------------------------------------------------------------------


def test_each_browser_is_listed_with_its_device_and_ended_by_its_member(person):
    desk, phone = signed_in(), signed_in(headers={"User-Agent": IPHONE})
    rows = SignInSession.objects.filter(member=person, ended_at=None)
    assert sorted(row.label for row in rows) == ["iPhone", "其他设备"]
    page = desk.get("/me/security/").content.decode()
    assert "iPhone" in page and "这台设备" in page
    lost = rows.get(label="iPhone")
    desk.post(f"/me/security/sessions/{lost.pk}/end/")
    assert not is_in(phone)
    assert is_in(desk)
    lost.refresh_from_db()
    assert lost.end == "revoked"


def test_all_others_are_ended_at_once(person):
    here, *others = (signed_in() for _ in range(3))
    here.post("/me/security/sessions/end-others/")
    assert is_in(here)
    assert not any(is_in(each) for each in others)


def test_nobody_ends_the_session_of_another(person):
    victim = signed_in()
    make.member(make.branch(), staff_number="B2")
    row = SignInSession.objects.get(member=person)
    assert signed_in("B2").post(f"/me/security/sessions/{row.pk}/end/").status_code == 404
    assert is_in(victim)


def test_signing_out_is_noted(person):
    client = signed_in()
    client.post("/sign-out/")
    assert SignInSession.objects.get().end == "signed_out"


def test_the_security_administrator_signs_a_member_out_everywhere():
    root = make.branch()
    person = make.member(make.branch(root), staff_number="A1001")
    guard = make.officer(root, RoleGrant.Role.SECURITY_ADMIN)
    browsers = [signed_in(), signed_in()]
    admin = Client()
    admin.force_login(guard)
    admin.post(f"/members/{person.pk}/sign-in/end-sessions/")
    assert not any(is_in(each) for each in browsers)
    entry = AuditEntry.objects.get(action="members.sessions_ended")
    assert (entry.actor_id, entry.fields["count"]) == (guard.pk, 2)


def test_the_last_sign_in_is_shown(person):
    with clock.at(clock.now() - timedelta(days=1)):
        Member.objects.filter(pk=person.pk).update(last_login=clock.now())
    before = Member.objects.get(pk=person.pk).last_login
    page = signed_in().get("/me/security/").content.decode()
    assert f"{before.astimezone(clock.LOCAL):%Y-%m-%d %H:%M}" in page


def test_the_page_of_the_own_security_asks_few_questions(person, django_assert_max_num_queries):
    client = signed_in()
    for _ in range(6):
        signed_in()
    client.get("/me/security/")
    with django_assert_max_num_queries(20):
        client.get("/me/security/")


# -- idle ----------------------------------------------------------------------------------------


def test_an_administrator_is_signed_out_after_a_quarter_of_an_hour():
    make.officer(make.branch(), RoleGrant.Role.SYSTEM_ADMIN, staff_number="S9")
    client, start = signed_in("S9"), clock.now()
    with clock.at(start + timedelta(minutes=14)):
        assert is_in(client)
    with clock.at(start + timedelta(minutes=28)):
        assert is_in(client)  # each request begins the quarter anew
    with clock.at(start + timedelta(minutes=44)):
        answer = client.get(f"{PAGE}?tab=2")
    assert answer.url == "/sign-in/?next=/me/profile/%3Ftab%3D2"
    assert SignInSession.objects.get().end == "idle"


def test_a_member_stays_for_days_but_not_for_ever(person):
    client, start = signed_in(), clock.now()
    with clock.at(start + timedelta(days=6, hours=23)):
        assert is_in(client)
    with clock.at(start + timedelta(days=14)):
        assert not is_in(client)


def _watching(person, moment, agent=""):
    item = study.make_lesson().item
    with clock.at(moment - timedelta(minutes=20)):
        token = open_session(member=person, item=item, device=agent)
    StudySession.objects.filter(pk=token.sid).update(last_report_at=moment)


def test_accepted_study_keeps_the_session_of_who_watches():
    person = make.officer(make.branch(), RoleGrant.Role.SYSTEM_ADMIN, staff_number="S9")
    client, start = signed_in("S9", headers={"User-Agent": IPHONE}), clock.now()
    _watching(person, start + timedelta(minutes=50), IPHONE)
    with clock.at(start + timedelta(hours=1)):
        assert is_in(client)


def test_study_on_a_phone_does_not_keep_the_desk_open():
    person = make.officer(make.branch(), RoleGrant.Role.SYSTEM_ADMIN, staff_number="S9")
    desk, start = signed_in("S9"), clock.now()
    _watching(person, start + timedelta(minutes=50), IPHONE)
    with clock.at(start + timedelta(hours=1)):
        assert not is_in(desk)


def test_study_of_long_ago_does_not_keep_a_session():
    person = make.officer(make.branch(), RoleGrant.Role.SYSTEM_ADMIN, staff_number="S9")
    client, start = signed_in("S9"), clock.now()
    _watching(person, start + timedelta(minutes=30))
    with clock.at(start + timedelta(hours=1)):
        assert not is_in(client)


def test_what_a_page_asks_by_itself_is_no_activity():
    officer = make.officer(make.branch(), RoleGrant.Role.SYSTEM_ADMIN, staff_number="S9")
    client, start = signed_in("S9"), clock.now()
    for minute in range(1, 16):
        with clock.at(start + timedelta(minutes=minute)):
            client.post("/admin/editing-sessions/1/", {})
    with clock.at(start + timedelta(minutes=16)):
        assert not is_in(client)
    assert officer.pk


def test_a_fresh_session_costs_no_statement_of_its_own(person, rf, django_assert_num_queries):
    client = signed_in()
    request = rf.get("/")
    request.session, request.user = client.session, person
    assert request.session["seen"]
    with django_assert_num_queries(0):
        assert sessions.is_kept(request)


def test_evidence_of_study_is_taken_from_an_idle_session(person):
    client, start = signed_in(), clock.now()
    with clock.at(start + timedelta(days=30)):
        answer = client.post("/study/report/", {}, content_type="application/json")
    assert answer.status_code == 403  # looked at: it is no token, not turned away to the sign-in


# -- passwords -----------------------------------------------------------------------------------


def change(client, password, present=make.PASSWORD):
    sent = {"present": present, "password": password, "again": password}
    return client.post("/me/security/password/", sent)


def test_a_new_password_signs_the_other_browsers_out_and_keeps_this_one(person):
    here, there = signed_in(), signed_in()
    assert change(here, "Another-2026-x").status_code == 302
    assert is_in(here)
    assert not is_in(there)
    open_rows = SignInSession.objects.filter(member=person, ended_at=None)
    assert open_rows.get().key == here.session.session_key
    assert signed_in(secret="Another-2026-x")


def test_the_present_password_is_asked_for_and_guesses_are_counted(person):
    client = signed_in()
    answers = [change(client, "Another-2026-x", "nope").status_code for _ in range(4)]
    assert answers[0] == 400 and answers[-1] == 429
    person.refresh_from_db()
    assert person.check_password(make.PASSWORD)


def test_the_last_five_passwords_may_not_come_back(person):
    used = [f"Study-2026-no{n}" for n in range(6)]
    for password in used:
        passwords.choose_password(member=person, password=password)
    for password in used[1:]:
        with pytest.raises(DomainError):
            passwords.choose_password(member=person, password=password)
    passwords.choose_password(member=person, password=used[0])
    assert PasswordUsed.objects.filter(member=person).count() == 5


def test_setting_a_password_remembers_when(person):
    moment = clock.now() + timedelta(days=3)
    with clock.at(moment):
        passwords.choose_password(member=person, password="Another-2026-x")
    assert Member.objects.get(pk=person.pk).password_changed_at == moment


@pytest.mark.parametrize(("days", "asked"), [(89, False), (91, True)])
def test_an_administrators_password_runs_out_after_ninety_days(days, asked):
    make.officer(make.branch(), RoleGrant.Role.COMMITTEE_ADMIN, staff_number="S9")
    with clock.at(clock.now() + timedelta(days=days)):
        client = signed_in("S9")
        answer = client.get(PAGE)
        assert (answer.status_code == 302) is asked
        if asked:
            assert answer.url.startswith("/first-run/")
            assert client.get(answer.url).context["step"] == "password"


def test_a_members_password_does_not_run_out(person):
    with clock.at(clock.now() + timedelta(days=3000)):
        assert is_in(signed_in())


# -- house-keeping -------------------------------------------------------------------------------


def test_rows_of_long_ago_are_swept(person):
    signed_in()
    SignInSession.objects.update(seen_at=clock.now() - timedelta(days=181))
    signed_in()
    assert sessions.sweep() == 1
    assert SignInSession.objects.count() == 1
