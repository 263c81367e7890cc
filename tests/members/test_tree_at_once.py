"""Two who change the tree at the same instant: one after the other, and the tree stays valid."""

import pytest

from school.core import clock
from school.core.errors import DomainError
from school.members.models import Branch, BranchPlacement, Member
from school.members.rules.tree import Stay, faults
from school.members.services.branches import create_branch, dissolve_branch, move_branch
from school.members.services.people import enrol_member
from tests.factories import audit as trail
from tests.factories import members as make
from tests.factories.parallel import together


@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    """A small tree that other connections see, taken away by hand."""
    with django_db_blocker.unblock():
        last = trail.last_entry()
        before = set(Branch.objects.values_list("pk", flat=True))
        people = set(Member.objects.values_list("pk", flat=True))
        try:
            yield make.tree()
        finally:
            for who in Member.objects.exclude(pk__in=people):
                who.memberships.all().delete()
                who.standings.all().delete()
                who.delete()
            own = Branch.objects.exclude(pk__in=before)
            BranchPlacement.objects.filter(branch__in=own).delete()
            own.update(successor=None)
            for branch in own.order_by("-depth"):
                Branch.objects.filter(pk=branch.pk).delete()
            trail.forget_after(last)


def outcome(act) -> tuple[list, callable]:
    """A list that will hold what became of ``act``, and the function to run at once."""
    said = []

    def run():
        try:
            act()
            said.append("done")
        except DomainError:
            said.append("refused")

    return said, run


def assert_valid() -> None:
    assert not any(Branch.find_problems())
    rows = BranchPlacement.objects.values_list("branch", "parent", "since", "until")
    living = {b.pk: b.dissolved_on is None for b in Branch.objects.all()}
    assert faults([Stay(*row) for row in rows], living) == []
    above = dict(BranchPlacement.objects.open().values_list("branch_id", "parent_id"))
    by_path = {b.path: b.pk for b in Branch.objects.all()}
    for branch in Branch.objects.filter(dissolved_on=None):
        assert by_path.get(branch.path[: -Branch.steplen]) == above[branch.pk]


def test_two_who_move_two_branches_below_each_other_make_no_loop(committed):
    _, _, first, second = committed
    today = clock.today()
    one, move = outcome(lambda: move_branch(branch=first, parent=second, on=today))
    other, back = outcome(lambda: move_branch(branch=second, parent=first, on=today))
    together(move, back)
    assert sorted(one + other) == ["done", "refused"]
    assert_valid()


def test_two_who_move_one_branch_are_served_one_after_the_other(committed):
    committee, _, first, second = committed
    today = clock.today()
    one, up = outcome(lambda: move_branch(branch=first, parent=committee, on=today))
    other, aside = outcome(lambda: move_branch(branch=first, parent=second, on=today))
    together(up, aside)
    assert one + other == ["done", "done"]
    assert first.placements.filter(until=None).count() == 1
    assert_valid()


def test_two_branches_founded_at_once_under_one_parent_stand_beside_each_other(committed):
    _, general, *_ = committed

    def found(code):
        return lambda: create_branch(
            parent=Branch.objects.get(pk=general.pk),
            code=code,
            name=code,
            short_name=code,
            kind="branch",
            founded_on=clock.today(),
        )

    one, first = outcome(found("AT1"))
    other, second = outcome(found("AT2"))
    same, third = outcome(found("AT2"))
    together(first, second, third)
    assert one == ["done"] and sorted(other + same) == ["done", "refused"]
    assert_valid()


def test_nobody_enters_a_branch_that_is_being_dissolved(committed):
    _, _, first, _ = committed
    today = clock.today()
    one, end = outcome(lambda: dissolve_branch(branch=first, on=today))
    other, enter = outcome(
        lambda: enrol_member(staff_number="ATONCE1", name="李明", branch=first, since=today)
    )
    together(end, enter)
    assert sorted(one + other) == ["done", "refused"]
    ended = Branch.objects.get(pk=first.pk).dissolved_on is not None
    assert ended != first.memberships.filter(until=None).exists()
    assert_valid()
