"""Completions, hours, aggregates, revisions: what is paid, once, and what stays."""

import pytest

from school.core import clock
from school.core.errors import Conflict, DomainError, NotFound
from school.study import registry, signals
from school.study import spans as sets
from school.study.models import (
    Completion,
    Coverage,
    HourEntry,
    ItemRevision,
    LateArrival,
    YearClose,
)
from school.study.selectors import (
    entries_of_year,
    hours_of_year,
    months_of_year,
    progress_for,
)
from school.study.services.completion import consider, meet_by_group, reverse_completion
from school.study.services.items import register_item, withdraw_item
from school.study.services.ledger import (
    claim_wall,
    post_completion,
    post_offline,
    reverse_entry,
)
from tests.factories.study import (
    Page,
    make_article,
    make_course,
    make_lesson,
    make_member,
    make_rule,
    moment,
)

pytestmark = pytest.mark.django_db

EVENING = moment("2026-03-02 20:00")
DAY = EVENING.date()


def finish(member, revision, start=EVENING):
    page = Page(member, revision, start)
    return page.watch(0, revision.axis_length / 1000)


def again(revision, **changes):
    item = revision.item
    values = {
        name: getattr(revision, name)
        for name in ("axis", "axis_length", "study_ms", "text_digest", "max_rate")
    }
    return register_item(
        kind=item.kind,
        source_type=item.source_type,
        source_id=item.source_id,
        title=item.title,
        path=item.path,
        audience=None,
        **{**values, **changes},
    )


# Revisions


def test_a_minor_edit_keeps_the_number_the_length_and_the_evidence():
    revision, member = make_article(1000), make_member()
    Page(member, revision, EVENING).send_raw([[0, 500, 0, 60_000, 100, 1]], after=60)
    edited = again(revision, axis_length=1090, text_digest="new")
    assert edited.pk == revision.pk and edited.axis_length == 1000
    assert progress_for(member.pk, [revision.item_id])[revision.item_id].covered == 500


@pytest.mark.parametrize(
    "change",
    [{"axis_length": 1101}, {"axis_length": 899}, {"study_again": True}, {"axis": "media"}],
)
def test_a_great_change_asks_for_fresh_evidence_and_keeps_old_awards(change):
    """I14."""
    revision, member = make_article(1000), make_member()
    Page(member, revision, EVENING).send_raw([[0, 1000, 0, 240_000, 100, 1]], after=240)
    paid = hours_of_year(member.pk, 2026).total
    edited = again(revision, **change)
    assert edited.number == 2 and paid == 25
    assert Page(member, edited, EVENING).opened.cover == []
    assert hours_of_year(member.pk, 2026).total == paid
    assert progress_for(member.pk, [revision.item_id])[revision.item_id].completed_on == DAY


def test_a_new_revision_completed_in_the_same_year_is_not_paid_again():
    revision, member = make_lesson(5), make_member()
    finish(member, revision)
    second = again(revision, study_again=True)
    finish(member, second, moment("2026-04-01 20:00"))
    assert Completion.objects.count() == 2
    last = entries_of_year(member.pk, 2026)[0]
    assert last.credit == 0 and "不重复计" in last.note


def test_a_page_withdrawn_while_studied_keeps_history_and_hours():
    revision, member = make_lesson(5), make_member()
    page = Page(member, revision, EVENING)
    page.watch(0, 120)
    withdraw_item(source_type=revision.item.source_type, source_id=revision.item.source_id)
    assert page.watch(120, 300, at=120).completed
    assert hours_of_year(member.pk, 2026).online == 25
    item = revision.item
    item.refresh_from_db()
    with pytest.raises(NotFound):
        Page(make_member(), revision, EVENING)
    again(revision)
    item.refresh_from_db()
    assert item.withdrawn_at is None


def test_progress_tells_where_to_resume_until_it_is_completed():
    lesson, member = make_lesson(5), make_member()
    Page(member, lesson, EVENING).watch(0, 120)
    mine = progress_for(member.pk, [lesson.item_id])[lesson.item_id]
    assert (mine.resume_at, mine.percent, mine.completed_on) == (120_000, 40, None)
    Page(member, lesson, moment("2026-03-02 21:00")).watch(120, 300)
    mine = progress_for(member.pk, [lesson.item_id])[lesson.item_id]
    assert (mine.resume_at, mine.percent, mine.completed_on) == (0, 100, DAY)


# Years and caps


def test_studying_again_in_a_later_year_opens_a_cycle_and_pays_again():
    revision, member = make_lesson(5), make_member()
    finish(member, revision)
    assert Page(member, revision, moment("2026-12-31 20:00")).opened.completed
    later = Page(member, revision, moment("2027-01-01 08:00"))
    assert later.opened.cover == [] and not later.opened.completed
    assert later.watch(0, 300).credit == 25
    assert [e.counts_for_year for e in HourEntry.objects.order_by("pk")] == [2026, 2027]
    assert Coverage.objects.filter(cycle=0).get().covered == pytest.approx(300_000, abs=100)


