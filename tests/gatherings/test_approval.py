"""Where the branch above approves: nothing is booked before, and nobody answers for himself."""

import pytest
from django.urls import reverse

from school.core import clock
from school.core.errors import Conflict, DomainError, NotAllowed
from school.gatherings.models import Gathering, MakeUp
from school.gatherings.selectors.hours import not_closed, pending_rows
from school.gatherings.services import (
    add_guest,
    approve_gathering,
    cancel_gathering,
    check_in,
    close_gathering,
    confirm_own,
    decline_own,
    end_gathering,
    send_back_gathering,
)
from school.gatherings.services.checkin import code_now
from school.members.models import RoleGrant
from school.notices.models import Delivery
from school.study.models import Completion, HourEntry
from school.study.services.rebuild import rebuild_hours
from tests.factories import gatherings as made
from tests.factories import members as make
from tests.factories.gatherings import row_of

pytestmark = pytest.mark.django_db
State = Gathering.State


@pytest.fixture(autouse=True)
def asks_above(settings):
    settings.GATHERING_APPROVAL = "parent"


@pytest.fixture
def scene():
    _, general, first, _ = make.tree()
    people = {
        "boss": make.officer(general, RoleGrant.Role.COMMITTEE_ADMIN),
        "secretary": make.officer(first),
        "deputy": make.officer(first),
        "member": make.member(first),
        "absent": make.member(first),
    }
    return made.over(first, people["secretary"], [made.lesson()]), people


def submit(gathering, people, by="secretary", there=("secretary", "member")):
    states = {row_of(gathering, people[name]).pk: "present" for name in there}
    return close_gathering(gathering=gathering, states=states, by=people[by])


def test_before_the_answer_nothing_is_booked_and_after_it_everything_is(scene):
    gathering, people = scene
    assert submit(gathering, people).state == State.WAITING
    assert not HourEntry.objects.exists() and not Completion.objects.exists()
    assert not MakeUp.objects.exists()
    approve_gathering(gathering=gathering, by=people["boss"])
    assert HourEntry.objects.count() == Completion.objects.count() == 2
    assert MakeUp.objects.filter(member=people["absent"]).exists()
    gathering.refresh_from_db()
    assert (gathering.state, gathering.approved_by) == (State.CLOSED, people["boss"])


@pytest.mark.parametrize("who", ["secretary", "deputy", "member"])
def test_neither_who_entered_it_nor_anybody_of_the_branch_approves(scene, who):
    gathering, people = scene
    submit(gathering, people)
    for answer in (
        lambda: approve_gathering(gathering=gathering, by=people[who]),
        lambda: send_back_gathering(gathering=gathering, reason="x", by=people[who]),
    ):
        with pytest.raises(NotAllowed):
            answer()
    assert not HourEntry.objects.exists()


def test_whoever_above_entered_it_or_was_there_does_not_approve_it():
    _, general, first, _ = make.tree()
    boss, other = (make.officer(general, RoleGrant.Role.COMMITTEE_ADMIN) for _ in range(2))
    here = make.member(first)
    entered = made.over(first, boss)
    states = {row_of(entered, here).pk: "present"}
    close_gathering(gathering=entered, states=states, by=boss)
    with pytest.raises(NotAllowed):
        approve_gathering(gathering=entered, by=boss)
    approve_gathering(gathering=entered, by=other)
    # Of the general branch itself: both gain by it, so it goes further up.
    top = make.officer(general.get_parent(), RoleGrant.Role.COMMITTEE_ADMIN)
    own = made.over(general, boss)
    states = {row.pk: "present" for row in own.attendances.all()}
    close_gathering(gathering=own, states=states, by=boss)
    for who in (boss, other):
        with pytest.raises(NotAllowed):
            approve_gathering(gathering=own, by=who)
    approve_gathering(gathering=own, by=top)


def test_a_superior_who_sat_in_does_not_approve_what_he_gains_by(scene):
    gathering, people = scene
    boss = people["boss"]
    general = gathering.branch.get_parent()
    other = make.officer(general, RoleGrant.Role.COMMITTEE_ADMIN)
    add_guest(gathering=gathering, staff_number=boss.staff_number, name=boss.name, by=boss)
    submit(gathering, people, there=("secretary", "boss"))
    with pytest.raises(NotAllowed, match="本人参加"):
        approve_gathering(gathering=gathering, by=boss)
    approve_gathering(gathering=gathering, by=other)
    assert HourEntry.objects.filter(member=boss).exists()


