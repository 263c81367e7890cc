"""What closing books: from arrival to leave, once, by day; who has seen it; who makes it up."""

from datetime import datetime, timedelta

import pytest
from django.template.loader import render_to_string
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from school.core import clock
from school.core.errors import Conflict, DomainError
from school.gatherings.models import Attendance, Gathering, MakeUp
from school.gatherings.rules import Mark
from school.gatherings.selectors.hours import attended_hours, pending_rows
from school.gatherings.services import (
    add_guest,
    cancel_gathering,
    check_in,
    close_gathering,
    convene_gathering,
    end_gathering,
    enter_names,
    remove_guest,
)
from school.gatherings.services.checkin import code_now
from school.members.models import RoleGrant
from school.plans.selectors.tasks import MAKE_UP, open_count, todo
from school.study.models import Completion, HourEntry
from school.study.services.ledger import claim_wall
from tests.factories import gatherings as made
from tests.factories import members as make
from tests.factories.gatherings import HOUR, START, row_of
from tests.factories.plans import make_plan
from tests.factories.study import Page, make_lesson

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def home():
    return make.branch()


@pytest.fixture
def people(home):
    with clock.at(START - timedelta(days=90)):
        return make.officer(home), make.member(home), make.member(home)


def close(gathering, by, marks, **more):
    """Close from {member: mark or marks by session}."""
    sessions = list(gathering.sessions.all())
    named = {
        (row_of(gathering, member).pk, session.pk): each
        for member, given_marks in marks.items()
        for session, each in zip(
            sessions, given_marks if isinstance(given_marks, list) else [given_marks], strict=False
        )
        if each
    }
    with clock.at(max(gathering.ends_at, clock.now().replace(year=2026, month=3, day=12))):
        return close_gathering(gathering=gathering, marks=named, by=by, **more)


def present(late=0, early=0):
    return Mark("present", late, early)


def entry_of(member):
    return HourEntry.objects.in_force().get(member=member)


def test_late_and_early_take_from_what_is_booked(home, people):
    secretary, late, early = people
    whole = make.member(home)
    gathering = made.over(home, secretary)
    close(gathering, secretary, {whole: present(), late: present(15), early: present(5, 20)})
    booked = {m: (entry_of(m).seconds, entry_of(m).credit) for m in (whole, late, early)}
    assert booked == {whole: (3600, 100), late: (2700, 75), early: (2100, 58)}
    assert row_of(gathering, early).claimed == [5 * 60_000, 40 * 60_000]


@pytest.mark.parametrize("mark", [present(60), present(30, 30), present(-1), Mark("here")])
def test_a_mark_that_leaves_no_time_or_says_nothing_books_nobody(home, people, mark):
    secretary, member, _ = people
    gathering = made.over(home, secretary)
    with pytest.raises(DomainError):
        close(gathering, secretary, {secretary: present(), member: mark})
    assert not HourEntry.objects.exists()
    gathering.refresh_from_db()
    assert gathering.state == Gathering.State.OPEN


def test_the_sessions_attended_are_booked_together_once(home, people):
    secretary, half, none = people
    whole = make.member(home)
    sessions = [(START, START + 3 * HOUR), (START + 4 * HOUR, START + 7 * HOUR)]
    gathering = made.over(home, secretary, sessions=sessions, kind="training")
    close(gathering, secretary, {whole: [present(), present(0, 30)], half: [None, present(60)]})
    assert (entry_of(whole).seconds, entry_of(whole).source) == (19_800, "training")
    assert entry_of(half).seconds == 2 * 3600
    assert row_of(gathering, half).state == Attendance.State.PRESENT
    assert not HourEntry.objects.filter(member=none).exists()
    cancel_gathering(gathering=gathering, reason="登记错了", by=secretary)
    assert not HourEntry.objects.in_force().exists()
    assert claim_wall(member_id=half.pk, start=START, end=START + 7 * HOUR) == [0, 7 * 3_600_000]


def test_a_night_over_new_year_counts_for_both_years_and_is_taken_back_whole(home, people):
    secretary, member, _ = people
    start = datetime(2025, 12, 31, 23, 0, tzinfo=clock.LOCAL)
    gathering = made.over(home, secretary, start=start, hours=3)
    with clock.at(start + 4 * HOUR):
        states = {row_of(gathering, member).pk: "present"}
        close_gathering(gathering=gathering, states=states, by=secretary)
        rows = HourEntry.objects.filter(member=member)
        assert set(rows.values_list("counts_for_year", "seconds")) == {(2025, 3600), (2026, 7200)}
        cancel_gathering(gathering=gathering, reason="没有开", by=secretary)
    assert not HourEntry.objects.in_force().exists()


