"""A grant reaches its subtree and not a step further; check and filter never disagree."""

import pytest
from django.db import IntegrityError, transaction

from school.core.errors import NotAllowed, NotFound
from school.members.models import Branch, RoleGrant
from school.members.permissions import scope_for
from school.members.services.grants import end_grant, grant_role
from tests.factories import members as make

pytestmark = pytest.mark.django_db
Role = RoleGrant.Role


@pytest.mark.parametrize("role", Role.values)
def test_the_check_agrees_with_the_filter_for_every_role(role):
    committee, general, first, second = make.tree()
    person = make.member(first)
    grant_role(member=person, role=role, branch=general)
    scope = scope_for(person)
    seen = set(scope.branches.values_list("pk", flat=True))
    assert seen == {b.pk for b in Branch.objects.all() if scope.may_see(b)}
    written = set(scope.writable_branches.values_list("pk", flat=True))
    assert written == {b.pk for b in Branch.objects.all() if scope.may_write(b)}
    assert committee.pk not in seen


def test_a_foreign_branch_does_not_exist():
    _, _, first, second = make.tree()
    secretary = make.officer(first)
    with pytest.raises(NotFound):
        scope_for(secretary).branch_or_404(second.pk)
    stranger = make.member(second)
    with pytest.raises(NotFound):
        scope_for(secretary).member_or_404(stranger.pk)


def test_an_auditor_looks_and_does_not_act():
    _, general, first, _ = make.tree()
    auditor = make.officer(general, Role.AUDITOR)
    with pytest.raises(NotAllowed):
        scope_for(auditor).writable_branch_or_404(first.pk)


def test_an_ended_grant_reaches_nothing():
    _, _, first, _ = make.tree()
    secretary = make.officer(first)
    end_grant(grant=secretary.grants.get())
    fresh = type(secretary).objects.get(pk=secretary.pk)
    assert not scope_for(fresh).has_board
    assert not fresh.groups.exists()


def test_the_database_refuses_the_same_open_grant_twice():
    branch = make.branch()
    person = make.officer(branch)
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleGrant.objects.create(
            member=person, role=Role.SECRETARY, branch=branch, since=make.FOUNDED
        )
