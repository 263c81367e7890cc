"""The ledger: paid by time or on completion, within caps, corrected by further lines."""

from datetime import date, timedelta

import pytest

from school.core import clock
from school.core.errors import Conflict, DomainError, NotAllowed
from school.study.models import (
    Completion,
    HourEntry,
    HourRule,
    ItemRevision,
    StudyDay,
    StudyItem,
)
from school.study.selectors import hours_of_year
from school.study.selectors.pay import pay_of
from school.study.services.completion import consider, reverse_completion
from school.study.services.hour_rules import add_hour_rule
from school.study.services.items import register_item
from school.study.services.ledger import (
    correct_entry,
    post_decided,
    post_offline,
    post_studied,
)
from school.study.services.rebuild import rebuild_hours
from school.study.services.studied import settle_idle_sessions
from tests.factories.study import Page, make_lesson, make_member, make_rule, moment

pytestmark = pytest.mark.django_db

EVENING = moment("2026-03-02 20:00")
BY_TIME = {"mode": "as_studied", "minutes_per_hour": 45, "tiers": []}


def add_rule(day: str, **terms) -> HourRule:
    """A version effective on a day of the past, as if it had been added before."""
    values = {"minutes_per_hour": 45, "step": 25, "tiers": [], **terms}
    with clock.at(moment("2020-01-02 08:00")):
        return add_hour_rule(effective_from=date.fromisoformat(day), by=None, **values)


def credits(member) -> list[tuple]:
    """(day, credit) of all lines in the order they were written."""
    lines = HourEntry.objects.filter(member=member).order_by("pk")
    return list(lines.values_list("studied_on", "credit"))


def exact() -> bool:
    """Whether the ledger is reproduced from its evidence."""
    return not rebuild_hours().differences


def test_by_time_a_session_is_booked_when_it_is_over_and_only_once():
    make_rule(**BY_TIME)
    member, lesson = make_member(), make_lesson(60)
    Page(member, lesson, EVENING).watch(0, 1800)
    with clock.at(EVENING + timedelta(minutes=35)):
        assert settle_idle_sessions() == 0
    with clock.at(EVENING + timedelta(minutes=45)):
        assert settle_idle_sessions() == 1
        assert settle_idle_sessions() == 0
    entry = HourEntry.objects.get()
    assert (entry.credit, entry.seconds, entry.source) == (66, 1800, "online")
    assert exact()


def test_by_time_many_short_visits_earn_what_one_long_visit_earns():
    make_rule(**BY_TIME)
    lesson, patient, restless = make_lesson(60), make_member(), make_member()
    Page(patient, lesson, EVENING).watch(0, 1350)
    for visit in range(45):
        start = EVENING + timedelta(minutes=visit)
        Page(restless, lesson, start).watch(visit * 30, visit * 30 + 30)
        post_studied(member_id=restless.pk, revision=lesson, cycle=0)
    post_studied(member_id=patient.pk, revision=lesson, cycle=0)
    assert hours_of_year(patient.pk, 2026).online == 50
    assert hours_of_year(restless.pk, 2026).online == 50
    assert exact()


def test_by_time_an_evening_over_midnight_counts_for_both_days_and_loses_nothing():
    make_rule(**BY_TIME)
    member, lesson = make_member(), make_lesson(60)
    start = moment("2026-12-31 23:40")
    Page(member, lesson, start).watch(0, 2700)
    post_studied(member_id=member.pk, revision=lesson, cycle=0)
    assert credits(member) == [(date(2026, 12, 31), 44), (date(2027, 1, 1), 56)]
    assert list(HourEntry.objects.order_by("pk").values_list("counts_for_year", flat=True)) == [
        2026,
        2027,
    ]
    assert sum(HourEntry.objects.values_list("seconds", flat=True)) == 2700
    assert exact()


def test_study_reported_after_its_session_was_settled_is_booked_in_the_next_round():
    make_rule(**BY_TIME)
    member, lesson = make_member(), make_lesson(60)
    page = Page(member, lesson, EVENING)
    page.watch(0, 900)
    with clock.at(EVENING + timedelta(hours=1)):
        settle_idle_sessions()
    page.send((900, 1800, 900, 1800), after=7200)
    with clock.at(EVENING + timedelta(hours=6)):
        assert settle_idle_sessions() == 1
        assert settle_idle_sessions() == 0
    studied = sum(StudyDay.objects.values_list("studied_ms", flat=True))
    assert hours_of_year(member.pk, 2026).online == studied // 27_000
    assert exact()


