"""Transfers: in transit at the sender, one at a time, and home on exactly one branch on any day."""

from datetime import date, datetime, timedelta

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from school.core import clock
from school.core.errors import Conflict, DomainError
from school.core.models import AuditEntry
from school.members.models import Membership, Post, RoleGrant, Transfer
from school.members.selectors.people import home_branch
from school.members.services.people import attach_member, change_standing, hold_post
from school.members.services.transfers import (
    receive_transfer,
    return_transfer,
    send_transfer,
    withdraw_transfer,
)
from school.notices.models import Delivery
from tests.factories import members as make
from tests.factories import plans as plan_rows

pytestmark = pytest.mark.django_db
TODAY = date(2026, 6, 25)


def moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=clock.LOCAL)


@pytest.fixture
def branches():
    _, _, first, second = make.tree()
    return first, second


def sent(branches, **more):
    first, second = branches
    who = make.member(first)
    return who, send_transfer(member=who, to=second, by=make.officer(first), **more)


def test_in_transit_the_member_stays_with_the_sender(branches):
    who, transfer = sent(branches)
    assert transfer.state == Transfer.State.SENT
    assert home_branch(who) == branches[0]


def test_receiving_moves_the_home_on_the_day_that_is_named(branches):
    with clock.at(moment(TODAY - timedelta(days=5))):
        who, transfer = sent(branches)
    with clock.at(moment(TODAY)):
        receive_transfer(transfer=transfer, on=TODAY - timedelta(days=2), by=None)
        assert home_branch(who, TODAY - timedelta(days=3)) == branches[0]
        assert home_branch(who, TODAY - timedelta(days=2)) == branches[1]


def test_a_member_is_on_the_way_to_one_branch_only(branches):
    who, _ = sent(branches)
    with pytest.raises(Conflict, match="正在转接中"):
        send_transfer(member=who, to=branches[1], by=None)


@pytest.mark.parametrize("days", [-1, 6])
def test_the_day_lies_between_sending_and_today(branches, days):
    start = TODAY - timedelta(days=5)
    with clock.at(moment(start)):
        who, transfer = sent(branches)
    with clock.at(moment(TODAY)), pytest.raises(Conflict) as refusal:
        receive_transfer(transfer=transfer, on=start + timedelta(days=days), by=None)
    assert refusal.value.field == "effective_on"
    assert home_branch(who) == branches[0]


@pytest.mark.parametrize("settle", ["receive", "return", "withdraw"])
def test_what_is_settled_is_not_settled_again(branches, settle):
    who, transfer = sent(branches)
    withdraw_transfer(transfer=transfer, by=None)
    with pytest.raises(Conflict, match="已办结"):
        {
            "receive": lambda: receive_transfer(transfer=transfer, on=clock.today(), by=None),
            "return": lambda: return_transfer(transfer=transfer, by=None, answer="缺介绍信"),
            "withdraw": lambda: withdraw_transfer(transfer=transfer, by=None),
        }[settle]()
    assert home_branch(who) == branches[0]


def test_returning_needs_a_reason_and_lets_it_be_sent_again(branches):
    who, transfer = sent(branches)
    with pytest.raises(Conflict, match="退回原因"):
        return_transfer(transfer=transfer, by=None, answer=" ")
    return_transfer(transfer=transfer, by=None, answer="缺介绍信")
    assert send_transfer(member=who, to=branches[1], by=None).state == Transfer.State.SENT


def test_posts_and_branch_roles_end_where_the_member_leaves(branches):
    first, second = branches
    who = make.officer(first)
    post = Post.objects.create(code="organiser", name="组织委员")
    hold_post(member=who, branch=first, post=post, since=make.FOUNDED)
    attach_member(member=who, branch=second, since=make.FOUNDED)
    transfer = send_transfer(member=who, to=second, by=None)
    receive_transfer(transfer=transfer, on=clock.today(), by=None)
    assert not who.posts.filter(until=None).exists()
    assert not who.grants.filter(until=None, role=RoleGrant.Role.SECRETARY).exists()
    assert not who.memberships.filter(until=None, kind=Membership.Kind.ATTACHED).exists()


def test_who_has_left_is_not_transferred_and_who_is_on_the_way_does_not_leave(branches):
    who, transfer = sent(branches)
    with pytest.raises(Conflict, match="转接中"):
        change_standing(member=who, kind="full", state="left", on=clock.today(), reason="died")
    withdraw_transfer(transfer=transfer, by=None)
    change_standing(member=who, kind="full", state="left", on=clock.today(), reason="died")
    with pytest.raises(Conflict, match="已减员"):
        send_transfer(member=who, to=branches[1], by=None)


