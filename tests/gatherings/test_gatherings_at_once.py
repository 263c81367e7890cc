"""At the same instant: two phones of one person, many people, close while somebody checks in."""

import contextlib
import threading
from datetime import timedelta

import pytest
from django.db import connection

from school.core import clock
from school.core.errors import Conflict, DomainError, TooMany
from school.gatherings.models import Attendance, CheckInTries, Gathering, MakeUp, Presence
from school.gatherings.services import (
    cancel_gathering,
    check_in,
    close_gathering,
    convene_gathering,
    end_gathering,
)
from school.gatherings.services.checkin import code_now
from school.members.models import Member, Membership, MemberStanding, RoleGrant
from school.notices.models import Delivery, Message
from school.study.models import Completion, Coverage, HourEntry, WallDay
from tests.factories import audit as trail
from tests.factories import gatherings as made
from tests.factories import members as make
from tests.factories.parallel import together

PEOPLE = 6


@pytest.fixture
def scene(django_db_setup, django_db_blocker):
    """A running gathering that other connections see, taken away by hand with all it booked."""
    with django_db_blocker.unblock():
        last, messages = trail.last_entry(), set(Message.objects.values_list("pk", flat=True))
        home = make.branch(kind="committee")
        secretary = make.officer(home)
        people = [make.member(home) for _ in range(PEOPLE)]
        item = made.lesson()
        # The threads have the real clock, so the scene has it too.
        now = clock.now()
        times = (now - timedelta(minutes=5), now + timedelta(minutes=55))
        try:
            gathering = convene_gathering(
                branch=home, kind="group", title="并发", items=[item], by=secretary,
                sessions=[times],
            )  # fmt: skip
            yield gathering, secretary, people
        finally:
            _take_away(home, item, messages)
            trail.forget_after(last)


def _take_away(home, item, messages):
    ids = list(Membership.objects.filter(branch=home).values_list("member_id", flat=True))
    Gathering.objects.filter(branch=home).delete()
    Delivery.objects.exclude(message_id__in=messages).delete()
    Message.objects.exclude(pk__in=messages).delete()
    CheckInTries.objects.filter(member_id__in=ids).delete()
    for model in (HourEntry, Completion):
        reversals = f"DELETE FROM {model._meta.db_table} WHERE reverses_id IS NOT NULL AND"
        everything = f"DELETE FROM {model._meta.db_table} WHERE"
        with connection.cursor() as cursor:
            for pk in ids:
                for start in (reversals, everything):
                    cursor.execute(f"{start} member_id = %s", [pk])
    for model in (Coverage, WallDay, RoleGrant, Membership, MemberStanding):
        model.objects.filter(member_id__in=ids).delete()
    type(item).objects.filter(pk=item.pk).update(current=None)
    item.revisions.all().delete()
    item.delete()
    Member.objects.filter(pk__in=ids).delete()
    home.placements.all().delete()
    home.delete()


def row(gathering, member):
    return gathering.attendances.get(member=member)


def arrive(gathering, member, code=None):
    check_in(member=member, attendance=row(gathering, member), code=code or code_now(gathering))


def test_two_phones_of_one_person_check_in_once(scene):
    gathering, _, people = scene
    together(*[lambda: arrive(gathering, people[0])] * 4)
    assert Presence.objects.filter(attendance__gathering=gathering).count() == 1
    assert row(gathering, people[0]).state == Attendance.State.PRESENT


def test_everybody_checks_in_at_the_same_instant(scene):
    gathering, _, people = scene
    together(*[lambda each=each: arrive(gathering, each) for each in people])
    assert gathering.attendances.filter(state=Attendance.State.PRESENT).count() == PEOPLE


def test_of_many_guesses_at_once_only_so_many_are_looked_at(scene, settings):
    gathering, _, people = scene
    settings.GATHERING_CODE_TRIES = 5
    answers, lock = [], threading.Lock()
    right = code_now(gathering)
    wrong = [f"{n:06d}" for n in range(40) if f"{n:06d}" != right][:12]

    def guess(code):
        try:
            arrive(gathering, people[0], code)
        except (DomainError, Conflict) as refused:
            with lock:
                answers.append(type(refused))

    together(*[lambda code=code: guess(code) for code in wrong])
    assert (answers.count(DomainError), answers.count(TooMany)) == (5, 7)


def test_whoever_checks_in_while_it_is_ended_and_closed_is_booked_or_told_no(scene):
    """No check-in is said to have been taken and then not booked."""
    gathering, secretary, people = scene
    taken, refused = set(), set()

    def come(member):
        try:
            arrive(gathering, member)
            taken.add(member.pk)
        except Conflict:
            refused.add(member.pk)

    def close():
        end_gathering(gathering=gathering, ended_at=clock.now(), by=secretary)
        close_gathering(gathering=gathering, by=secretary)

    together(close, *[lambda each=each: come(each) for each in people])
    assert taken | refused == {each.pk for each in people} and not taken & refused
    gathering.refresh_from_db()
    assert gathering.state == Gathering.State.CLOSED
    # A line for each person and day: the scene may stretch over midnight.
    booked = HourEntry.objects.filter(member__in=people).values_list("member_id", "studied_on")
    assert {who for who, _day in booked} == taken and len(set(booked)) == len(booked)
    made_up = MakeUp.objects.filter(member__in=people).values_list("member_id", flat=True)
    assert set(made_up) == refused


def test_closing_twice_and_making_void_at_once_leave_one_outcome(scene):
    gathering, secretary, people = scene
    arrive(gathering, people[0])
    end_gathering(gathering=gathering, ended_at=clock.now(), by=secretary)

    def quietly(work):
        def run():
            with contextlib.suppress(Conflict):
                work()

        return run

    def close():
        close_gathering(gathering=gathering, by=secretary)

    def void():
        cancel_gathering(gathering=gathering, reason="没有开", by=secretary)

    together(quietly(close), quietly(close), quietly(void))
    gathering.refresh_from_db()
    assert gathering.state == Gathering.State.CANCELLED
    assert not HourEntry.objects.in_force().filter(member=people[0]).exists()
    lines = HourEntry.objects.filter(member=people[0])
    days = lines.filter(reverses=None).values_list("studied_on", flat=True)
    assert len(set(days)) == len(days) == lines.exclude(reverses=None).count()
    spans = WallDay.objects.filter(member=people[0]).values_list("spans", flat=True)
    assert not any(bytes(each) for each in spans)