def test_a_rule_that_does_not_pay_again_opens_no_cycle():
    revision, member = make_lesson(5), make_member()
    make_rule(pays_again=False)
    finish(member, revision)
    assert Page(member, revision, moment("2027-01-01 08:00")).opened.completed


def test_the_daily_cap_cuts_online_study_and_says_so():
    make_rule(daily_cap=60)
    member = make_member()
    for start in ("08:00", "09:00", "10:00"):
        finish(member, make_lesson(5), moment(f"2026-03-02 {start}"))
    assert sorted(HourEntry.objects.values_list("credit", "note")) == [
        (10, "当日网上学时已满"),
        (25, ""),
        (25, ""),
    ]
    finish(member, make_lesson(5), moment("2026-03-03 08:00"))
    assert hours_of_year(member.pk, 2026).online == 85


def test_a_closed_year_books_nothing_and_says_so():
    revision, member = make_lesson(5), make_member()
    YearClose.objects.create(year=2026, closed_at=EVENING)
    assert finish(member, revision).completed
    assert HourEntry.objects.get().credit == 0 and "封账" in HourEntry.objects.get().note
    late = post_offline(
        member_id=member.pk,
        title="党课",
        seconds=3600,
        source="lecture",
        studied_on=DAY,
        origin="x:1",
    )
    assert (late.credit, late.award) == (0, 100)
    waiting = LateArrival.objects.order_by("pk").values_list("entry__source", "award", "state")
    assert list(waiting) == [("online", 25, "waiting"), ("lecture", 100, "waiting")]


def test_a_year_sums_online_and_offline_apart_and_steps_the_sum_down():
    member = make_member()
    finish(member, make_lesson(5))
    post_offline(
        member_id=member.pk,
        title="集体学习",
        seconds=45 * 60,
        source="group",
        studied_on=DAY,
        origin="attendance:1",
    )
    post_offline(
        member_id=member.pk,
        title="集体学习",
        seconds=19 * 60,
        source="group",
        studied_on=DAY,
        origin="attendance:2",
    )
    year = hours_of_year(member.pk, 2026)
    assert (year.online, year.offline, year.exact, year.total) == (25, 75 + 31, 131, 125)
    march = months_of_year(member.pk, 2026)[2]
    assert (march.month, march.online, march.offline) == (3, 25, 106)


# The ledger


def test_the_same_origin_books_once():
    member = make_member()
    make_rule()
    values = {
        "member_id": member.pk,
        "title": "党课",
        "seconds": 3600,
        "source": "lecture",
        "studied_on": DAY,
        "origin": "attendance:7",
    }
    assert post_offline(**values) == post_offline(**values)
    finish(member, make_lesson(5))
    completion = Completion.objects.get()
    assert post_completion(completion=completion) == post_completion(completion=completion)
    assert HourEntry.objects.count() == 2


def test_nobody_books_online_hours_by_hand():
    with pytest.raises(DomainError):
        post_offline(
            member_id=make_member().pk,
            title="x",
            seconds=60,
            source="online",
            studied_on=DAY,
            origin="x",
        )


@pytest.mark.parametrize("model", [HourEntry, Completion])
def test_ledgers_are_append_only(model):
    finish(make_member(), make_lesson(5))
    row = model.objects.get()
    for change in (
        row.save,
        row.delete,
        model.objects.all().delete,
        lambda: model.objects.update(recorded_at=EVENING),
    ):
        with pytest.raises(TypeError):
            change()


def test_an_entry_is_reversed_once_by_a_row_of_the_opposite_sign():
    member = make_member()
    finish(member, make_lesson(5))
    entry = HourEntry.objects.get()
    opposite = reverse_entry(entry=entry, reason="误记", by=None)
    assert opposite.credit == -25 and opposite.reverses == entry
    assert hours_of_year(member.pk, 2026).total == 0
    for row in (entry, opposite):
        with pytest.raises(Conflict):
            reverse_entry(entry=row, reason="再次", by=None)


def test_a_reversed_completion_takes_its_hours_and_its_course_with_it():
    member, lesson = make_member(), make_lesson(5)
    course = make_course((lesson.item, True))
    finish(member, lesson)
    assert Completion.objects.in_force().count() == 2
    reverse_completion(completion=Completion.objects.get(item=lesson.item), reason="代学", by=None)
    assert not Completion.objects.in_force().exists()
    assert hours_of_year(member.pk, 2026).total == 0
    assert progress_for(member.pk, [course.item_id])[course.item_id].completed_on is None
    once_more = consider(member_id=member.pk, revision=lesson, on=DAY)
    assert once_more.ordinal == 1
    assert hours_of_year(member.pk, 2026).total == 25


# Aggregates and requirements


