"""Codes for a whole branch as printed slips; who may issue; what the member is told."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from school.core import clock
from school.core.models import AuditEntry
from school.members.models import Member, OneTimeCode, RoleGrant
from school.members.services.codes import issue_code
from tests.factories import members as make

pytestmark = pytest.mark.django_db
Role = RoleGrant.Role
CODE = re.compile(r'<p class="slip__code">([A-Z0-9]{5}-[A-Z0-9]{5})</p>')


@pytest.fixture
def secretary(client):
    branch = make.branch()
    officer = make.officer(branch, staff_number="S1", name="王书记")
    client.force_login(officer)
    officer.home = branch
    return officer


def slips(client, branch, people):
    return client.post(f"/branch/{branch.pk}/codes/", {"member": [p.pk for p in people]})


def test_those_who_never_signed_in_are_chosen_beforehand(client, secretary):
    fresh = make.member(secretary.home, ready=False)
    waiting = make.member(secretary.home, ready=False)
    issue_code(member=waiting, by=secretary)
    old = make.member(secretary.home)
    Client().post("/sign-in/", {"account": old.staff_number, "secret": make.PASSWORD})
    rows = client.get(f"/branch/{secretary.home.pk}/codes/").context["rows"]
    assert [row.member.pk for row in rows if row.wanted] == [fresh.pk]
    assert {row.member.pk for row in rows} >= {fresh.pk, waiting.pk, old.pk}


def test_each_slip_opens_one_account_for_seven_days(client, secretary):
    people = [make.member(secretary.home, ready=False) for _ in range(3)]
    page = slips(client, secretary.home, people).content.decode()
    codes = CODE.findall(page)
    assert len(set(codes)) == 3
    day = clock.now() + timedelta(days=6, hours=23)
    with clock.at(day):
        for person, code in zip(people, codes, strict=True):
            sent = {"account": person.staff_number, "secret": code}
            assert Client().post("/sign-in/", sent).status_code == 302
    with clock.at(day):
        again = {"account": people[0].staff_number, "secret": codes[0]}
        assert Client().post("/sign-in/", again).status_code == 400


def test_a_slip_is_void_after_seven_days(client, secretary):
    person = make.member(secretary.home, ready=False)
    (code,) = CODE.findall(slips(client, secretary.home, [person]).content.decode())
    with clock.at(clock.now() + timedelta(days=7, minutes=1)):
        sent = {"account": person.staff_number, "secret": code}
        assert Client().post("/sign-in/", sent).status_code == 400


def test_a_whole_branch_is_one_entry_and_few_statements(
    client, secretary, django_assert_max_num_queries
):
    people = [make.member(secretary.home, ready=False) for _ in range(60)]
    client.get("/me/security/")
    with django_assert_max_num_queries(20):
        page = slips(client, secretary.home, people)
    assert len(page.context["slips"]) == 60
    entry = AuditEntry.objects.get(action="members.slips_issued")
    assert entry.fields["count"] == 60
    assert sorted(entry.fields["members"]) == sorted(p.pk for p in people)
    with django_assert_max_num_queries(20):
        client.get(f"/branch/{secretary.home.pk}/codes/")


def test_no_slip_for_those_the_issuer_may_not_vouch_for(client, secretary):
    auditor = make.officer(secretary.home, Role.AUDITOR)
    foreign = make.member(make.branch())
    plain = make.member(secretary.home)
    page = slips(client, secretary.home, [auditor, foreign, secretary, plain])
    assert [slip.member.pk for slip in page.context["slips"]] == [plain.pk]
    assert page.context["left_out"] == 3
    assert "没有生成" in page.content.decode()
    assert slips(client, secretary.home, [auditor]).status_code == 400


@pytest.mark.parametrize("sent", [[], ["x"], ["-1"], ["9" * 30]])
def test_choosing_nobody_is_said(client, secretary, sent):
    answer = client.post(f"/branch/{secretary.home.pk}/codes/", {"member": sent})
    assert answer.status_code == 400
    assert "请先选择" in answer.content.decode()


def test_more_than_go_out_at_once_are_refused_whole(client, secretary, settings):
    settings.SIGN_IN_SLIPS_AT_ONCE = 2
    people = [make.member(secretary.home, ready=False) for _ in range(3)]
    answer = slips(client, secretary.home, people)
    assert answer.status_code == 400
    assert not OneTimeCode.objects.exists()
    listed = client.get(f"/branch/{secretary.home.pk}/codes/")
    assert len(listed.context["rows"]) == 2 and listed.context["more"]


def test_the_help_desk_issues_within_its_subtree_but_not_for_who_watches(client):
    root = make.branch()
    below, outside = make.branch(root), make.branch()
    client.force_login(make.officer(root, Role.SYSTEM_ADMIN))
    answers = {}
    for name, who in {
        "plain": make.member(below),
        "committee": make.officer(below, Role.COMMITTEE_ADMIN),
        "auditor": make.officer(below, Role.AUDITOR),
        "security": make.officer(below, Role.SECURITY_ADMIN),
        "foreign": make.member(outside),
    }.items():
        answers[name] = client.post(f"/branch/members/{who.pk}/code/issue/").status_code
    assert answers == {
        "plain": 200,
        "committee": 200,
        "auditor": 403,
        "security": 403,
        "foreign": 404,
    }


def test_the_member_is_told_who_issued_the_code(secretary):
    person = make.member(secretary.home, staff_number="N1", ready=False)
    code = issue_code(member=person, by=secretary)
    own = Client()
    own.post("/sign-in/", {"account": "N1", "secret": code})
    page = own.get("/first-run/").content.decode()
    assert "登录码由 王书记 于" in page
    assert "登录码由" not in own.get("/first-run/").content.decode()  # said once


def test_a_code_somebody_asked_for_without_the_member_is_told_at_the_next_sign_in(secretary):
    person = make.member(secretary.home, staff_number="A1001")
    sent = {"account": "A1001", "secret": make.PASSWORD, "next": "/me/security/"}
    Client().post("/sign-in/", sent)
    with clock.at(clock.now() + timedelta(hours=1)):
        issue_code(member=person, by=secretary)
    with clock.at(clock.now() + timedelta(hours=2)):
        own = Client()
        own.post("/sign-in/", sent)
        page = own.get("/me/security/").content.decode()
        assert page.count("王书记 于") == 2  # said, and listed


def test_a_code_its_issuer_uses_himself_is_told_to_the_member_all_the_same(secretary):
    make.member(secretary.home, staff_number="A1001")
    person = Member.objects.get(staff_number="A1001")
    code = issue_code(member=person, by=secretary)
    thief = Client()
    thief.post("/sign-in/", {"account": "A1001", "secret": code})
    assert "登录码由 王书记 于" in thief.get("/first-run/").content.decode()
    for said in (True, False):  # at the next sign-in, once
        own = Client()
        sent = {"account": "A1001", "secret": make.PASSWORD}
        own.post("/sign-in/", sent)
        assert ("登录码由 王书记 于" in own.get("/first-run/").content.decode()) is said


def test_who_was_locked_out_by_a_new_password_is_told_with_the_next_code(secretary):
    """The issuer has used the code, chosen a password and signed in with it."""
    person = make.member(secretary.home, staff_number="A1001")
    start, chosen = clock.now(), "Another-2026-x"
    thief, again, own = Client(), Client(), Client()
    code = issue_code(member=person, by=secretary)
    thief.post("/sign-in/", {"account": "A1001", "secret": code})
    step = {"step": "password", "password": chosen, "again": chosen}
    thief.post("/first-run/", step)
    again.post("/sign-in/", {"account": "A1001", "secret": chosen})
    assert again.get("/me/profile/").status_code == 200
    with clock.at(start + timedelta(days=20)):
        helper = make.officer(secretary.home, name="赵副书记")
        other = issue_code(member=person, by=helper)
        own.post("/sign-in/", {"account": "A1001", "secret": other})
        page = own.get("/first-run/").content.decode()
        assert "登录码由 王书记 于" in page and "登录码由 赵副书记 于" in page


def test_codes_used_on_the_issuers_device_are_listed_for_those_above(secretary):
    committee = make.branch()
    branch = make.branch(committee)
    issuer = make.officer(branch, staff_number="S2", name="李书记")
    person = make.member(branch, staff_number="N2", ready=False)
    shared = Client()
    shared.post("/sign-in/", {"account": "S2", "secret": make.PASSWORD})
    shared.post("/sign-out/")
    shared.post("/sign-in/", {"account": "N2", "secret": issue_code(member=person, by=issuer)})
    for role, seen in ((Role.COMMITTEE_ADMIN, True), (Role.SECURITY_ADMIN, True)):
        watcher = Client()
        watcher.force_login(make.officer(committee, role))
        assert ("李书记" in watcher.get("/codes/to-look-at/").content.decode()) is seen
    stranger = Client()
    stranger.force_login(make.officer(make.branch(), Role.COMMITTEE_ADMIN))
    assert "李书记" not in stranger.get("/codes/to-look-at/").content.decode()
    assert Client().get("/codes/to-look-at/").status_code == 302