# -- the same minutes -------------------------------------------------------------------------


def _studied(member, revision, begin):
    """Watch alone for ten minutes, reported as it goes."""
    return Page(member, revision, begin).watch(0, 600)


@pytest.mark.parametrize("first", ["online", "together"])
def test_the_same_minutes_online_and_together_pay_once_in_both_orders(home, people, first):
    secretary, member, _ = people
    revision = make_lesson(minutes=10)
    gathering = made.over(home, secretary)

    def together():
        close(gathering, secretary, {member: present()})

    def online():
        _studied(member, revision, START + 20 * MINUTE)

    for work in (online, together) if first == "online" else (together, online):
        work()
    seconds = entry_of_kind(member, "lecture")
    studied = Completion.objects.in_force().filter(member=member, evidence="study").count()
    if first == "online":
        # Ten of the sixty minutes were spent alone and stay there.
        assert (seconds, studied) == (50 * 60, 1)
        assert entry_of_source(member, "lecture").note
    else:
        assert (seconds, studied) == (3600, 0)
        assert not HourEntry.objects.filter(member=member, source="online", credit__gt=0).exists()


def entry_of_source(member, source):
    return HourEntry.objects.in_force().get(member=member, source=source)


def entry_of_kind(member, source):
    return entry_of_source(member, source).seconds


def test_before_the_arrival_and_after_the_leave_the_time_stays_free(home, people):
    secretary, member, _ = people
    gathering = made.over(home, secretary)
    close(gathering, secretary, {member: present(20, 20)})
    free = claim_wall(member_id=member.pk, start=START, end=START + HOUR)
    assert free == [0, 20 * 60_000, 40 * 60_000, 60 * 60_000]


class TwoGatherings(TestCase):
    """Whatever two gatherings of a person overlap in, together they pay their union."""

    @given(
        st.integers(0, 180),
        st.integers(10, 120),
        st.integers(0, 180),
        st.integers(10, 120),
        st.booleans(),
    )
    def test_two_gatherings_pay_the_union_of_their_minutes(self, a, long_a, b, long_b, swap):
        home = make.branch()
        secretary, member = make.officer(home), make.member(home)
        made_two = [
            made.over(home, secretary, start=START + begin * MINUTE, hours=long / 60)
            for begin, long in ((a, long_a), (b, long_b))
        ]
        for gathering in reversed(made_two) if swap else made_two:
            close(gathering, secretary, {member: present()})
        minutes = set(range(a, a + long_a)) | set(range(b, b + long_b))
        rows = HourEntry.objects.in_force().filter(member=member)
        assert sum(row.seconds for row in rows) == len(minutes) * 60


# -- seen, and made up ----------------------------------------------------------------------------


def test_who_was_there_too_short_has_not_seen_it_and_makes_it_up(home, people):
    secretary, short, absent = people
    whole = make.member(home)
    item = made.lesson()
    gathering = made.over(home, secretary, [item])
    close(gathering, secretary, {whole: present(), short: present(31)})
    done = Completion.objects.in_force().filter(item=item)
    assert set(done.values_list("member_id", "evidence")) == {(whole.pk, "group")}
    assert entry_of(short).seconds == 29 * 60
    asked = MakeUp.objects.values_list("member_id", flat=True)
    assert set(asked) == {secretary.pk, short.pk, absent.pk}


def test_a_missed_item_stands_in_the_tasks_until_it_is_done_alone(home, people):
    secretary, member, absent = people
    revision = make_lesson(minutes=10)
    gathering = made.over(home, secretary, [revision.item])
    close(gathering, secretary, {secretary: present(), member: present()})
    day = MakeUp.objects.get().due_on
    with clock.at(datetime(2026, 3, 13, 20, 0, tzinfo=clock.LOCAL)):
        entry = todo(absent)[0]
        assert (entry.item_id, entry.state, entry.deadline) == (revision.item_id, MAKE_UP, day)
        assert entry.plan == gathering.title
        assert open_count(absent.pk, clock.today()) == 1
        assert (todo(member), open_count(member.pk, clock.today())) == ([], 0)
    _studied(absent, revision, datetime(2026, 3, 13, 20, 0, tzinfo=clock.LOCAL))
    with clock.at(datetime(2026, 3, 14, 20, 0, tzinfo=clock.LOCAL)):
        assert (todo(absent), open_count(absent.pk, clock.today())) == ([], 0)


