"""Two who settle one transfer at the same instant: one does, the other is told."""

import pytest
from django.db import connection

from school.core import clock
from school.core.errors import Conflict
from school.members.models import Membership, Transfer
from school.members.selectors.people import home_branch
from school.members.services.transfers import receive_transfer, send_transfer, withdraw_transfer
from school.notices.models import Delivery, Message
from tests.factories import audit as trail
from tests.factories import members as make
from tests.factories.parallel import together


@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    """A transfer other connections see, taken away by hand."""
    with django_db_blocker.unblock():
        last = trail.last_entry()
        root = make.branch(kind="committee")
        first, second = make.branch(root), make.branch(root)
        who = make.member(first)
        transfer = send_transfer(member=who, to=second, by=None)
        try:
            yield transfer
        finally:
            _take_away(who, (second, first, root))
            trail.forget_after(last)


def _take_away(who, places) -> None:
    Delivery.objects.filter(member=who).delete()
    Message.objects.filter(deliveries=None).delete()
    Transfer.objects.filter(member=who).delete()
    who.memberships.all().delete()
    who.standings.all().delete()
    who.delete()
    for place in places:
        place.placements.all().delete()
        type(place).objects.filter(pk=place.pk).delete()
    if places:
        places[-1].delete()


def test_two_who_receive_at_once_are_served_one_after_the_other(committed):
    """The second is told that it is settled; the member is at home once."""
    outcomes = []

    def take():
        try:
            receive_transfer(transfer=committed, on=clock.today(), by=None)
            outcomes.append("done")
        except Conflict:
            outcomes.append("refused")

    together(take, take)
    assert sorted(outcomes) == ["done", "refused"], connection.vendor
    homes = Membership.objects.filter(member=committed.member, until=None, kind="home")
    assert homes.get().branch_id == committed.receiver_id


def test_received_and_withdrawn_at_once_ends_as_one_of_both(committed):
    outcomes = []

    def settle(work):
        try:
            work()
            outcomes.append(Transfer.objects.get(pk=committed.pk).state)
        except Conflict:
            pass

    together(
        lambda: settle(lambda: receive_transfer(transfer=committed, on=clock.today(), by=None)),
        lambda: settle(lambda: withdraw_transfer(transfer=committed, by=None)),
    )
    assert len(outcomes) == 1
    moved = home_branch(committed.member).pk == committed.receiver_id
    assert moved == (outcomes[0] == "received")
