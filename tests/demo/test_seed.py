"""Seeding gives the same school every time, and a finished step is not done again."""

from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from school.demo import people, scale, steps
from school.members.models import Branch, Member, Membership
from school.study.models import Completion, HourEntry

pytestmark = pytest.mark.django_db


def _roster() -> list[tuple]:
    """Seed tree and members, note who is where, and take it all back."""
    with transaction.atomic():
        people.seed_tree()
        people.seed_members(40, date(2024, 1, 10))
        rows = list(
            Member.objects.order_by("staff_number").values_list(
                "staff_number",
                "name",
                "memberships__branch__code",
                "standings__kind",
                "must_set_password",
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


def test_the_demo_has_a_tree_of_three_levels_and_two_hundred_members():
    people.seed_tree()
    assert people.seed_members(steps.Profile().members, date(2024, 1, 10)) == 200
    depths = Branch.objects.order_by("depth").values_list("depth", flat=True)
    assert list(depths) == [1] + [2] * 3 + [3] * 9
    homes = Membership.objects.filter(kind=Membership.Kind.HOME, until=None)
    sizes = {code: homes.filter(branch__code=code).count() for code, *_rest in people.BRANCHES}
    assert sum(sizes.values()) == 200
    assert min(sizes.values()) >= 20


def test_who_has_passed_the_first_run_is_told_by_the_number():
    def seasoned():
        with transaction.atomic():
            people.seed_tree()
            people.seed_members(40, date(2024, 1, 10))
            done = Member.objects.exclude(first_run_done_at=None)
            found = sorted(done.values_list("staff_number", flat=True))
            transaction.set_rollback(True)
        return found

    first = seasoned()
    # Another member before them all moves every key on by one.
    Member.objects.create(staff_number="13", name="早来的人")
    assert [number for number in seasoned() if number != "13"] == first
    assert 30 < len(first) < 40


@pytest.fixture
def asked(monkeypatch):
    """Seeding that only notes that it was begun."""
    begun = []
    monkeypatch.setattr(steps, "run", lambda profile, tell: begun.append(profile) or 0)
    return begun


def test_published_passwords_are_refused_in_production(settings, asked):
    settings.DEMO_ACCOUNTS = False
    with pytest.raises(CommandError, match="--demo-accounts"):
        call_command("seed", quiet_accounts=True)
    with pytest.raises(CommandError, match="--demo-accounts"):
        call_command("seed", branches=3)
    assert not asked and not Member.objects.filter(staff_number="D0001").exists()
    call_command("seed", quiet_accounts=True, demo_accounts=True)
    assert len(asked) == 1


def test_interrupting_is_answered_in_one_sentence(monkeypatch, capsys):
    def interrupted(profile, tell):
        raise KeyboardInterrupt

    monkeypatch.setattr(steps, "run", interrupted)
    with pytest.raises(SystemExit) as ended:
        call_command("seed")
    assert ended.value.code == 130
    assert capsys.readouterr().err == "已中断，再次运行会继续。\n"
