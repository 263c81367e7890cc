"""A one-time code opens an account, so it never lends its issuer a power he does not have."""

from datetime import datetime, time, timedelta

import pytest
from django.test import Client

from school.core import clock
from school.core.errors import NotAllowed
from school.core.models import AuditEntry
from school.members.models import Member, OneTimeCode, RoleGrant
from school.members.permissions import may_change_numbers, numbers_out_of_reach, scope_for
from school.members.services.codes import issue_code
from school.members.services.corrections import answer_correction, ask_correction
from school.members.services.grants import follow_dates, grant_role
from school.members.services.records import edit_record
from tests.factories import members as make

pytestmark = pytest.mark.django_db
Role = RoleGrant.Role


def _issue(client, issuer, member):
    client.force_login(issuer)
    return client.post(f"/branch/members/{member.pk}/code/issue/").status_code


@pytest.mark.parametrize(
    "role", [Role.COMMITTEE_ADMIN, Role.SCHOOL_ADMIN, Role.AUDITOR, Role.SYSTEM_ADMIN]
)
def test_a_secretary_issues_no_code_for_who_may_do_more_than_he(client, role):
    committee, _, first, _ = make.tree()
    secretary, mighty = make.officer(first), make.member(first)
    grant_role(member=mighty, role=role, branch=committee)
    assert _issue(client, secretary, mighty) == 403
    assert not OneTimeCode.objects.exists()


def test_a_secretary_issues_no_code_for_the_secretary_of_another_branch(client):
    _, _, first, second = make.tree()
    secretary, neighbour = make.officer(first), make.member(first)
    grant_role(member=neighbour, role=Role.SECRETARY, branch=second)
    assert _issue(client, secretary, neighbour) == 403


def test_nobody_but_a_superuser_issues_a_code_for_a_superuser(client):
    committee, _, first, _ = make.tree()
    root = make.member(first)
    root.is_superuser = True
    root.save()
    assert _issue(client, make.officer(committee, Role.COMMITTEE_ADMIN), root) == 403
    other = make.member(first)
    other.is_superuser = True
    other.save()
    assert _issue(client, other, root) == 200


def test_who_issues_is_never_who_receives(client):
    _, _, first, _ = make.tree()
    secretary = make.officer(first)
    assert _issue(client, secretary, secretary) == 403


def test_plain_members_and_those_below_get_their_code(client):
    committee, general, first, _ = make.tree()
    secretary = make.officer(first)
    assert _issue(client, secretary, make.member(first)) == 200
    assert _issue(client, secretary, make.officer(first, Role.GROUP_LEADER)) == 200
    assert _issue(client, make.officer(general, Role.COMMITTEE_ADMIN), secretary) == 200
    instructor = make.officer(first, Role.INSTRUCTOR)
    assert _issue(client, make.officer(committee, Role.SCHOOL_ADMIN), instructor) == 200


def _opens(member, code) -> bool:
    sent = {"account": member.staff_number, "secret": code}
    return Client().post("/sign-in/", sent).status_code == 302


@pytest.mark.parametrize("days", [0, 2])
def test_a_code_is_void_once_its_receiver_is_given_a_role(days):
    """Code first, role second: the secretary's slip does not open the administrator's account."""
    committee, _, first, _ = make.tree()
    secretary, member = make.officer(first), make.member(first)
    slip = issue_code(member=member, by=secretary, days=7)
    since = clock.today() + timedelta(days=days)
    grant_role(member=member, role=Role.COMMITTEE_ADMIN, branch=committee, since=since)
    assert not _opens(member, slip)
    entry = AuditEntry.objects.filter(action="members.role_granted").latest("pk")
    assert entry.fields["codes"] == 1