def test_the_nearest_deadline_stands_first_whoever_asks(home, people):
    secretary, member, absent = people
    seen, other = make_lesson(minutes=10).item, make_lesson(minutes=10).item
    gathering = made.over(home, secretary, [seen])
    close(gathering, secretary, {secretary: present(), member: present()})
    due_on = MakeUp.objects.get().due_on
    span = {"starts_on": due_on - timedelta(days=60)}
    with clock.at(START + timedelta(days=1)):
        make_plan(home, [other], ends_on=due_on + timedelta(days=1), **span)
        assert [t.item_id for t in todo(absent)] == [seen.pk, other.pk]
        make_plan(home, [other, seen], ends_on=due_on - timedelta(days=1), **span)
        # The item that two ask stands once, with the nearer day.
        days = {t.item_id: t.deadline for t in todo(absent)}
        assert days == dict.fromkeys((other.pk, seen.pk), due_on - timedelta(days=1))


def test_a_void_gathering_asks_nobody_to_make_anything_up(home, people):
    secretary, _, absent = people
    gathering = made.over(home, secretary, [made.lesson()])
    close(gathering, secretary, {secretary: present()})
    assert todo(absent)
    cancel_gathering(gathering=gathering, reason="没有开", by=secretary)
    assert not todo(absent)


def test_who_has_done_the_item_alone_before_has_nothing_to_make_up(home, people):
    secretary, _, absent = people
    revision = make_lesson(minutes=10)
    _studied(absent, revision, START - timedelta(days=3))
    gathering = made.over(home, secretary, [revision.item])
    close(gathering, secretary, {secretary: present()})
    assert absent.pk not in MakeUp.objects.values_list("member_id", flat=True)


def test_the_list_says_who_has_made_it_up(home, people, client):
    secretary, member, absent = people
    revision = make_lesson(minutes=10)
    gathering = made.over(home, secretary, [revision.item])
    close(gathering, secretary, {secretary: present(), member: present()})
    client.force_login(secretary)
    address = reverse("gatherings:make_ups", args=[gathering.pk])
    assert "未补" in client.get(address).content.decode()
    _studied(absent, revision, datetime(2026, 3, 13, 20, 0, tzinfo=clock.LOCAL))
    assert "2026-03-13 已补" in client.get(address).content.decode()
    page = client.get(reverse("gatherings:detail", args=[gathering.pk])).content.decode()
    assert "已补 1 / 1" in page


def test_the_home_page_marks_what_is_made_up(home, people):
    secretary, _, absent = people
    gathering = made.over(home, secretary, [made.lesson()])
    close(gathering, secretary, {secretary: present()})
    assert "补学" in render_to_string("courses/todo.html", {"todo": todo(absent)[0]})


def test_a_year_shows_what_is_not_booked_yet_and_what_was_booked_can_be_told_again(home, people):
    secretary, member, _ = people
    start = datetime(2025, 12, 31, 23, 0, tzinfo=clock.LOCAL)
    gathering = made.over(home, secretary, start=start, hours=2)
    with clock.at(start + 3 * HOUR):
        marks = {(row_of(gathering, member).pk, gathering.sessions.get().pk): present(15)}
        enter_names(gathering=gathering, marks=marks, by=secretary)
        waiting = pending_rows(member.pk, 2025)
        assert [(row.title, row.state) for row in waiting] == [(gathering.title, "待登记")]
        assert not pending_rows(secretary.pk, 2025) and not pending_rows(member.pk, 2026)
        close_gathering(gathering=gathering, by=secretary)
        assert not pending_rows(member.pk, 2025)
    booked = HourEntry.objects.in_force().filter(member=member)
    told = {(e.origin, e.seconds, e.source, e.day) for e in attended_hours(member.pk, member.pk)}
    assert told == set(booked.values_list("origin", "seconds", "source", "studied_on"))
    assert len(told) == 2


# -- who is expected ------------------------------------------------------------------------------


def test_the_invited_below_are_expected_and_a_branch_aside_cannot_be_invited():
    root, general, first, second = make.tree()
    boss = make.officer(general, RoleGrant.Role.COMMITTEE_ADMIN)
    below = [make.member(first), make.member(second)]
    gathering = made.over(general, boss, invited=[first, second])
    expected = set(gathering.attendances.values_list("member_id", flat=True))
    assert expected == {boss.pk, *(m.pk for m in below)}
    secretary = make.officer(first)
    with pytest.raises(DomainError):
        made.over(first, secretary, invited=[second])
    with pytest.raises(DomainError):
        made.over(first, secretary, invited=[general])