def test_a_host_whose_clock_is_ahead_settles_nothing_away():
    """It marks the visit as settled tomorrow; what comes today by the shared clock is booked."""
    make_rule(**BY_TIME)
    page = Page(make_member(), make_lesson(60), EVENING)
    page.watch(0, 900)
    now = EVENING + timedelta(hours=1)
    with clock.at(now + timedelta(days=1), authority=now):
        assert settle_idle_sessions() == 1
    page.send((900, 1800, 900, 1800), after=7200)
    with clock.at(EVENING + timedelta(hours=3)):
        assert settle_idle_sessions() == 1
    assert sum(HourEntry.objects.values_list("credit", flat=True)) == 66
    assert exact()


def test_the_day_cap_cuts_study_by_time_and_says_so():
    make_rule(**BY_TIME, daily_cap=50)
    member, lesson = make_member(), make_lesson(60)
    Page(member, lesson, EVENING).watch(0, 1800)
    post_studied(member_id=member.pk, revision=lesson, cycle=0)
    entry = HourEntry.objects.get()
    assert (entry.award, entry.credit) == (66, 50) and "当日" in entry.note
    assert exact()


def test_from_time_to_completion_the_same_study_is_not_paid_twice():
    make_rule(**BY_TIME)
    add_rule("2026-03-03", tiers=[[None, 100]])
    member, lesson = make_member(), make_lesson(30)
    Page(member, lesson, EVENING).watch(0, 900)
    with clock.at(EVENING + timedelta(hours=1)):
        settle_idle_sessions()
    Page(member, lesson, EVENING + timedelta(days=1)).watch(900, 1800)
    with clock.at(EVENING + timedelta(days=1, hours=1)):
        settle_idle_sessions()
    # 15 minutes by time are 33; the completion pays the rest of 100.
    assert credits(member) == [(date(2026, 3, 2), 33), (date(2026, 3, 3), 67)]
    # Booked when 98 % were seen; the 15 minutes told by time are not told again.
    assert sum(HourEntry.objects.values_list("seconds", flat=True)) == 1770
    assert exact()


def test_from_completion_to_time_no_minute_is_lost_or_paid_twice():
    make_rule(tiers=[[None, 100]])
    add_rule("2026-03-03", **BY_TIME)
    member, lesson = make_member(), make_lesson(30)
    Page(member, lesson, EVENING).watch(0, 900)
    Page(member, lesson, EVENING + timedelta(days=1)).watch(900, 1800)
    with clock.at(EVENING + timedelta(days=1, hours=1)):
        settle_idle_sessions()
    # The first 15 minutes are paid with the completion, the others by time: 33 and 33.
    lines = HourEntry.objects.filter(member=member)
    assert (
        sum(lines.filter(origin__startswith="completion:").values_list("credit", flat=True)) == 33
    )
    assert sum(lines.filter(origin__startswith="study:").values_list("credit", flat=True)) == 33
    assert sum(lines.values_list("seconds", flat=True)) == 1800
    assert exact()


def test_what_completion_paid_is_not_paid_by_time_when_it_is_seen_again():
    make_rule(tiers=[[None, 100]])
    add_rule("2026-03-03", **BY_TIME)
    member, lesson = make_member(), make_lesson(10)
    Page(member, lesson, EVENING).watch(0, 600)
    StudyDay.objects.create(
        member=member, revision=lesson, day=date(2026, 3, 4), studied_ms=600_000
    )
    assert post_studied(member_id=member.pk, revision=lesson, cycle=0) == []
    assert hours_of_year(member.pk, 2026).online == 100
    assert exact()


def test_each_kind_of_offline_hours_has_its_own_minutes():
    make_rule(offline_minutes_per_hour=60, offline_kinds={"training": 45})
    member = make_member()
    for source in ("group", "training"):
        post_offline(
            member_id=member.pk,
            title="x",
            seconds=5400,
            source=source,
            studied_on=date(2026, 3, 2),
            origin=f"x:{source}",
        )
    assert [credit for _day, credit in credits(member)] == [150, 200]


def test_a_cap_of_the_year_over_both_sources_holds_self_paced_study_only():
    make_rule(yearly_caps={"self_paced": 30})
    member = make_member()
    for day in range(2, 5):
        Page(member, make_lesson(5), moment(f"2026-03-0{day} 20:00")).watch(0, 300)
    post_offline(
        member_id=member.pk,
        title="党课",
        seconds=3600,
        source="lecture",
        studied_on=date(2026, 3, 9),
        origin="x:1",
    )
    assert [credit for _day, credit in credits(member)] == [25, 5, 0, 100]
    assert exact()