def test_a_code_issued_before_a_role_begins_is_void_from_its_first_day():
    committee, _, first, _ = make.tree()
    above, member = make.officer(committee, Role.SCHOOL_ADMIN), make.member(first)
    start = clock.today() + timedelta(days=2)
    grant_role(member=member, role=Role.SECRETARY, branch=first, since=start)
    slip = issue_code(member=member, by=above, days=7)
    with clock.at(datetime.combine(start, time(12), clock.LOCAL)):
        assert follow_dates() == 1
        assert not _opens(member, slip)
    entry = AuditEntry.objects.get(action="members.role_began")
    assert entry.fields["codes"] == 1


def test_a_role_to_come_counts_when_a_code_is_asked_for(client):
    committee, _, first, _ = make.tree()
    secretary, member = make.officer(first), make.member(first)
    tomorrow = clock.today() + timedelta(days=1)
    grant_role(member=member, role=Role.AUDITOR, branch=committee, since=tomorrow)
    assert _issue(client, secretary, member) == 403
    with pytest.raises(NotAllowed):  # whatever the door
        issue_code(member=member, by=secretary)
    assert not OneTimeCode.objects.exists()


def test_the_check_is_part_of_the_scope():
    _, _, first, _ = make.tree()
    secretary = make.officer(first)
    assert scope_for(secretary).may_vouch_for(make.member(first))


# -- numbers by which an account is found ---------------------------------------------------------

NUMBERS = {"staff_number": "X9000", "mobile": "13800138000", "identity": "11010519491231002X"}


@pytest.mark.parametrize("field", NUMBERS)
def test_numbers_of_who_may_do_more_are_not_rewritten(field):
    """Whoever gave an administrator a number of his own choice could sign in as him elsewhere."""
    committee, _, first, _ = make.tree()
    secretary, mighty = make.officer(first), make.member(first)
    changes = {field: NUMBERS[field]}
    grant_role(
        member=mighty, role=Role.AUDITOR, branch=committee, since=clock.today() + timedelta(days=9)
    )
    with pytest.raises(NotAllowed, match="请由上级"):
        edit_record(member=mighty, changes=changes, by=secretary)
    edit_record(member=mighty, changes={"name": "新名"}, by=secretary)
    edit_record(member=make.member(first), changes=changes, by=secretary)


def test_a_correction_that_names_a_number_is_confirmed_by_who_may_change_it():
    committee, _, first, _ = make.tree()
    secretary, mighty = make.officer(first), make.member(first)
    grant_role(member=mighty, role=Role.COMMITTEE_ADMIN, branch=committee)
    asked = ask_correction(member=mighty, field="mobile", value=NUMBERS["mobile"], text="换号")
    with pytest.raises(NotAllowed):
        answer_correction(correction=asked, confirm=True, by=secretary)
    above = make.officer(committee, Role.SCHOOL_ADMIN)
    answer_correction(correction=asked, confirm=True, by=above)
    mighty.refresh_from_db()
    assert mighty.mobile == NUMBERS["mobile"]


def test_a_refused_number_is_said_on_the_form(client):
    committee, _, first, _ = make.tree()
    secretary, mighty = make.officer(first), make.officer(first, Role.SECURITY_ADMIN)
    client.force_login(secretary)
    sent = {"name": mighty.name, "staff_number": "X9000", "veteran": "unknown"}
    page = client.post(f"/branch/people/{mighty.pk}/edit/", sent)
    assert page.status_code == 200 and "管理权限大于本人" in page.content.decode()
    mighty.refresh_from_db()
    assert mighty.staff_number != "X9000"


def test_the_check_for_one_agrees_with_that_for_a_whole_roster():
    committee, general, first, second = make.tree()
    root = make.member(first)
    Member.objects.filter(pk=root.pk).update(is_superuser=True)
    people = [make.officer(place, role) for place in (committee, first, second) for role in Role]
    people += [make.officer(general), make.member(first), Member.objects.get(pk=root.pk)]
    for by in (*people, None):
        out = numbers_out_of_reach(by)
        assert out == {who.pk for who in people if not may_change_numbers(by, who)}
