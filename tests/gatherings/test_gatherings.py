"""Studying together: done and credited once, never twice for the same minutes, taken back whole."""

from datetime import datetime, timedelta

import pytest

from school.core import clock
from school.core.errors import Conflict, DomainError
from school.gatherings.models import Attendance, Gathering
from school.gatherings.services import cancel_gathering, close_gathering, open_gathering
from school.study.models import Completion, HourEntry, StudyItem
from school.study.services.completion import consider
from school.study.services.items import register_item
from school.study.services.ledger import claim_wall
from tests.factories import members as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def lesson():
    revision = register_item(
        kind=StudyItem.Kind.LESSON,
        source_type="test.lesson",
        source_id=1,
        title="岗位风险辨识",
        path="/lesson/",
        audience=None,
        axis="media",
        axis_length=60_000,
        study_ms=60_000,
        text_digest="x",
    )
    return revision.item


@pytest.fixture
def evening():
    day = clock.today() - timedelta(days=1)
    start = datetime(day.year, day.month, day.day, 19, 0, tzinfo=clock.LOCAL)
    return start, start + timedelta(hours=1)


@pytest.fixture
def scene(lesson, evening):
    home = make.branch()
    secretary = make.officer(home)
    there, away = make.member(home), make.member(home)
    gathering = open_gathering(
        branch=home,
        kind=Gathering.Kind.GROUP,
        title="",
        items=[lesson],
        starts_at=evening[0],
        ends_at=evening[1],
        by=secretary,
    )
    return gathering, secretary, there, away


def _close(gathering, secretary, there):
    row = gathering.attendances.get(member=there)
    return close_gathering(
        gathering=gathering, states={row.pk: Attendance.State.PRESENT}, by=secretary
    )


def test_those_present_are_done_and_credited_and_the_others_are_not(scene, lesson):
    gathering, secretary, there, away = scene
    _close(gathering, secretary, there)
    done = Completion.objects.in_force().filter(item=lesson)
    assert [row.member_id for row in done] == [there.pk]
    assert done.get().evidence == Completion.Evidence.GROUP
    entry = HourEntry.objects.get()
    assert (entry.member_id, entry.seconds, entry.credit, entry.source) == (
        there.pk,
        3600,
        100,
        "group",
    )
    assert gathering.attendances.get(member=away).state == Attendance.State.ABSENT


def test_minutes_already_spent_elsewhere_are_not_paid_again(scene, evening):
    gathering, secretary, there, _ = scene
    claim_wall(member_id=there.pk, start=evening[0], end=evening[0] + timedelta(minutes=30))
    _close(gathering, secretary, there)
    entry = HourEntry.objects.get()
    assert (entry.seconds, entry.credit) == (1800, 50)
    assert entry.note


def test_closing_twice_is_refused_and_books_nothing_more(scene):
    gathering, secretary, there, _ = scene
    _close(gathering, secretary, there)
    with pytest.raises(Conflict):
        _close(gathering, secretary, there)
    assert HourEntry.objects.count() == 1


def test_a_void_gathering_takes_back_what_it_gave_and_keeps_the_rows(scene, lesson):
    gathering, secretary, there, _ = scene
    _close(gathering, secretary, there)
    cancel_gathering(gathering=gathering, reason="登记错了日期", by=secretary)
    assert not Completion.objects.in_force().filter(item=lesson).exists()
    assert sum(HourEntry.objects.values_list("credit", flat=True)) == 0
    assert HourEntry.objects.count() == 2


@pytest.mark.parametrize(
    ("start", "end"),
    [(0, 0), (1, 0), (0, 13)],
)
def test_times_that_cannot_be_are_refused(scene, evening, lesson, start, end):
    gathering, secretary, *_ = scene
    with pytest.raises(DomainError):
        open_gathering(
            branch=gathering.branch,
            kind=Gathering.Kind.GROUP,
            title="x",
            items=[lesson],
            starts_at=evening[0] + timedelta(hours=start),
            ends_at=evening[0] + timedelta(hours=end),
            by=secretary,
        )


def test_a_gathering_that_is_not_over_cannot_be_registered(scene, lesson):
    gathering, secretary, *_ = scene
    with pytest.raises(DomainError):
        open_gathering(
            branch=gathering.branch,
            kind=Gathering.Kind.GROUP,
            title="x",
            items=[lesson],
            starts_at=clock.now(),
            ends_at=clock.now() + timedelta(hours=1),
            by=secretary,
        )


def test_the_secretary_registers_from_the_page_and_a_foreign_one_gets_404(client, lesson, evening):
    _, _, first, second = make.tree()
    secretary, stranger = make.officer(first), make.officer(second)
    there = make.member(first)
    client.force_login(secretary)
    day = evening[0].date()
    response = client.post(
        "/branch/gatherings/new/",
        {
            "branch": first.pk,
            "items": [lesson.pk],
            "held_on": day.isoformat(),
            "begins": "19:00",
            "ends": "20:00",
        },
    )
    gathering = Gathering.objects.get()
    assert response.url == f"/branch/gatherings/{gathering.pk}/"
    row = gathering.attendances.get(member=there)
    client.post(f"/branch/gatherings/{gathering.pk}/close/", {f"state-{row.pk}": "present"})
    page = client.get(response.url).content.decode()
    assert "实到" in page and there.name in page
    client.force_login(stranger)
    assert client.get(response.url).status_code == 404
    assert client.post(f"{response.url}cancel/", {"reason": "x"}).status_code == 404
    gathering.refresh_from_db()
    assert gathering.state == Gathering.State.CLOSED


