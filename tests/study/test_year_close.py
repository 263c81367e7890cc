"""Closing a year: after its day, over open matters, and what arrives late."""

from datetime import date

import pytest

from school.core import clock
from school.core.errors import Conflict, DomainError, NotAllowed
from school.members.models import RoleGrant
from school.notices.models import Delivery
from school.study.models import (
    Dispute,
    HourEntry,
    LateArrival,
    YearClose,
)
from school.study.selectors import hours_of_year
from school.study.services.ledger import (
    correct_entry,
    post_offline,
)
from school.study.services.years import book_late, close_year, look_after_year, refuse_late
from tests.factories import members as make
from tests.factories.study import Page, make_lesson, make_member, make_rule, moment
from tests.study.test_ledger import BY_TIME, EVENING, exact

pytestmark = pytest.mark.django_db


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


# -- closing over what is open ------------------------------------------------------------------


def open_dispute_of(member) -> None:
    Dispute.objects.create(
        member=member,
        kind="missing",
        studied_on=EVENING.date(),
        text="漏记了",
        branch=(branch := make.branch()),
        holder=branch,
        due_on=EVENING.date(),
        opened_at=EVENING,
    )


def test_a_year_is_closed_over_open_matters_only_by_who_has_read_how_many(settings):
    make_rule()
    member = make_member()
    Page(member, make_lesson(5), EVENING).watch(0, 300)
    open_dispute_of(member)
    settings.STUDY_YEAR_END = "close"
    with clock.at(moment("2027-02-01 09:00")):
        assert look_after_year() == ""  # nobody runs the hours yet, and nothing is closed
        keeper = make.officer(make.branch(), RoleGrant.Role.SCHOOL_ADMIN)
        assert look_after_year() == "reminded"
        assert Delivery.objects.filter(member=keeper, message__body__contains="申诉 1").exists()
        for despite in (0, 2):
            with pytest.raises(Conflict, match="申诉 1"):
                close_year(year=2026, by=keeper, despite=despite)
        assert not YearClose.objects.exists()
        close_year(year=2026, by=keeper, despite=1)
    assert YearClose.objects.get().closed_by == keeper


def test_a_correction_of_a_closed_year_goes_to_the_late_arrivals():
    make_rule()
    member, keeper = make_member(), make_member("教务")
    Page(member, make_lesson(5), EVENING).watch(0, 300)
    entry = HourEntry.objects.get()
    close(2026)
    with clock.at(moment("2027-02-03 09:00")):
        for less in (None, 10):
            with pytest.raises(Conflict, match="已封账"):
                correct_entry(entry=entry, reason="x", credit=less, by=keeper)
        booked = correct_entry(entry=entry, reason="少记了", credit=100, by=keeper)
        late = LateArrival.objects.get()
        assert (booked.credit, late.entry, late.award) == (0, booked, 75)
        with pytest.raises(Conflict):
            correct_entry(entry=entry, reason="再次", credit=120, by=keeper)
        book_late(late=late, by=keeper)
    assert hours_of_year(member.pk, 2026).online == 25
    assert hours_of_year(member.pk, 2027).online == 75
    assert exact()