def test_a_correction_takes_back_and_books_what_is_right():
    make_rule()
    member, keeper = make_member(), make_member("教务")
    Page(member, make_lesson(5), EVENING).watch(0, 300)
    entry = HourEntry.objects.get()
    for wrong in ({"reason": " "}, {"reason": "x", "credit": 25}, {"reason": "x", "credit": 0}):
        with pytest.raises(DomainError):
            correct_entry(entry=entry, by=keeper, **wrong)
    with pytest.raises(NotAllowed):
        correct_entry(entry=entry, reason="x", by=member)
    correct_entry(entry=entry, reason="实到半场", credit=10, by=keeper)
    assert [credit for _day, credit in credits(member)] == [25, -25, 10]
    assert exact()
    with pytest.raises(Conflict):
        correct_entry(entry=entry, reason="再次", by=keeper)


def test_study_by_time_that_was_corrected_is_not_paid_again_at_night():
    make_rule(**BY_TIME)
    member, keeper, lesson = make_member(), make_member("教务"), make_lesson(60)
    page = Page(member, lesson, EVENING)
    page.watch(0, 1800)
    post_studied(member_id=member.pk, revision=lesson, cycle=0)
    correct_entry(entry=HourEntry.objects.get(), reason="没有在看", credit=10, by=keeper)
    assert post_studied(member_id=member.pk, revision=lesson, cycle=0) == []
    assert [credit for _day, credit in credits(member)] == [66, -66, 10]
    page.send((1800, 2250, 1800, 2250))
    post_studied(member_id=member.pk, revision=lesson, cycle=0)
    assert hours_of_year(member.pk, 2026).online == 10 + 17  # 37.5 minutes are 83, 66 were paid
    assert exact()


def test_room_that_a_correction_leaves_under_a_cap_rewrites_no_other_line():
    make_rule(daily_cap=40)
    member, keeper = make_member(), make_member("教务")
    for minutes in (0, 30):
        Page(member, make_lesson(5), EVENING + timedelta(minutes=minutes)).watch(0, 300)
    correct_entry(entry=HourEntry.objects.order_by("pk")[0], reason="x", credit=10, by=keeper)
    assert [credit for _day, credit in credits(member)] == [25, 15, -25, 10]
    assert exact()
    Page(member, make_lesson(5), EVENING + timedelta(hours=1)).watch(0, 300)
    assert credits(member)[-1][1] == 15  # the room is there for what is studied later
    assert exact()


# -- once a year, whoever has put it right ------------------------------------------------------


def new_version(revision: ItemRevision) -> ItemRevision:
    """The film was replaced: a new revision of the same item."""
    item = revision.item
    return register_item(
        kind=item.kind,
        source_type=item.source_type,
        source_id=item.source_id,
        title=item.title,
        path=item.path,
        audience=None,
        axis=revision.axis,
        axis_length=revision.axis_length * 2,
        study_ms=revision.study_ms * 2,
        max_rate=200,
        study_again=True,
    )


def test_a_corrected_completion_is_still_the_one_of_the_year():
    make_rule()
    member, keeper, lesson = make_member(), make_member("教务"), make_lesson(5)
    Page(member, lesson, EVENING).watch(0, 300)
    entry = HourEntry.objects.get()
    for credit in (10, 12):  # put right twice
        entry = correct_entry(entry=entry, reason="只看了一半", credit=credit, by=keeper)
    again = new_version(lesson)
    with clock.at(EVENING):
        item = StudyItem.objects.select_related("current").get(pk=lesson.item_id)
        assert (pay_of(member.pk, item).state, pay_of(member.pk, item).credit) == ("paid", 12)
    Page(member, again, EVENING + timedelta(days=1)).watch(0, 600)
    assert credits(member)[-1][1] == 0
    assert hours_of_year(member.pk, 2026).online == 12
    assert exact()


def test_what_was_decided_for_an_item_is_not_paid_again_by_late_evidence():
    make_rule()
    member, lesson = make_member(), make_lesson(5)
    post_decided(
        member_id=member.pk,
        title="微课",
        award=25,
        source="manual",
        studied_on=EVENING.date(),
        origin="dispute:1",
        item=lesson.item,
    )
    Page(member, lesson, EVENING).watch(0, 300)
    year = hours_of_year(member.pk, 2026)
    assert (year.online, year.offline) == (0, 25)
    assert exact()


def test_a_completion_taken_back_takes_what_it_was_corrected_to_and_may_be_earned_again():
    make_rule()
    member, keeper, lesson = make_member(), make_member("教务"), make_lesson(5)
    Page(member, lesson, EVENING).watch(0, 300)
    correct_entry(entry=HourEntry.objects.get(), reason="x", credit=10, by=keeper)
    done = Completion.objects.get()
    reverse_completion(completion=done, reason="不是本人", by=keeper)
    assert hours_of_year(member.pk, 2026).online == 0
    assert consider(member_id=member.pk, revision=lesson, on=EVENING.date()) != done
    assert hours_of_year(member.pk, 2026).online == 25
    assert exact()
