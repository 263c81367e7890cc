"""Guesses sent at once are slowed down like guesses sent one by one."""

import pytest
from django.test import Client

from school.members.models import Member, SignInThrottle
from school.members.services import signin
from tests.factories import audit as trail
from tests.factories.parallel import together
from tests.factories.study import make_member

GUESSES = 12


@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    """A member other connections see, taken away by hand: a flush would take Wagtail's rows."""
    with django_db_blocker.unblock():
        last = trail.last_entry()
        member = make_member("并发")
        try:
            yield member
        finally:
            SignInThrottle.objects.all().delete()
            trail.forget_after(last)
            Member.objects.filter(pk=member.pk).delete()


def test_of_many_guesses_at_once_a_few_are_looked_at(committed, monkeypatch):
    looked_at, original = [], signin._authenticate

    def counted(*arguments):
        looked_at.append(1)
        return original(*arguments)

    monkeypatch.setattr(signin, "_authenticate", counted)

    def guess():
        body = {"account": committed.staff_number, "secret": "nope"}
        assert Client().post("/sign-in/", body).status_code in (400, 429)

    together(*[guess] * GUESSES)
    # The third try has to wait a second already; a slow machine may let one or two more through.
    assert 2 <= len(looked_at) <= 5
