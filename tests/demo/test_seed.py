"""Seeding gives the same school every time, and a finished step is not done again."""

from datetime import date

import pytest
from django.db import transaction

from school.demo import people, scale, steps
from school.members.models import Branch, Member
from school.study.models import Completion, HourEntry

pytestmark = pytest.mark.django_db


def _roster() -> list[tuple]:
    """Seed tree and members, note who is where, and take it all back."""
    with transaction.atomic():
        people.seed_tree()
        people.seed_members(40, date(2024, 1, 10))
        rows = list(
            Member.objects.order_by("staff_number").values_list(
                "staff_number", "name", "memberships__branch__code", "standings__kind"
            )
        )
        transaction.set_rollback(True)
    return rows


def test_the_same_roster_comes_out_every_time():
    first = _roster()
    assert len({row[0] for row in first}) == 40
    assert first == _roster()


def test_a_finished_step_knows_that_it_is_done():
    by_title = {step.title: step for step in steps.steps()}
    assert not by_title["党组织"].done()
    people.seed_tree()
    people.seed_members(20, date(2024, 1, 10))
    assert by_title["党组织"].done()
    assert by_title["党员"].done()
    assert not by_title["文章"].done()


def test_a_school_of_a_size_is_made_once_and_its_tree_is_sound():
    made = {"members": 60, "branches": 25, "items": 5, "days": 10, "tell": lambda text: None}
    scale.grow(**made)
    assert Branch.objects.filter(depth=3).count() == 25
    assert Branch.find_problems() == ([], [], [], [], [])
    count = Completion.objects.count()
    assert count == HourEntry.objects.count() > 0
    assert "没有改动" in scale.grow(**made)
    assert Completion.objects.count() == count