def test_a_course_is_complete_when_its_required_parts_are():
    member = make_member()
    first, second, extra = make_lesson(1), make_lesson(1), make_lesson(1)
    course = make_course((first.item, True), (second.item, True), (extra.item, False))
    finish(member, first)
    assert not Completion.objects.filter(item=course.item).exists()
    finish(member, second, moment("2026-03-02 21:00"))
    assert Completion.objects.get(item=course.item).evidence == "parts"
    assert hours_of_year(member.pk, 2026).total == 50


@pytest.fixture
def quiz():
    """A requirement every lesson has until ``passed`` says otherwise."""
    passed = set()

    def check(revision, member_id, _cycle):
        if member_id in passed or revision.axis == ItemRevision.Axis.NONE:
            return None
        return registry.Outstanding("完成测验", "/quizzes/1/")

    registry._requirements.append(check)
    yield passed
    registry._requirements.remove(check)


def test_a_lesson_with_a_quiz_waits_for_it(quiz):
    member, lesson = make_member(), make_lesson(5)
    answer = finish(member, lesson)
    assert answer.state == "waiting" and not answer.completed
    assert answer.outstanding == [{"text": "完成测验", "path": "/quizzes/1/"}]
    assert not HourEntry.objects.exists()
    quiz.add(member.pk)
    completion = consider(member_id=member.pk, revision=lesson, evidence="quiz", on=DAY)
    assert completion.evidence == "study"
    assert hours_of_year(member.pk, 2026).total == 25
    assert consider(member_id=member.pk, revision=lesson, evidence="quiz") == completion


def test_passing_a_quiz_before_watching_completes_nothing(quiz):
    member, lesson = make_member(), make_lesson(5)
    quiz.add(member.pk)
    assert consider(member_id=member.pk, revision=lesson, evidence="quiz") is None
    assert finish(member, lesson).completed


# Group study


def test_group_study_after_half_was_watched_completes_and_credits_once():
    member, lesson = make_member(), make_lesson(20)
    Page(member, lesson, EVENING).watch(0, 600)
    with clock.at(moment("2026-03-05 16:00")):
        free = claim_wall(
            member_id=member.pk, start=moment("2026-03-05 14:00"), end=moment("2026-03-05 15:00")
        )
        for _ in range(2):
            meet_by_group(
                member_id=member.pk,
                revision=lesson,
                on=moment("2026-03-05 14:00").date(),
                origin="attendance:7",
            )
            post_offline(
                member_id=member.pk,
                title="集体学习",
                seconds=sets.length(free) // 1000,
                source="group",
                studied_on=moment("2026-03-05 14:00").date(),
                origin="attendance:7",
                item=lesson.item,
            )
    completion = Completion.objects.get()
    assert completion.evidence == "group" and completion.effective_on.day == 5
    assert (HourEntry.objects.get().source, HourEntry.objects.get().credit) == ("group", 100)
    # Watching the rest alone later adds evidence, but neither a completion nor hours.
    answer = Page(member, lesson, moment("2026-03-06 20:00")).watch(600, 1200)
    assert answer.completed and Completion.objects.count() == 1
    assert HourEntry.objects.count() == 1


def test_group_study_leaves_the_quiz_to_be_taken_in_person(quiz):
    member, lesson = make_member(), make_lesson(5)
    assert (
        meet_by_group(member_id=member.pk, revision=lesson, on=DAY, origin="attendance:7") is None
    )
    assert Page(member, lesson, EVENING).opened.state == "waiting"
    quiz.add(member.pk)
    assert consider(member_id=member.pk, revision=lesson, evidence="quiz").evidence == "group"
    assert not HourEntry.objects.exists()


def test_an_attendance_taken_back_leaves_the_own_evidence():
    member, lesson = make_member(), make_lesson(5)
    Page(member, lesson, EVENING).watch(0, 120)
    done = meet_by_group(member_id=member.pk, revision=lesson, on=DAY, origin="attendance:7")
    reverse_completion(completion=done, reason="未到场", by=None)
    assert consider(member_id=member.pk, revision=lesson) is None
    assert Page(member, lesson, moment("2026-03-03 20:00")).watch(120, 300).completed


def test_minutes_spent_in_a_gathering_do_not_pay_a_second_time_online():
    member, lesson = make_member(), make_lesson(20)
    hour = moment("2026-03-05 14:00"), moment("2026-03-05 15:00")
    assert claim_wall(member_id=member.pk, start=hour[0], end=hour[1]) == [0, 3_600_000]
    assert claim_wall(member_id=member.pk, start=hour[0], end=hour[1]) == []
    answer = Page(member, lesson, hour[0]).watch(0, 1200)
    assert answer.covered == answer.studied_ms == 0


# Signals


def test_the_apps_above_hear_of_a_beginning_a_completion_and_a_credit_once():
    heard = []

    def listen(sender, **kwargs):
        heard.append(sender.__name__)

    for signal in (signals.started, signals.completed, signals.credited):
        signal.connect(listen)
    try:
        finish(make_member(), make_lesson(5))
    finally:
        for signal in (signals.started, signals.completed, signals.credited):
            signal.disconnect(listen)
    assert heard == ["Coverage", "HourEntry", "Completion"]
