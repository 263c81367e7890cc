"""A grant reaches its subtree and not a step further; check and filter never disagree."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from school.core import clock
from school.core.errors import Conflict, NotAllowed, NotFound
from school.members.models import Branch, Member, RoleGrant
from school.members.permissions import MANAGING, OVERSEEING, WRITING, Appointing, scope_for
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


# -- over random trees and grants -----------------------------------------------------------------


@st.composite
def worlds(draw):
    """Parents of up to nine branches (0: a root), and up to four grants on them."""
    parents = [draw(st.integers(0, number)) for number in range(draw(st.integers(1, 9)))]
    grants = draw(
        st.lists(
            st.tuples(
                st.sampled_from(Role.values),
                st.integers(0, len(parents) - 1),
                st.sampled_from(["now", "over", "coming"]),
            ),
            max_size=4,
        )
    )
    return parents, grants


def _built(parents, grants) -> tuple[Member, list[Branch], set[tuple[str, int]]]:
    """The member who holds the grants, the branches, and (role, position) of what holds today."""
    branches: list[Branch] = []
    for parent in parents:
        above = Branch.objects.get(pk=branches[parent - 1].pk) if parent else None
        branches.append(make.branch(above))
    branches = [Branch.objects.get(pk=branch.pk) for branch in branches]
    person, today = make.member(branches[0], ready=False), clock.today()
    dates = {
        "now": (today, None),
        "over": (today - timedelta(days=9), today),
        "coming": (today + timedelta(days=1), None),
    }
    held = set()
    for role, position, when in grants:
        since, until = dates[when]
        try:
            grant_role(
                member=person, role=role, branch=branches[position], since=since, until=until
            )
        except Conflict:
            continue
        if when == "now":
            held.add((role, position))
    return Member.objects.get(pk=person.pk), branches, held


@given(worlds())
def test_over_any_tree_and_grants_each_check_agrees_with_its_filter(drawn):
    with transaction.atomic():
        person, branches, held = _built(*drawn)
        scope, rights = scope_for(person), Appointing(scope_for(person))
        homes = {branch.pk: make.member(branch, ready=False) for branch in branches}
        for roles, filtered, check, or_404 in (
            (OVERSEEING, scope.branches, scope.may_see, scope.branch_or_404),
            (WRITING, scope.writable_branches, scope.may_write, scope.writable_branch_or_404),
            (MANAGING, scope.manageable_branches, scope.may_manage, scope.manageable_branch_or_404),
        ):
            expected = {
                branch.pk
                for branch in branches
                if any(r in roles and branch.path.startswith(branches[p].path) for r, p in held)
            }
            assert set(filtered.values_list("pk", flat=True)) == expected
            assert {branch.pk for branch in branches if check(branch)} == expected
            assert {branch.pk for branch in branches if _found(or_404, branch.pk)} == expected
        seen = set(scope.members().values_list("pk", flat=True))
        for branch in branches:
            at_home = homes[branch.pk]
            assert (at_home.pk in seen) is scope.may_see(branch)
            assert _found(scope.member_or_404, at_home.pk) is scope.may_see(branch)
        for role in Role.values:
            lent = set(rights.branches(role).values_list("pk", flat=True))
            assert lent == {branch.pk for branch in branches if rights.may_lend(role, branch)}
        people = set(rights.people.values_list("pk", flat=True))
        everybody = Member.objects.filter(pk__in=[*(m.pk for m in homes.values()), person.pk])
        assert people == {each.pk for each in everybody if rights.may_appoint_person(each)}
        assert person.pk not in people
        transaction.set_rollback(True)


def _found(or_404, pk: int) -> bool:
    try:
        or_404(pk)
    except (NotFound, NotAllowed):
        return False
    return True