@pytest.mark.parametrize(
    ("begins", "ends", "minutes"), [("23:30", "00:30", 60), ("19:00", "18:00", None)]
)
def test_a_night_shift_meets_over_midnight_and_a_slip_is_told(
    client, lesson, evening, begins, ends, minutes
):
    home = make.branch()
    client.force_login(make.officer(home))
    day = evening[0].date() - timedelta(days=1)
    form = {"branch": home.pk, "items": [lesson.pk], "held_on": day.isoformat()}
    response = client.post("/branch/gatherings/new/", form | {"begins": begins, "ends": ends})
    if minutes is None:
        assert "结束时间要晚于开始时间" in response.content.decode()
        assert not Gathering.objects.exists()
        return
    held = Gathering.objects.get()
    assert (held.ends_at - held.starts_at) == timedelta(minutes=minutes)
    assert clock.local_day(held.starts_at) == day


def test_a_void_gathering_gives_the_minutes_back_so_it_can_be_registered_again(
    scene, evening, lesson
):
    gathering, secretary, there, _ = scene
    claim_wall(member_id=there.pk, start=evening[0], end=evening[0] + timedelta(minutes=30))
    _close(gathering, secretary, there)
    cancel_gathering(gathering=gathering, reason="名单有误", by=secretary)
    again = open_gathering(
        branch=gathering.branch,
        kind=Gathering.Kind.GROUP,
        title="",
        items=[lesson],
        starts_at=evening[0],
        ends_at=evening[1],
        by=secretary,
    )
    _close(again, secretary, there)
    # The half hour spent elsewhere stays spent; the other half is paid as it was the first time.
    assert HourEntry.objects.in_force().get().seconds == 1800
    assert Completion.objects.in_force().get().item == lesson


@pytest.fixture
def quiz():
    """A requirement beside the viewing: who is in the set has met it."""
    from school.study import registry

    passed = set()

    def ask(revision, member_id, cycle):
        return None if member_id in passed else registry.Outstanding("完成测验", "/quizzes/1/")

    registry.register_requirement(ask)
    try:
        yield passed
    finally:
        registry._requirements.remove(ask)


def test_a_void_gathering_no_longer_counts_as_having_watched(scene, lesson, quiz):
    gathering, secretary, there, _ = scene
    _close(gathering, secretary, there)
    assert not Completion.objects.exists()
    cancel_gathering(gathering=gathering, reason="没有开", by=secretary)
    quiz.add(there.pk)
    assert consider(member_id=there.pk, revision=lesson.current, evidence="quiz") is None


def test_what_a_quiz_completed_on_a_void_gathering_is_taken_back_too(scene, lesson, quiz):
    gathering, secretary, there, _ = scene
    _close(gathering, secretary, there)
    quiz.add(there.pk)
    assert consider(
        member_id=there.pk, revision=lesson.current, evidence="quiz", origin="attempt:1"
    )
    cancel_gathering(gathering=gathering, reason="没有开", by=secretary)
    assert not Completion.objects.in_force().exists()


def test_another_gathering_that_showed_the_same_still_counts(scene, evening, lesson):
    gathering, secretary, there, _ = scene
    _close(gathering, secretary, there)
    other = open_gathering(
        branch=gathering.branch,
        kind=Gathering.Kind.GROUP,
        title="",
        items=[lesson],
        starts_at=evening[0] - timedelta(hours=2),
        ends_at=evening[0] - timedelta(hours=1),
        by=secretary,
    )
    _close(other, secretary, there)
    cancel_gathering(gathering=gathering, reason="没有开", by=secretary)
    row = other.attendances.get(member=there)
    assert Completion.objects.in_force().get().origin == f"attendance:{row.pk}"


@pytest.mark.parametrize("with_quiz", [False, True])
def test_the_figures_of_a_plan_forget_a_void_gathering(scene, lesson, quiz, evening, with_quiz):
    """Who never studied alone is not begun any more, and a rebuild would say the same."""
    from school.plans.models import CountDelta
    from school.plans.services.counting import settle
    from tests.factories.plans import make_plan

    gathering, secretary, there, _ = scene
    day = evening[0].date()
    plan = make_plan(gathering.branch, [lesson], starts_on=day, ends_on=day + timedelta(days=20))
    if not with_quiz:
        quiz.add(there.pk)

    def figures():
        rows = CountDelta.objects.filter(plan=plan, member=there, plan_item=None)
        sums = [sum(row) for row in zip(*rows.values_list("started", "on_time"), strict=True)]
        return tuple(sums)

    _close(gathering, secretary, there)
    assert figures() == ((1, 0) if with_quiz else (1, 1))
    cancel_gathering(gathering=gathering, reason="没有开", by=secretary)
    assert figures() == (0, 0)
    assert settle(member_ids=[there.pk], plans=[plan]) == 0
