"""Whatever is done to the tree: the counters equal a rebuild, and those of a past day stay."""

from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from school.core import clock
from school.core.errors import DomainError
from school.members.models import Branch, Member
from school.members.selectors.tree_changes import plan_merge, plan_move
from school.members.services.branches import (
    create_branch,
    dissolve_branch,
    merge_branch,
    move_branch,
    split_branch,
)
from school.plans.models import CountCheckpoint
from school.plans.selectors.counts import node_counts
from school.plans.selectors.tree_notes import plan_notes
from school.plans.services.counting import fold, rebuild_checkpoints
from school.plans.services.plans import end_plan
from school.reports.selectors.board import board
from tests.factories.plans import complete, make_branch, make_item, make_person, make_plan
from tests.factories.study import moment

pytestmark = pytest.mark.django_db
TODAY = date(2026, 6, 25)
DAYS = [date(2026, 2, 20) + timedelta(days=14 * n) for n in range(9)]

changes = st.lists(
    st.tuples(
        st.sampled_from(["move", "move", "merge", "split", "dissolve", "complete", "fold"]),
        st.integers(0, 11),
        st.integers(0, 11),
        st.sampled_from([*DAYS, TODAY]),
    ),
    max_size=9,
)


def school():
    """A committee, two general branches, two branches each, six people; a plan of March to May."""
    root = make_branch(kind=Branch.Kind.COMMITTEE)
    generals = [make_branch(root, Branch.Kind.GENERAL_BRANCH) for _ in range(2)]
    leaves = [make_branch(general) for general in generals for _ in range(2)]
    people = [make_person(leaves[n % 4], ready=False) for n in range(6)]
    return root, generals, leaves, people


def change(what, one, other, day, number, items) -> None:
    branches = list(Branch.objects.order_by("pk"))
    branch, second = branches[one % len(branches)], branches[other % len(branches)]
    people = list(Member.objects.order_by("pk"))
    if what == "move":
        move_branch(branch=branch, parent=second, on=day)
    elif what == "merge":
        merge_branch(branch=branch, into=second, on=day)
    elif what == "split":
        homes = branch.memberships.open().filter(kind="home")
        split_branch(
            branch=branch,
            code=f"S{number}",
            name=f"新{number}",
            short_name=f"新{number}",
            kind="branch",
            on=day,
            members=[row.member for row in homes[:1]],
        )
    elif what == "dissolve":
        dissolve_branch(branch=branch, on=day)
    elif what == "complete":
        complete(people[one % len(people)], items[0], day)
    else:
        fold()


def stored() -> dict:
    """Every node's sums at the end of every month, equal rows of later months left out."""
    fold()
    found: dict = {}
    rows = CountCheckpoint.objects.order_by("month").values_list(
        "plan", "branch", "plan_item", "month", "due", "started", "on_time", "late"
    )
    for plan, branch, item, month, *sums in rows:
        line = found.setdefault((plan, branch, item), [])
        if any(sums) if not line else line[-1][1] != sums:
            line.append((month, sums))
    return {key: line for key, line in found.items() if line}


@settings(suppress_health_check=list(HealthCheck))
@given(todo=changes)
def test_counters_after_any_changes_of_the_tree_equal_a_rebuild(todo):
    with transaction.atomic():
        try:
            with clock.at(moment(f"{TODAY} 10:00")):
                root, _, _, _ = school()
                items = [make_item()]
                plan = make_plan(root, items)
                for number, (what, one, other, day) in enumerate(todo):
                    try:
                        change(what, one, other, day, number, items)
                    except DomainError:
                        continue
                shown = stored()
                rebuild_checkpoints()
                assert shown == stored()
                total = node_counts(root, plan, TODAY).total
                assert (total.due, total.exempt) == (6, 0)
        finally:
            transaction.set_rollback(True)


def test_a_merged_branch_is_on_past_boards_and_not_on_todays():
    with clock.at(moment(f"{TODAY} 10:00")):
        root, generals, leaves, people = school()
        plan = make_plan(root, [make_item()])
        day = date(2026, 4, 20)
        merge_branch(branch=leaves[0], into=leaves[1], on=day)
        general = Branch.objects.get(pk=generals[0].pk)
        before = board(general, day=day - timedelta(days=1), plan_id=plan.pk)
        now = board(general, day=TODAY, plan_id=plan.pk)
        assert [row.branch for row in before.children] == [leaves[0], leaves[1]]
        assert [row.figures.due for row in before.children] == [2, 2]
        assert [row.branch for row in now.children] == [leaves[1]]
        assert before.figures.due == now.figures.due == 4


def test_an_ended_plan_keeps_the_people_of_a_branch_dissolved_later():
    with clock.at(moment(f"{TODAY} 10:00")):
        root, generals, leaves, people = school()
        plan = make_plan(root, [make_item()])
        end_plan(plan=plan)
        later = TODAY + timedelta(days=3)
    with clock.at(moment(f"{later} 10:00")):
        merge_branch(branch=leaves[0], into=leaves[2], on=later)
        fold()
        general = Branch.objects.get(pk=generals[0].pk)
        shown = board(general, day=later, plan_id=plan.pk)
        assert shown.figures.due == 4
        assert sum(row.figures.due for row in shown.children) == 4
        assert leaves[0].pk in {row.branch.pk for row in shown.children}


def test_the_preview_tells_whose_figures_go_where():
    with clock.at(moment(f"{TODAY} 10:00")):
        root, generals, leaves, people = school()
        items = [make_item()]
        plan = make_plan(root, items)
        complete(people[0], items[0], date(2026, 4, 1))
        move = plan_move(branch=generals[0], parent=generals[1], on=TODAY)
        (line,) = plan_notes(move)
        assert line == f"《{plan.title}》：应学 4、已完成 1、免学 0 计入“{generals[1]}”"
        merge = plan_merge(branch=leaves[0], into=leaves[3], on=TODAY)
        (line,) = plan_notes(merge)
        assert "应学 2、已完成 1" in line and str(leaves[3]) in line


def test_a_new_branch_shifts_no_figures():
    with clock.at(moment(f"{TODAY} 10:00")):
        root, *_ = school()
        make_plan(root, [make_item()])
        before = stored()
        create_branch(
            parent=root, code="X", name="新", short_name="新", kind="branch", founded_on=TODAY
        )
        assert stored() == before
