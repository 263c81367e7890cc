"""Counters equal a recount for any history, for any day, at any node."""

import itertools
from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from school.core import clock
from school.members.models import Membership, MemberStanding
from school.members.selectors.tree import descendant_ids_on, parents_on
from school.members.services.branches import move_branch
from school.members.services.people import change_standing, transfer_member
from school.plans.models import CountCheckpoint, CountDelta, Exemption, StudyPlan
from school.plans.rules import Counts, figures, month_end
from school.plans.selectors.counts import member_states, node_counts
from school.plans.services.counting import fold, rebuild_checkpoints, settle_plan
from school.plans.services.plans import end_plan, withdraw_item
from school.plans.services.targets import exempt, set_targets
from school.plans.tasks import fold_counters
from school.study.models import Completion
from school.study.services.completion import reverse_completion
from tests.factories.plans import complete, make_branch, make_item, make_person, make_plan
from tests.factories.study import moment

pytestmark = pytest.mark.django_db


def recount(node, plan, day):
    """应学, 免学, 按期, 逾期 of a node from the facts alone, written without the counters' code."""
    first, last = plan.starts_on, min(day, plan.closes_on or day)
    if day < first:
        return (0, 0, 0, 0)
    due = let_off = on_time = late = 0
    below = descendant_ids_on(node.pk, day)
    for home in Membership.objects.on(last).filter(kind="home", branch_id__in=below):
        standing = MemberStanding.objects.on(last).filter(member_id=home.member_id).first()
        if standing is None or standing.kind not in ("full", "probationary"):
            continue
        if standing.state not in ("normal", "floating", "retired"):
            continue
        if Exemption.objects.on(last).filter(member_id=home.member_id, plan=plan).exists():
            let_off += 1
            continue
        due += 1
        finished = []
        for row in plan.items.filter(required=True):
            days = [
                completion.effective_on
                for completion in Completion.objects.filter(
                    member_id=home.member_id, item=row.item, reverses=None, reversed_by=None
                )
                if completion.effective_on <= last
            ]
            first_day = min(days, default=None)
            gone = row.withdrawn_on and last >= row.withdrawn_on
            if gone and (first_day is None or first_day >= row.withdrawn_on):
                continue
            finished.append(first_day)
        if finished and all(finished):
            if max(finished) <= plan.ends_on:
                on_time += 1
            else:
                late += 1
    return (due, let_off, on_time, late)


def shown(node, plan, day, **more):
    counts = node_counts(node, plan, day, **more).total
    return (counts.due, counts.exempt, counts.on_time, counts.late)


DAYS = [date(2026, 2, 20) + timedelta(days=9 * n) for n in range(14)]
TODAY = date(2026, 6, 25)

events = st.lists(
    st.tuples(
        st.sampled_from(
            ["complete", "complete", "transfer", "reverse", "exempt", "lost", "fold", "withdraw"]
        ),
        st.integers(0, 5),
        st.integers(0, 2),
        st.sampled_from(DAYS),
    ),
    max_size=14,
)


def play(history, people, items, leaves, plan):
    """Run a history through the services; refusals of the impossible are part of life."""
    for what, who, which, day in history:
        member, item = people[who], items[which]
        if what == "complete":
            complete(member, item, day)
        elif what == "transfer":
            last = member.memberships.get(kind="home", until=None)
            if day > last.since:
                transfer_member(member=member, to=leaves[which], on=day)
        elif what == "reverse":
            done = Completion.objects.in_force().filter(member=member, item=item).first()
            if done:
                reverse_completion(completion=done, reason="登记有误", by=None)
        elif what == "exempt":
            if not Exemption.objects.filter(member=member).exists():
                exempt(member=member, plan=plan, reason="病假", since=day, by=people[0])
        elif what == "lost":
            change_standing(member=member, kind="full", state="lost", on=day)
        elif what == "withdraw":
            row = plan.items.filter(item=item, withdrawn_on=None).first()
            if row and plan.items.filter(withdrawn_on=None).count() > 1:
                withdraw_item(plan_item=row, on=day)
        else:
            fold()


