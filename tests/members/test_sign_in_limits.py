"""Failed tries: who pauses, who is slowed, who is spared; what is swept."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from school.core import clock
from school.members.models import SignInThrottle
from school.members.rules.signin import leaked, strictest, wait_seconds
from school.members.services import throttle
from tests.factories import members as make

URL = "/sign-in/"


@pytest.fixture
def person():
    return make.member(make.branch(), staff_number="A1001")


def attempt(client, secret="nope", account="A1001", address="10.0.0.1"):
    sent = {"account": account, "secret": secret}
    return client.post(URL, sent, REMOTE_ADDR=address).status_code


@pytest.mark.django_db
def test_failures_from_everywhere_slow_the_account_for_strangers(person):
    start = clock.now()
    for number in range(8):
        with clock.at(start + timedelta(minutes=2 * number)):
            assert attempt(Client(), address=f"10.{number}.0.1") == 400
    with clock.at(start + timedelta(minutes=14, seconds=20)):
        assert attempt(Client(), make.PASSWORD, address="10.99.0.1") == 429
    with clock.at(start + timedelta(minutes=15, seconds=30)):
        assert attempt(Client(), make.PASSWORD, address="10.99.0.1") == 302


@pytest.mark.django_db
def test_tries_by_staff_number_and_by_mobile_are_counted_together(person):
    person.set_mobile("13800138000")
    person.save()
    start = clock.now()
    names = ("A1001", "13800138000", " a1001 ", "13800138000", "A1001")
    for number, account in enumerate(names):
        with clock.at(start + timedelta(minutes=2 * number)):
            assert attempt(Client(), account=account) == 400
    for account in names:
        with clock.at(start + timedelta(minutes=9)):
            assert attempt(Client(), make.PASSWORD, account=account) == 429


@pytest.mark.django_db
def test_nobody_is_found_out_by_what_a_try_costs(person):
    """A known and an unknown account take as many statements and leave as many rows."""
    Client().get(URL)  # what is kept for the process is read once
    cost = {}
    for account in ("A1001", "B2002"):
        SignInThrottle.objects.all().delete()
        with CaptureQueriesContext(connection) as seen:
            assert attempt(Client(), account=account) == 400
        cost[account] = len(seen), SignInThrottle.objects.count()
    assert cost["A1001"] == cost["B2002"]


@pytest.mark.django_db
def test_a_known_device_is_not_slowed_by_failures_elsewhere(person):
    own = Client()
    assert attempt(own, make.PASSWORD) == 302
    own.post("/sign-out/")
    start = clock.now()
    for number in range(8):
        with clock.at(start + timedelta(minutes=2 * number)):
            attempt(Client(), address=f"10.{number + 1}.0.1")
    with clock.at(start + timedelta(minutes=14, seconds=5)):
        assert attempt(own, make.PASSWORD, address="10.200.0.1") == 302


@pytest.mark.django_db
def test_a_try_overtaken_by_a_later_one_is_not_told_to_wait(person):
    start = clock.now()
    with clock.at(start + timedelta(milliseconds=300)):
        assert attempt(Client(), make.PASSWORD) == 302
    with clock.at(start):
        assert attempt(Client(), make.PASSWORD) == 302


@pytest.mark.django_db
def test_the_mark_of_another_persons_device_spares_nobody(person):
    make.member(make.branch(), staff_number="B2")
    other = Client()
    attempt(other, make.PASSWORD, "B2")
    other.post("/sign-out/")
    start = clock.now()
    for number in range(8):
        with clock.at(start + timedelta(minutes=2 * number)):
            attempt(Client(), address=f"10.{number + 1}.0.1")
    with clock.at(start + timedelta(minutes=14, seconds=5)):
        assert attempt(other, make.PASSWORD, address="10.200.0.1") == 429


@pytest.mark.django_db
def test_two_hundred_members_in_one_room_all_come_in():
    branch, start = make.branch(), clock.now()
    people = [make.member(branch, staff_number=f"R{n:03}") for n in range(200)]
    for number, who in enumerate(people):
        with clock.at(start + timedelta(milliseconds=300 * number)):
            if number % 3 == 0:
                assert attempt(Client(), "Slip-of-2026", who.staff_number) == 400
            assert attempt(Client(), make.PASSWORD, who.staff_number) == 302


@pytest.mark.django_db
def test_an_address_far_above_a_room_is_slowed_and_never_locked(settings, person):
    settings.SIGN_IN_ADDRESS_FAILURES = 5
    settings.SIGN_IN_ADDRESS_PER_MINUTE = 60
    start = clock.now()
    with clock.at(start):
        answers = [attempt(Client(), account=f"X{n}") for n in range(8)]
    assert answers == [400] * 5 + [429] * 3
    with clock.at(start + timedelta(seconds=1, milliseconds=10)):
        assert attempt(Client(), make.PASSWORD) == 302


@pytest.mark.django_db
def test_rows_that_slow_nobody_are_swept(person):
    with clock.at(clock.now() - timedelta(hours=3)):
        attempt(Client())
    attempt(Client(), account="Z9", address="10.7.0.1")
    assert throttle.sweep() == 3
    assert SignInThrottle.objects.count() == 3


@pytest.mark.django_db
def test_rows_do_not_tell_which_account_was_tried(person):
    attempt(Client())
    assert "A1001" not in str(list(SignInThrottle.objects.values_list("account", flat=True)))


@pytest.mark.django_db
def test_a_closed_account_reads_like_an_unknown_one(person):
    person.is_active = False
    person.save()
    closed = Client().post(URL, {"account": "A1001", "secret": make.PASSWORD})
    unknown = Client().post(URL, {"account": "Z9", "secret": make.PASSWORD})
    words = [r.context["form"].non_field_errors() for r in (closed, unknown)]
    assert words[0] == words[1]
    assert closed.status_code == unknown.status_code == 400


@pytest.mark.django_db
def test_an_unknown_account_asks_the_same_questions_as_a_known_one(person):
    counts = []
    attempt(Client(), account="Y8")  # what is read once for all
    for account in ("A1001", "Z9"):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            attempt(Client(), account=account)
        counts.append(len(asked))
    assert abs(counts[0] - counts[1]) == 0


@pytest.mark.pure
@given(st.integers(0, 10_000), st.floats(0, 10_000), st.integers(1, 600))
def test_a_level_leaks_and_never_grows(level, seconds, rate):
    assert 0 <= leaked(level, seconds, rate) <= level
    assert leaked(level, 60 * (level / rate + 1), rate) == 0


@pytest.mark.pure
@given(st.integers(0, 200))
def test_the_delay_grows_up_to_a_minute(failures):
    assert wait_seconds(failures) <= wait_seconds(failures + 1) <= 60


@pytest.mark.pure
def test_the_strictest_of_several_roles_holds():
    presets = {"": 0, "auditor": 90, "system_admin": 30}
    assert strictest(presets, {"auditor", "secretary", "system_admin"}) == 30
    assert strictest(presets, {"secretary"}) == 0
