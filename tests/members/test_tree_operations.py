"""Whatever is done to the tree, in whatever order and dated however: it stays valid every day."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from school.core import clock
from school.core.errors import DomainError
from school.members.models import Branch, BranchPlacement, Member, Membership
from school.members.rules.tree import Stay, faults
from school.members.selectors.tree import ancestors_on, descendant_ids_on
from school.members.services.branches import (
    create_branch,
    dissolve_branch,
    edit_branch,
    merge_branch,
    move_branch,
    split_branch,
)
from school.members.services.people import attach_member, transfer_member
from tests.factories import members as make

pytestmark = pytest.mark.django_db

TODAY = date(2026, 6, 25)
DAYS = [date(2026, 1, 5) + timedelta(days=19 * n) for n in range(10)]

operations = st.lists(
    st.tuples(
        st.sampled_from(
            ["create", "move", "move", "merge", "split", "dissolve", "edit", "transfer", "attach"]
        ),
        st.integers(0, 30),
        st.integers(0, 30),
        st.integers(0, 9),
    ),
    min_size=4,
    max_size=16,
)


def now(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 10, tzinfo=clock.LOCAL)


def act(what: str, first: int, second: int, day: date, number: int) -> None:
    """One operation on whatever stands at these places in the list; refusals are part of life."""
    branches = list(Branch.objects.order_by("pk"))
    one, other = branches[first % len(branches)], branches[second % len(branches)]
    people = list(Member.objects.order_by("pk"))
    person = people[second % len(people)]
    names = {"code": f"N{number}", "name": f"新{number}支部委员会", "short_name": f"新{number}"}
    if what == "create":
        create_branch(parent=one, kind="branch", founded_on=day, **names)
    elif what == "move":
        move_branch(branch=one, parent=other, on=day)
    elif what == "merge":
        merge_branch(branch=one, into=other, on=day)
    elif what == "split":
        homes = Membership.objects.open().filter(branch=one, kind="home").order_by("pk")
        chosen = [row.member for row in homes[: second % 3]]
        below = BranchPlacement.objects.open().filter(parent=one).order_by("pk")
        split_branch(
            branch=one,
            kind="branch",
            on=day,
            members=chosen,
            children=[row.branch for row in below[: first % 2]],
            parent=other if second % 4 == 0 else None,
            **names,
        )
    elif what == "dissolve":
        dissolve_branch(branch=one, on=day)
    elif what == "edit":
        edit_branch(branch=one, **names)
    elif what == "transfer":
        transfer_member(member=person, to=one, on=day)
    else:
        attach_member(member=person, branch=one, since=day)


def assert_valid() -> None:
    assert not any(Branch.find_problems())
    stays = [
        Stay(*row)
        for row in BranchPlacement.objects.values_list("branch", "parent", "since", "until")
    ]
    branches = list(Branch.objects.all())
    assert faults(stays, {b.pk: b.dissolved_on is None for b in branches}) == []
    above = dict(BranchPlacement.objects.open().values_list("branch_id", "parent_id"))
    by_path = {b.path: b.pk for b in branches}
    for branch in branches:
        if branch.dissolved_on is None:
            assert by_path.get(branch.path[: -Branch.steplen]) == above[branch.pk]
            assert branch.founded_on == min(s.since for s in stays if s.branch == branch.pk)
    assert_one_home_a_day()


def assert_one_home_a_day() -> None:
    rows = Membership.objects.filter(kind="home").select_related("branch")
    by_member: dict[int, list[Membership]] = {}
    for row in rows:
        by_member.setdefault(row.member_id, []).append(row)
    days = {TODAY, *(r.since for r in rows), *(r.until for r in rows if r.until)}
    for own in by_member.values():
        begin = min(row.since for row in own)
        for day in days:
            held = [r for r in own if r.since <= day and (r.until is None or day < r.until)]
            assert len(held) == (day >= begin)
            for row in held:
                ended = row.branch.dissolved_on
                assert row.branch.founded_on <= day and (ended is None or day < ended)


@settings(suppress_health_check=list(HealthCheck))
@given(todo=operations)
def test_no_sequence_of_changes_breaks_the_tree_on_any_day(todo):
    from django.db import transaction

    with transaction.atomic():
        try:
            play(todo)
        finally:
            transaction.set_rollback(True)


def play(todo) -> None:
    committee, general, first, second = make.tree()
    other = make.branch(committee, kind=Branch.Kind.GENERAL_BRANCH)
    make.branch(other)
    for home in (first, first, first, second, general, other):
        make.member(home, ready=False)
    with clock.at(now(TODAY)):
        for number, (what, one, two, day) in enumerate(todo):
            try:
                act(what, one, two, DAYS[day] if day else TODAY, number)
            except DomainError as refusal:
                assert refusal.message
        assert_valid()
        for branch in Branch.objects.filter(dissolved_on=None):
            root = ancestors_on(branch.pk, TODAY)[-1]
            assert branch.pk in descendant_ids_on(root, TODAY)