@settings(suppress_health_check=list(HealthCheck))
@given(history=events, folds=st.booleans())
def test_counters_equal_the_recount_of_any_history_at_every_node_and_day(history, folds):
    with transaction.atomic(), clock.at(moment(f"{TODAY} 12:00")):
        root = make_branch(kind="committee")
        middle = make_branch(root, "general_branch")
        leaves = [make_branch(middle), make_branch(middle), make_branch(root)]
        people = [make_person(leaves[n % 3]) for n in range(6)]
        items = [make_item() for _ in range(3)]
        plan = make_plan(root, items)
        play(history, people, items, leaves, plan)
        if folds:
            fold()
        plan = StudyPlan.objects.get(pk=plan.pk)
        for node, day in itertools.product([root, middle, leaves[0]], [*DAYS[1::4], TODAY]):
            assert shown(node, plan, day) == recount(node, plan, day), (node.pk, day)
            own = node_counts(node, plan, day)
            assert sum(own.children.values(), own.own) == own.total
        assert settle_plan(plan=plan) == 0, "the counters had drifted from the facts"
        transaction.set_rollback(True)


@pytest.fixture
def school():
    with clock.at(moment("2026-04-15 12:00")):
        root = make_branch(kind="committee")
        left, right = make_branch(root, "general_branch"), make_branch(root, "general_branch")
        leaf = make_branch(left)
        people = [make_person(leaf) for _ in range(4)]
        items = [make_item(), make_item()]
        plan = make_plan(root, items)
        for item in items:
            complete(people[0], item, date(2026, 3, 20))
        complete(people[1], items[0], date(2026, 4, 2))
        yield {
            "root": root,
            "left": left,
            "right": right,
            "leaf": leaf,
            "people": people,
            "items": items,
            "plan": plan,
        }


def test_a_read_is_the_same_before_during_and_after_folding(school):
    root, plan = school["root"], school["plan"]
    plain = node_counts(root, plan, clock.today())
    fold()
    assert not CountDelta.objects.filter(folded=False).exists()
    assert node_counts(root, plan, clock.today()) == plain
    complete(school["people"][1], school["items"][1], clock.today())
    assert node_counts(root, plan, clock.today()).total.on_time == plain.total.on_time + 1


def test_a_read_of_a_node_is_one_statement(school, django_assert_num_queries):
    fold()
    with django_assert_num_queries(2):  # and one for the names behind the children's paths
        node_counts(school["root"], school["plan"], clock.today())


def test_a_past_day_shows_what_was_then(school):
    fold()
    root, plan = school["root"], school["plan"]
    assert shown(root, plan, date(2026, 2, 28)) == (0, 0, 0, 0)
    assert shown(root, plan, date(2026, 3, 19)) == (4, 0, 0, 0)
    assert shown(root, plan, date(2026, 3, 20)) == (4, 0, 1, 0)
    assert node_counts(root, plan, date(2026, 4, 1)).total.started == 1
    assert node_counts(root, plan, date(2026, 4, 2)).total.started == 2


def test_what_was_recorded_later_is_left_out_of_the_board_as_it_was_known(school):
    fold()
    with clock.at(moment("2026-04-20 12:00")):
        complete(school["people"][2], school["items"][0], date(2026, 4, 1))
        complete(school["people"][2], school["items"][1], date(2026, 4, 1))
        day = date(2026, 4, 15)
        known = shown(school["root"], school["plan"], day, known_at=moment("2026-04-15 13:00"))
        assert known[2] == 1
        assert shown(school["root"], school["plan"], day)[2] == 2


@pytest.mark.parametrize("on", [date(2026, 4, 10), date(2026, 3, 10)])
def test_a_moved_branch_takes_its_figures_along_from_that_day(school, on):
    fold()
    before = node_counts(school["left"], school["plan"], clock.today()).total
    move_branch(branch=school["leaf"], parent=school["right"], on=on)
    for node in school.values():
        if hasattr(node, "path"):
            node.refresh_from_db()
    plan = school["plan"]
    assert node_counts(school["right"], plan, clock.today()).total == before
    assert node_counts(school["left"], plan, clock.today()).total == Counts()
    earlier = on - timedelta(days=1)
    assert shown(school["left"], plan, earlier) == recount(school["left"], plan, earlier)
    assert shown(school["right"], plan, on) == recount(school["right"], plan, on)
    assert shown(school["root"], plan, on) == recount(school["root"], plan, on)