def test_sent_back_it_is_entered_again_and_who_entered_it_is_told_why(scene):
    gathering, people = scene
    submit(gathering, people)
    with pytest.raises(DomainError):
        send_back_gathering(gathering=gathering, reason=" ", by=people["boss"])
    send_back_gathering(gathering=gathering, reason="缺签到表", by=people["boss"])
    told = Delivery.objects.filter(member=people["secretary"], message__body="缺签到表")
    assert told.count() == 1
    gathering.refresh_from_db()
    assert (gathering.state, gathering.send_back_reason) == (State.OPEN, "缺签到表")
    submit(gathering, people)
    approve_gathering(gathering=gathering, by=people["boss"])
    assert HourEntry.objects.count() == 2


def test_it_is_answered_once_and_only_while_it_waits(scene):
    gathering, people = scene
    with pytest.raises(Conflict):
        approve_gathering(gathering=gathering, by=people["boss"])
    submit(gathering, people)
    approve_gathering(gathering=gathering, by=people["boss"])
    with pytest.raises(Conflict):
        approve_gathering(gathering=gathering, by=people["boss"])
    assert HourEntry.objects.count() == 2


def test_one_that_waits_can_be_made_void_and_then_not_approved(scene):
    gathering, people = scene
    submit(gathering, people)
    cancel_gathering(gathering=gathering, reason="登记错了", by=people["secretary"])
    with pytest.raises(Conflict):
        approve_gathering(gathering=gathering, by=people["boss"])
    assert not HourEntry.objects.exists()


def test_the_page_offers_the_answer_only_to_who_may_give_it(scene, client):
    gathering, people = scene
    submit(gathering, people)
    detail = reverse("gatherings:detail", args=[gathering.pk])
    client.force_login(people["secretary"])
    assert "审核通过" not in client.get(detail).content.decode()
    assert client.post(reverse("gatherings:approve", args=[gathering.pk])).status_code == 403
    client.force_login(people["boss"])
    assert "审核通过" in client.get(detail).content.decode()
    assert client.post(reverse("gatherings:approve", args=[gathering.pk])).url == detail
    assert HourEntry.objects.count() == 2


def test_the_time_is_spent_only_once_it_is_approved(scene):
    gathering, people = scene
    submit(gathering, people)
    other = made.over(gathering.branch, people["secretary"], title="另一场")
    states = {row_of(other, people["member"]).pk: "present"}
    close_gathering(gathering=other, states=states, by=people["secretary"])
    approve_gathering(gathering=other, by=people["boss"])
    approve_gathering(gathering=gathering, by=people["boss"])
    paid = HourEntry.objects.filter(member=people["member"]).values_list("seconds", flat=True)
    assert sorted(paid) == [0, 3600]
    assert clock.local_day(gathering.starts_at) == HourEntry.objects.first().studied_on


# -- what organisers enter for themselves, where gatherings are booked at once --------------------


@pytest.fixture
def at_once(settings, scene):
    """The scene in a school that asks nobody above."""
    settings.GATHERING_APPROVAL = "none"
    return scene


def waiting(gathering) -> set[int]:
    return set(gathering.attendances.filter(withheld=True).values_list("member_id", flat=True))


def test_own_hours_of_who_registers_wait_for_the_branch_above_and_the_others_are_booked(at_once):
    gathering, people = at_once
    assert submit(gathering, people).state == State.CLOSED
    booked = HourEntry.objects.values_list("member_id", flat=True)
    assert list(booked) == [people["member"].pk]
    assert waiting(gathering) == {people["secretary"].pk}
    assert not MakeUp.objects.filter(member=people["secretary"]).exists()
    (row,) = pending_rows(people["secretary"].pk, 2026)
    assert row.state == "待上级核定"
    assert not_closed(2026).count == 1
    own = row_of(gathering, people["secretary"])
    for who in ("secretary", "deputy", "member"):
        with pytest.raises(NotAllowed):
            confirm_own(gathering=gathering, attendance_id=own.pk, by=people[who])
    confirm_own(gathering=gathering, attendance_id=own.pk, by=people["boss"])
    entry = HourEntry.objects.get(member=people["secretary"])
    assert (entry.credit, entry.origin) == (100, f"attendance:{own.pk}")
    assert Completion.objects.in_force().filter(member=people["secretary"]).exists()
    assert not waiting(gathering) and not_closed(2026).count == 0
    with pytest.raises(Conflict):
        confirm_own(gathering=gathering, attendance_id=own.pk, by=people["boss"])
    assert not rebuild_hours().differences


