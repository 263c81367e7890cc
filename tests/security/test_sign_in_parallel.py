"""Many at the same instant: one code opens once, many addresses are slowed like one."""

import itertools

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from school.members.models import (
    KnownDevice,
    Member,
    OneTimeCode,
    SignInSession,
    SignInThrottle,
)
from school.members.services import codes, passwords, signin
from tests.factories import audit as trail
from tests.factories.parallel import together
from tests.factories.study import make_member

AT_ONCE = 8


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
            for model in (KnownDevice, OneTimeCode, SignInSession):
                model.objects.filter(member=member).delete()
            Session.objects.all().delete()
            trail.forget_after(last)
            Member.objects.filter(pk=member.pk).delete()


def test_one_code_typed_many_times_at_once_opens_once(committed):
    code, opened = codes.issue_code(member=committed, by=None), []

    def use():
        opened.append(codes.use_code(member=committed, typed=code))

    together(*[use] * AT_ONCE)
    assert sorted(opened) == [False] * (AT_ONCE - 1) + [True]


def test_of_many_addresses_at_once_a_few_are_looked_at(committed, monkeypatch):
    looked_at, original, numbers = [], signin._authenticate, itertools.count(1)

    def counted(*arguments):
        looked_at.append(1)
        return original(*arguments)

    monkeypatch.setattr(signin, "_authenticate", counted)

    def guess():
        body = {"account": committed.staff_number, "secret": "nope"}
        address = f"10.0.{next(numbers)}.1"
        assert Client().post("/sign-in/", body, REMOTE_ADDR=address).status_code in (400, 429)

    together(*[guess] * AT_ONCE)
    assert 2 <= len(looked_at) <= 5


def test_two_passwords_chosen_at_once_leave_one_and_its_trace(committed):
    member = committed

    def choose(password):
        return lambda: passwords.choose_password(
            member=Member.objects.get(pk=member.pk), password=password
        )

    together(choose("First-2026-xx"), choose("Second-2026-xx"))
    member.refresh_from_db()
    assert member.check_password("First-2026-xx") != member.check_password("Second-2026-xx")


def test_many_sign_ins_of_one_account_at_once_all_come_in(committed):
    member = committed
    member.set_password("Study-2026-hard")
    member.must_set_password = False
    member.save()
    body = {"account": member.staff_number, "secret": "Study-2026-hard"}
    answers = []

    def come_in():
        answers.append(Client().post("/sign-in/", body).status_code)

    for _ in range(3):
        together(*[come_in] * 2)
    assert answers == [302] * 6
    assert SignInSession.objects.filter(member=member, ended_at=None).count() == 6