def test_folding_late_records_reaches_the_ancestors_of_each_month(school):
    fold()
    move_branch(branch=school["leaf"], parent=school["right"], on=date(2026, 4, 10))
    for item in school["items"]:
        complete(school["people"][3], item, date(2026, 3, 25))
    fold()
    plan = school["plan"]
    held = {
        (row.branch_id, row.month): row.on_time
        for row in CountCheckpoint.objects.filter(plan=plan, plan_item=None)
    }
    march, april = date(2026, 3, 1), date(2026, 4, 1)
    assert held[school["left"].pk, march] == 2
    assert held[school["left"].pk, april] == 0
    assert held[school["right"].pk, april] == 2
    incremental = sorted(CountCheckpoint.objects.values_list("branch", "month", "on_time", "due"))
    rebuild_checkpoints()
    rebuilt = sorted(CountCheckpoint.objects.values_list("branch", "month", "on_time", "due"))
    assert [row for row in rebuilt if row in incremental] == rebuilt
    assert parents_on(month_end(april))[school["leaf"].pk] == school["right"].pk


def test_who_joins_the_audience_is_asked_and_who_leaves_is_not_left_open(school):
    newcomer = make_person(school["leaf"], since=date(2026, 4, 14))
    plan, leaf = school["plan"], school["leaf"]
    assert newcomer.pk in member_states(leaf, plan, clock.today())
    assert newcomer.pk not in member_states(leaf, plan, date(2026, 4, 13))
    change_standing(member=newcomer, kind="full", state="left", on=clock.today(), reason="died")
    assert newcomer.pk not in member_states(leaf, plan, clock.today())


def test_exempt_members_leave_the_due_and_stand_apart(school):
    exempt(member=school["people"][3], plan=school["plan"], reason="重病", by=school["people"][0])
    assert shown(school["leaf"], school["plan"], clock.today()) == (3, 1, 1, 0)


def test_hours_count_only_from_the_sources_of_the_target(school):
    from school.study.services.ledger import post_offline

    members = school["people"][:2]
    set_targets(members=members, year=2026, name="集中学习", credit=200, sources=["group"])
    counts = node_counts(school["root"], school["plan"], clock.today()).total
    assert (counts.hours_due, counts.hours_met) == (2, 0)
    for source in ("group", "lecture"):
        for member in members[: 1 if source == "group" else 2]:
            post_offline(
                member_id=member.pk,
                title="学习",
                seconds=7200,
                source=source,
                studied_on=date(2026, 4, 3),
                origin=f"t:{source}",
            )
    counts = node_counts(school["root"], school["plan"], clock.today()).total
    assert (counts.hours_due, counts.hours_met) == (2, 1)
    shown_figures = figures(counts, ends_on=school["plan"].ends_on, day=clock.today())
    assert shown_figures.hours_rate == 50


def test_an_ended_plan_no_longer_moves(school):
    plan = end_plan(plan=school["plan"], on=date(2026, 4, 12))
    before = shown(school["leaf"], plan, clock.today())
    with clock.at(moment("2026-05-02 09:00")):
        for item in school["items"]:
            complete(school["people"][2], item, date(2026, 5, 2))
        settle_plan(plan=plan)
        assert shown(school["leaf"], plan, clock.today()) == before


def test_a_changed_audience_is_recounted_by_the_roller(school):
    from school.plans.services.plans import plan_audience

    audience = plan_audience(plan_title="甲", branches=[school["leaf"]])
    plan = make_plan(school["root"], school["items"], audience=audience)
    assert node_counts(school["root"], plan, clock.today()).total.due == 4
    rule = audience.rules.get()
    rule.branch = school["right"]
    rule.save()
    fold_counters()
    assert node_counts(school["root"], plan, clock.today()).total.due == 0


def test_rebuild_counters_reproduces_it_all(school, capsys):
    fold()
    root, plan = school["root"], school["plan"]
    right = node_counts(root, plan, clock.today())
    past = shown(root, plan, date(2026, 3, 25))
    CountDelta.objects.filter(member=school["people"][0]).update(on_time=7)
    CountCheckpoint.objects.update(due=99)
    call_command("rebuild_counters")
    assert node_counts(root, plan, clock.today()) == right
    assert shown(root, plan, date(2026, 3, 25)) == past
    call_command("rebuild_counters", "--from-scratch")
    assert node_counts(root, plan, clock.today()) == right
    assert "1 plans" in capsys.readouterr().out