def test_whoever_opened_it_waits_too_when_another_enters_the_names(at_once):
    gathering, people = at_once
    submit(gathering, people, by="deputy", there=("secretary", "deputy", "member"))
    assert waiting(gathering) == {people["secretary"].pk, people["deputy"].pk}


def test_an_organiser_who_came_in_with_the_code_is_booked_with_the_others(at_once):
    _, people = at_once
    gathering = made.running(at_once[0].branch, people["secretary"])
    with clock.at(made.START):
        row = row_of(gathering, people["secretary"])
        check_in(member=people["secretary"], attendance=row, code=code_now(gathering))
    with clock.at(gathering.ends_at):
        end_gathering(gathering=gathering, ended_at=gathering.ends_at, by=people["secretary"])
        close_gathering(gathering=gathering, by=people["secretary"])
    assert HourEntry.objects.filter(member=people["secretary"], credit=100).exists()
    assert not waiting(gathering)


def test_who_was_not_there_after_all_is_absent_told_so_and_makes_it_up(at_once):
    gathering, people = at_once
    submit(gathering, people)
    own = row_of(gathering, people["secretary"])
    with pytest.raises(DomainError):
        decline_own(gathering=gathering, attendance_id=own.pk, reason=" ", by=people["boss"])
    decline_own(gathering=gathering, attendance_id=own.pk, reason="当日出差", by=people["boss"])
    own.refresh_from_db()
    assert (own.state, own.withheld) == ("absent", False)
    assert not HourEntry.objects.filter(member=people["secretary"]).exists()
    assert MakeUp.objects.filter(member=people["secretary"]).exists()
    assert Delivery.objects.filter(member=people["secretary"], message__body="当日出差").exists()


def test_without_a_branch_above_another_of_the_committee_answers(settings):
    settings.GATHERING_APPROVAL = "none"
    root, *_ = make.tree()
    leader = make.officer(root, RoleGrant.Role.COMMITTEE_ADMIN)
    office = make.officer(root, RoleGrant.Role.SCHOOL_ADMIN)
    gathering = made.over(root, leader)
    own = row_of(gathering, leader)
    close_gathering(gathering=gathering, states={own.pk: "present"}, by=leader)
    with pytest.raises(NotAllowed):
        confirm_own(gathering=gathering, attendance_id=own.pk, by=leader)
    confirm_own(gathering=gathering, attendance_id=own.pk, by=office)
    assert HourEntry.objects.get().member == leader


def test_the_page_says_who_answers_and_the_branch_above_finds_it_to_approve(at_once, client):
    gathering, people = at_once
    submit(gathering, people)
    own = row_of(gathering, people["secretary"])
    detail = reverse("gatherings:detail", args=[gathering.pk])
    confirm = reverse("gatherings:confirm_own", args=[gathering.pk, own.pk])
    client.force_login(people["secretary"])
    page = client.get(detail).content.decode()
    assert "本人的学时由上级党组织核定" in page and "核定到会" not in page
    assert reverse("gatherings:correct", args=[gathering.pk, own.pk]) not in page
    assert client.post(confirm).status_code == 403
    client.force_login(people["boss"])
    listed = client.get(reverse("gatherings:index") + "?state=waiting").content.decode()
    assert gathering.title in listed and "待上级核定" in listed
    assert "核定到会" in client.get(detail).content.decode()
    assert client.post(confirm).url == detail
    assert gathering.title not in client.get(
        reverse("gatherings:index") + "?state=waiting"
    ).content.decode().replace(gathering.branch.name, "")
    assert HourEntry.objects.filter(member=people["secretary"]).exists()
