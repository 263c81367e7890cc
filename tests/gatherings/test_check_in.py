"""Check-in with the code on the screen: for oneself, where one is expected, while it runs."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse

from school.core import clock
from school.core.errors import Conflict, DomainError, TooMany
from school.gatherings.models import Attendance, CheckInTries, Gathering, Presence
from school.gatherings.rules import Mark
from school.gatherings.services import (
    ask_leave,
    cancel_gathering,
    check_in,
    close_gathering,
    end_gathering,
    enter_names,
)
from school.gatherings.services.checkin import code_now
from school.notices.models import Delivery
from tests.factories import gatherings as made
from tests.factories import members as make
from tests.factories.gatherings import START, row_of

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def scene():
    with clock.at(START - timedelta(days=40)):
        home = make.branch()
        secretary, member, other = make.officer(home), make.member(home), make.member(home)
    return made.running(home, secretary), secretary, member, other


def come(gathering, member, at=START, code=None):
    with clock.at(at):
        code = code_now(gathering) if code is None else code
        return check_in(member=member, attendance=row_of(gathering, member), code=code)


def test_the_expected_are_told_when_one_is_opened(scene):
    gathering, secretary, member, other = scene
    told = Delivery.objects.filter(message__title__contains=gathering.title)
    assert set(told.values_list("member_id", flat=True)) == {secretary.pk, member.pk, other.pk}


@pytest.mark.parametrize(
    ("minutes", "late"), [(-60, 0), (0, 0), (10, 0), (10.9, 0), (11, 11), (25.5, 25), (59, 59)]
)
def test_arrival_is_counted_from_the_start_and_the_grace_forgives(scene, minutes, late):
    gathering, _, member, _ = scene
    row = come(gathering, member, START + minutes * MINUTE)
    assert (row.state, row.late_minutes, row.method) == ("present", late, "code")
    assert row_of(gathering, member).state == Attendance.State.PRESENT


def test_a_second_check_in_changes_nothing(scene):
    gathering, _, member, _ = scene
    first = come(gathering, member, START)
    again = come(gathering, member, START + 30 * MINUTE)
    assert again.pk == first.pk and again.late_minutes == 0
    assert Presence.objects.count() == 1


def test_the_code_before_is_still_taken_and_the_one_before_that_is_not(scene):
    gathering, _, member, other = scene
    with clock.at(START):
        old = code_now(gathering)
    come(gathering, member, START + timedelta(seconds=59), code=old)
    with pytest.raises(DomainError):
        come(gathering, other, START + timedelta(seconds=60), code=old)


def test_the_code_of_another_gathering_or_of_yesterday_is_refused(scene):
    gathering, secretary, member, _ = scene
    elsewhere = made.running(gathering.branch, secretary, title="另一场")
    with clock.at(START):
        foreign = code_now(elsewhere)
    with clock.at(START - timedelta(days=1)):
        yesterday = code_now(gathering)
    for code in (foreign, yesterday, "", "12345", "abcdef", "0" * 500):
        with pytest.raises(DomainError):
            come(gathering, member, code=code)
    assert not Presence.objects.exists()


@pytest.mark.parametrize("minutes", [-61, 60, 600])
def test_nobody_checks_in_too_early_or_after_the_end(scene, minutes):
    gathering, _, member, _ = scene
    with pytest.raises(Conflict):
        come(gathering, member, START + minutes * MINUTE)
    assert not Presence.objects.exists()


def test_nobody_checks_in_after_it_was_ended_or_made_void(scene):
    gathering, secretary, member, _ = scene
    with clock.at(START + 20 * MINUTE):
        end_gathering(gathering=gathering, ended_at=clock.now(), by=secretary)
    with pytest.raises(Conflict):
        come(gathering, member, START + 5 * MINUTE)
    cancel_gathering(gathering=gathering, reason="没有开", by=secretary)
    with pytest.raises(Conflict):
        come(gathering, member, START + 5 * MINUTE)


def test_nobody_checks_in_for_another(scene):
    gathering, _, member, other = scene
    with clock.at(START), pytest.raises(DomainError):
        check_in(member=member, attendance=row_of(gathering, other), code=code_now(gathering))
    assert row_of(gathering, other).state == Attendance.State.EXPECTED


def test_a_storm_of_guesses_is_stopped_for_this_member_alone(scene):
    gathering, _, member, other = scene
    limit = settings.GATHERING_CODE_TRIES
    with clock.at(START):
        right = code_now(gathering)
    wrong = [f"{n:06d}" for n in range(200) if f"{n:06d}" != right]
    for code in wrong[:limit]:
        with pytest.raises(DomainError) as refused:
            come(gathering, member, code=code)
        assert not isinstance(refused.value, TooMany)
    for code in [*wrong[limit : limit + 20], right]:
        with pytest.raises(TooMany):
            come(gathering, member, code=code)
    # Whoever sits beside him, behind the same address, is not held up.
    assert come(gathering, other).state == "present"
    pause = timedelta(minutes=settings.GATHERING_CODE_MINUTES)
    assert come(gathering, member, START + pause).state == "present"
    assert CheckInTries.objects.get(member=member).tries == 0


def test_leave_is_asked_for_with_a_reason_and_who_comes_after_all_is_present(scene):
    gathering, _, member, other = scene
    with pytest.raises(DomainError):
        ask_leave(attendance=row_of(gathering, member), excuse=" ")
    for each in (member, other):
        ask_leave(attendance=row_of(gathering, each), excuse="出差")
    assert row_of(gathering, member).state == Attendance.State.LEAVE
    come(gathering, member)
    assert row_of(gathering, member).state == Attendance.State.PRESENT
    assert row_of(gathering, other).excuse == "出差"
    with pytest.raises(Conflict):
        ask_leave(attendance=row_of(gathering, member), excuse="有事")


def test_a_list_shown_before_somebody_came_does_not_make_him_absent(scene):
    gathering, secretary, member, other = scene
    come(gathering, member, START + 2 * MINUTE)
    session = gathering.sessions.get()
    marks = {(row_of(gathering, each).pk, session.pk): Mark("absent") for each in (member, other)}
    enter_names(gathering=gathering, marks=marks, by=secretary, seen_at=START + MINUTE)
    assert row_of(gathering, member).state == Attendance.State.PRESENT
    assert row_of(gathering, other).state == Attendance.State.ABSENT
    # Seen and still said to be absent: the organiser answers for that.
    enter_names(gathering=gathering, marks=marks, by=secretary, seen_at=START + 3 * MINUTE)
    assert row_of(gathering, member).state == Attendance.State.ABSENT


def test_who_checked_in_needs_no_tick_to_be_booked(scene):
    gathering, secretary, member, other = scene
    come(gathering, member, START + 20 * MINUTE)
    end = START + 60 * MINUTE
    with clock.at(end):
        end_gathering(gathering=gathering, ended_at=end, by=secretary)
        close_gathering(gathering=gathering, by=secretary)
    assert row_of(gathering, member).paid_seconds == 40 * 60
    assert row_of(gathering, other).state == Attendance.State.ABSENT


# -- the pages ------------------------------------------------------------------------------------


def test_the_page_takes_the_code_by_one_press_and_a_look_changes_nothing(scene, client):
    gathering, _, member, _ = scene
    client.force_login(member)
    address = reverse("gatherings:check_in", args=[gathering.pk])
    with clock.at(START):
        code = code_now(gathering)
        assert f'value="{code}"' in client.get(f"{address}?code={code}").content.decode()
        assert not Presence.objects.exists()
        wrong = client.post(address, {"code": "000000" if code != "000000" else "000001"})
        assert wrong.status_code == 400 and "签到码不对" in wrong.content.decode()
        assert client.post(address, {"code": code}).status_code == 302
        assert "签到成功" in client.get(address).content.decode()


def test_who_posts_another_members_number_still_checks_in_himself(scene, client):
    gathering, _, member, other = scene
    client.force_login(member)
    with clock.at(START):
        client.post(
            reverse("gatherings:check_in", args=[gathering.pk]),
            {
                "code": code_now(gathering),
                "member": other.pk,
                "attendance": row_of(gathering, other).pk,
            },
        )
    assert row_of(gathering, other).state == Attendance.State.EXPECTED
    assert row_of(gathering, member).state == Attendance.State.PRESENT


def test_a_gathering_of_another_branch_does_not_exist_even_with_its_code(scene, client):
    gathering, _, _, _ = scene
    stranger = make.officer(make.branch(gathering.branch.get_parent()))
    client.force_login(stranger)
    with clock.at(START):
        code = code_now(gathering)
        mine = reverse("gatherings:check_in", args=[gathering.pk])
        for answer in (
            client.get(mine),
            client.post(mine, {"code": code}),
            client.post(reverse("gatherings:leave", args=[gathering.pk]), {"excuse": "x"}),
            client.get(reverse("gatherings:code", args=[gathering.pk])),
            client.get(reverse("gatherings:sheet", args=[gathering.pk])),
        ):
            assert answer.status_code == 404
        assert gathering.title not in client.get(reverse("gatherings:own")).content.decode()
    assert not Presence.objects.filter(attendance__member=stranger).exists()


def test_the_screen_shows_the_code_of_the_moment_to_the_organiser_only(scene, client):
    gathering, secretary, member, _ = scene
    address = reverse("gatherings:code", args=[gathering.pk])
    client.force_login(secretary)
    with clock.at(START):
        shown = client.get(address)
        code = code_now(gathering)
        assert f'data-code="{code}"' in shown.content.decode()
        assert '<noscript><meta http-equiv="refresh"' in shown.content.decode()
        assert "no-store" in shown["Cache-Control"]
        middle = client.get(address, headers={"HX-Request": "true"}).content.decode()
        assert code in middle and "<html" not in middle and "<svg" in middle
        assert " style=" not in middle
        client.force_login(member)
        assert client.get(address).status_code == 404


def test_a_page_of_a_long_list_asks_few_questions(scene, client, django_assert_max_num_queries):
    gathering, secretary, *_ = scene
    home = gathering.branch
    extra = made.running(home, secretary, title="又一场")
    for number in range(12):
        made.over(home, secretary, title=f"早先 {number}", start=START - timedelta(days=number + 1))
    client.force_login(secretary)
    with clock.at(START):
        come(gathering, secretary)
        for name, args in (
            ("index", []), ("detail", [gathering.pk]), ("own", []), ("code", [extra.pk]),
            ("sheet", [gathering.pk]), ("check_in", [gathering.pk]), ("new", []),
        ):  # fmt: skip
            with django_assert_max_num_queries(20):
                assert client.get(reverse(f"gatherings:{name}", args=args)).status_code == 200


def test_the_list_filters_by_state_and_says_when_there_is_nothing(scene, client):
    gathering, secretary, *_ = scene
    client.force_login(secretary)
    index = reverse("gatherings:index")
    with clock.at(START):
        assert gathering.title in client.get(index, {"state": "running"}).content.decode()
        assert gathering.title not in client.get(index, {"state": "open"}).content.decode()
    with clock.at(START + timedelta(hours=2)):
        # Past its end it waits for its names.
        assert gathering.title in client.get(index, {"state": "open"}).content.decode()
    assert Gathering.objects.get().state == Gathering.State.RUNNING