def test_a_guest_in_scope_is_ticked_and_one_from_outside_has_to_come_himself():
    _, general, first, second = make.tree()
    boss = make.officer(general, RoleGrant.Role.COMMITTEE_ADMIN)
    secretary, inside, outside = make.officer(first), make.member(second), make.member(second)
    of_boss = made.running(general, boss)
    guest = add_guest(
        gathering=of_boss, staff_number=inside.staff_number, name=inside.name, by=boss
    )
    assert (guest.guest, guest.outside, guest.branch_id) == (True, False, second.pk)
    mine = made.running(first, secretary)
    foreign = add_guest(
        gathering=mine, staff_number=outside.staff_number, name=outside.name, by=secretary
    )
    assert foreign.outside
    with clock.at(START + HOUR):
        end_gathering(gathering=mine, ended_at=START + HOUR, by=secretary)
    with pytest.raises(DomainError, match="只能由本人"):
        close(mine, secretary, {outside: present()})


def test_a_guest_from_outside_who_checked_in_is_booked():
    _, _, first, second = make.tree()
    secretary, outside = make.officer(first), make.member(second)
    gathering = made.running(first, secretary)
    row = add_guest(
        gathering=gathering, staff_number=outside.staff_number, name=outside.name, by=secretary
    )
    with clock.at(START):
        check_in(member=outside, attendance=row, code=code_now(gathering))
    with clock.at(START + HOUR):
        end_gathering(gathering=gathering, ended_at=START + HOUR, by=secretary)
    close(gathering, secretary, {})
    assert entry_of(outside).seconds == 3600
    # What a guest misses his own branch makes up with him.
    assert not MakeUp.objects.filter(member=outside).exists()


def test_number_and_name_of_a_guest_have_to_belong_together_and_only_guests_go(home, people):
    secretary, member, _ = people
    other = make.member(make.branch(home.get_parent()))
    gathering = made.running(home, secretary)
    for number, name in ((other.staff_number, "别人"), ("X0", other.name)):
        with pytest.raises(DomainError) as refused:
            add_guest(gathering=gathering, staff_number=number, name=name, by=secretary)
        assert refused.value.message == "工号和姓名对不上，请核对后再添加。"
    with pytest.raises(Conflict):
        add_guest(
            gathering=gathering, staff_number=member.staff_number, name=member.name, by=secretary
        )
    with pytest.raises(DomainError):
        remove_guest(gathering=gathering, attendance_id=row_of(gathering, member).pk, by=secretary)


# -- opening and ending ---------------------------------------------------------------------------


def test_ending_early_cuts_the_session_and_drops_those_not_begun(home, people):
    secretary, member, _ = people
    sessions = [(START, START + HOUR), (START + 2 * HOUR, START + 3 * HOUR)]
    gathering = made.running(home, secretary, sessions=sessions)
    with clock.at(START + 40 * MINUTE):
        with pytest.raises(DomainError):
            end_gathering(gathering=gathering, ended_at=START, by=secretary)
        with pytest.raises(DomainError):
            end_gathering(gathering=gathering, ended_at=START + 2 * HOUR, by=secretary)
        end_gathering(gathering=gathering, ended_at=START + 40 * MINUTE, by=secretary)
    gathering.refresh_from_db()
    close(gathering, secretary, {member: present()})
    assert entry_of(member).seconds == 40 * 60


def test_one_that_is_over_or_far_away_or_overlapping_cannot_be_opened(home, people):
    secretary, *_ = people
    values = {"branch": home, "kind": "lecture", "title": "党课", "items": [], "by": secretary}
    wrong = [
        [(START - 3 * HOUR, START - 2 * HOUR)],
        [(START + timedelta(days=61), START + timedelta(days=61, hours=1))],
        [(START, START + 2 * HOUR), (START + HOUR, START + 3 * HOUR)],
        [(START, START + 10 * HOUR), (START + 11 * HOUR, START + 20 * HOUR)],
    ]
    for sessions in wrong:
        with clock.at(START), pytest.raises(DomainError):
            convene_gathering(sessions=sessions, **values)
    assert not Gathering.objects.exists()


def test_the_secretary_opens_one_on_the_page_and_it_runs(home, people, client):
    secretary, *_ = people
    item = made.lesson()
    client.force_login(secretary)
    with clock.at(START):
        response = client.post(
            "/branch/gatherings/new/",
            {
                "branch": home.pk, "kind": "training", "items": [item.pk], "title": "",
                "held_on": "2026-03-10", "begins": "13:50", "ends": "15:00",
                "begins_2": "16:00", "ends_2": "17:00",
            },
        )  # fmt: skip
        gathering = Gathering.objects.get()
        assert response.url == f"/branch/gatherings/{gathering.pk}/"
        assert gathering.state == Gathering.State.RUNNING and gathering.sessions.count() == 2
        page = client.get(response.url).content.decode()
        assert "显示签到码" in page and "结束并登记名单" in page
