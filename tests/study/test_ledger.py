"""The ledger: paid by time or on completion, within caps, corrected by further lines."""

from datetime import date, timedelta

import pytest

from school.core import clock
from school.core.errors import Conflict, DomainError, NotAllowed
from school.study.models import HourEntry, HourRule, LateArrival, StudyDay, YearClose
from school.study.selectors import hours_of_year
from school.study.services.hour_rules import add_hour_rule
from school.study.services.ledger import correct_entry, post_offline, post_studied
from school.study.services.rebuild import rebuild_hours
from school.study.services.studied import settle_idle_sessions, settle_late_reports
from school.study.services.years import book_late, close_year, look_after_year, refuse_late
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


def test_study_reported_after_its_session_was_settled_is_booked_at_night():
    make_rule(**BY_TIME)
    member, lesson = make_member(), make_lesson(60)
    page = Page(member, lesson, EVENING)
    page.watch(0, 900)
    with clock.at(EVENING + timedelta(hours=1)):
        settle_idle_sessions()
    page.send((900, 1800, 900, 1800), after=7200)
    with clock.at(EVENING + timedelta(hours=6)):
        assert settle_late_reports() == 1
        assert settle_late_reports() == 0
    studied = sum(StudyDay.objects.values_list("studied_ms", flat=True))
    assert hours_of_year(member.pk, 2026).online == studied // 27_000
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


def close(year: int, by=None) -> YearClose:
    with clock.at(moment(f"{year + 1}-02-01 09:00")):
        return close_year(year=year, by=by)


def test_a_year_is_closed_after_its_day_and_only_once():
    make_rule()
    Page(make_member(), make_lesson(5), EVENING).watch(0, 300)
    with clock.at(moment("2027-01-31 23:00")), pytest.raises(Conflict):
        close_year(year=2026, by=None)
    close(2026)
    with pytest.raises(Conflict):
        close(2026)


def test_closing_a_year_books_what_was_studied_by_time_first():
    make_rule(**BY_TIME)
    member, lesson = make_member(), make_lesson(60)
    Page(member, lesson, moment("2026-12-31 20:00")).watch(0, 1800)
    close(2026)
    assert hours_of_year(member.pk, 2026).online == 66
    assert not LateArrival.objects.exists()


def late_line(member) -> LateArrival:
    close(2026)
    with clock.at(moment("2027-02-03 09:00")):
        post_offline(
            member_id=member.pk,
            title="上级调训",
            seconds=7200,
            source="training",
            studied_on=date(2026, 12, 20),
            origin="x:1",
        )
    return LateArrival.objects.get()


def test_a_late_arrival_is_booked_into_the_new_year_once():
    make_rule()
    member, keeper = make_member(), make_member("教务")
    late = late_line(member)
    with clock.at(moment("2027-02-04 09:00")):
        with pytest.raises(NotAllowed):
            book_late(late=late, by=member)
        book_late(late=late, by=keeper)
        with pytest.raises(Conflict):
            book_late(late=late, by=keeper)
    assert hours_of_year(member.pk, 2026).offline == 0
    assert hours_of_year(member.pk, 2027).offline == 200
    late.refresh_from_db()
    assert (late.state, late.decided_by) == ("booked", keeper)
    assert exact()


def test_a_late_arrival_is_refused_only_with_a_reason():
    make_rule()
    member, keeper = make_member(), make_member("教务")
    late = late_line(member)
    with pytest.raises(DomainError):
        refuse_late(late=late, by=keeper, reason="")
    refuse_late(late=late, by=keeper, reason="没有证明材料")
    assert hours_of_year(member.pk, 2027).offline == 0
    with pytest.raises(Conflict):
        book_late(late=late, by=keeper)


def test_a_past_year_is_closed_or_reminded_of_as_set(settings):
    make_rule()
    Page(make_member(), make_lesson(5), EVENING).watch(0, 300)
    settings.STUDY_YEAR_END = "remind"
    with clock.at(moment("2027-02-01 09:00")):
        assert look_after_year() == ""  # nobody runs the hours yet
    settings.STUDY_YEAR_END = "close"
    with clock.at(moment("2027-01-20 09:00")):
        assert look_after_year() == ""
    with clock.at(moment("2027-02-01 09:00")):
        assert look_after_year() == "closed"
        assert look_after_year() == ""
    assert YearClose.objects.get().year == 2026


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
