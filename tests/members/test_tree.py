"""The tree: placements are the record, the path is today's cache of it."""

from datetime import timedelta

import pytest

from school.core import clock
from school.core.errors import Conflict
from school.members.models import Membership
from school.members.selectors import people, tree
from school.members.services.branches import move_branch
from school.members.services.people import transfer_member
from tests.factories import members as make

pytestmark = pytest.mark.django_db


def test_a_past_day_shows_the_tree_of_that_day():
    committee, general, first, _ = make.tree()
    today = clock.today()
    move_branch(branch=first, parent=committee, on=today)
    assert tree.ancestors_on(first.pk, today) == [first.pk, committee.pk]
    yesterday = today - timedelta(days=1)
    assert tree.ancestors_on(first.pk, yesterday) == [first.pk, general.pk, committee.pk]
    assert first.pk in tree.descendant_ids_on(general.pk, yesterday)
    assert first.pk not in tree.descendant_ids_on(general.pk, today)


def test_a_branch_cannot_be_moved_below_itself():
    committee, general, first, _ = make.tree()
    with pytest.raises(Conflict):
        move_branch(branch=general, parent=first, on=clock.today())
    assert tree.ancestors_on(first.pk, clock.today()) == [first.pk, general.pk, committee.pk]


def test_a_transfer_leaves_exactly_one_home_on_every_day():
    _, _, first, second = make.tree()
    person = make.member(first)
    today = clock.today()
    transfer_member(member=person, to=second, on=today)
    for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
        homes = Membership.objects.on(day).filter(member=person, kind="home")
        assert homes.count() == 1
    assert people.home_branch_id(person.pk, today - timedelta(days=1)) == first.pk
    assert people.home_branch_id(person.pk, today) == second.pk


def test_the_database_refuses_a_second_open_home():
    from django.db import IntegrityError, transaction

    _, _, first, second = make.tree()
    person = make.member(first)
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(member=person, branch=second, since=clock.today())
