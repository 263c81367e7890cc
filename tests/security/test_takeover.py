"""A one-time code opens an account, so it never lends its issuer a power he does not have."""

import pytest

from school.members.models import OneTimeCode, RoleGrant
from school.members.permissions import scope_for
from school.members.services.grants import grant_role
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


def test_the_check_is_part_of_the_scope():
    _, _, first, _ = make.tree()
    secretary = make.officer(first)
    assert scope_for(secretary).may_vouch_for(make.member(first))