def test_every_step_is_in_the_trail_and_told(branches):
    receiver = make.officer(branches[1])
    who, transfer = sent(branches)
    receive_transfer(transfer=transfer, on=clock.today(), by=receiver)
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"members.transfer_sent", "members.transfer_received"} <= actions
    assert Delivery.objects.filter(member=who).count() == 2
    assert Delivery.objects.filter(member=receiver).count() == 1
    assert Delivery.objects.filter(member=transfer.sent_by).count() == 1


def test_the_boards_lose_and_gain_on_the_day_it_takes_effect():
    """In transit the sender answers for him; then − at the old leaf, + at the new."""
    from school.plans.selectors.counts import node_counts

    with clock.at(moment(date(2026, 3, 20))):
        root = plan_rows.make_branch(kind="committee")
        first, second = plan_rows.make_branch(root), plan_rows.make_branch(root)
        who = plan_rows.make_person(first)
        plan = plan_rows.make_plan(root, [plan_rows.make_item()])
        transfer = send_transfer(member=who, to=second, by=None)

    def due(node, day):
        return node_counts(node, plan, day).total.due

    with clock.at(moment(date(2026, 4, 10))):
        assert (due(first, date(2026, 4, 10)), due(second, date(2026, 4, 10))) == (1, 0)
        receive_transfer(transfer=transfer, on=date(2026, 4, 5), by=None)
        for day, expected in ((date(2026, 4, 4), (1, 0)), (date(2026, 4, 5), (0, 1))):
            assert (due(first, day), due(second, day)) == expected
            assert due(root, day) == 1


# -- what always holds --------------------------------------------------------------------------

steps = st.lists(
    st.tuples(
        st.sampled_from(["send", "receive", "receive", "return", "withdraw"]),
        st.integers(0, 2),
        st.integers(0, 20),
        st.integers(0, 9),
    ),
    max_size=16,
)


def play(who, leaves, history) -> date:
    """Runs a history day by day; refusals are part of life. Returns its last day."""
    day = date(2026, 1, 10)
    for what, where, back, wait in history:
        day += timedelta(days=wait)
        open_one = Transfer.objects.filter(member=who, state="sent").first()
        with clock.at(moment(day)):
            try:
                if what == "send":
                    send_transfer(member=who, to=leaves[where], by=None)
                elif open_one is None:
                    continue
                elif what == "receive":
                    on = day - timedelta(days=back)
                    receive_transfer(transfer=open_one, on=on, by=None)
                elif what == "return":
                    return_transfer(transfer=open_one, by=None, answer="退回")
                else:
                    withdraw_transfer(transfer=open_one, by=None)
            except DomainError:
                pass
    return day


@settings(suppress_health_check=list(HealthCheck))
@given(history=steps)
def test_on_any_day_a_member_is_at_home_in_exactly_one_branch(history):
    root = make.branch(kind="committee")
    leaves = [make.branch(root) for _ in range(3)]
    who = make.member(leaves[0], since=date(2026, 1, 1))
    last = play(who, leaves, history)
    for number in range((last - date(2026, 1, 1)).days + 2):
        day = date(2026, 1, 1) + timedelta(days=number)
        homes = Membership.objects.on(day).filter(member=who, kind=Membership.Kind.HOME)
        assert homes.count() == 1, day
    for transfer in Transfer.objects.filter(member=who, state="received"):
        assert home_branch(who, transfer.effective_on) is not None
    assert Transfer.objects.filter(member=who, state="sent").count() <= 1


# -- pages --------------------------------------------------------------------------------------


def test_the_receiver_takes_in_and_the_sender_cannot(client, branches):
    first, second = branches
    sender, receiver = make.officer(first), make.officer(second)
    who = make.member(first)
    client.force_login(sender)
    body = {"receiver": second.code, "reason": "工作调动"}
    client.post(reverse("members:transfer_send", args=[who.pk]), body)
    transfer = Transfer.objects.get(member=who)
    day = {"effective_on": clock.today().isoformat()}
    take = reverse("members:transfer_receive", args=[transfer.pk])
    assert client.post(take, day).status_code == 403
    client.force_login(receiver)
    assert client.get(reverse("members:transfers", args=[second.pk])).status_code == 200
    assert client.post(take, day).status_code == 302
    assert home_branch(who) == second


def test_a_branch_that_has_no_part_in_it_finds_no_transfer(client, branches):
    _, transfer = sent(branches)
    stranger = make.officer(make.branch(make.branch(kind="committee")))
    client.force_login(stranger)
    assert client.get(reverse("members:transfer", args=[transfer.pk])).status_code == 404


def test_nobody_sends_himself(client, branches):
    secretary = make.officer(branches[0])
    client.force_login(secretary)
    address = reverse("members:transfer_send", args=[secretary.pk])
    assert client.post(address, {"receiver": branches[1].code}).status_code == 403
    assert not Transfer.objects.exists()
