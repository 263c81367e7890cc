"""学时申诉: who has a matter when, who may act, what a decision writes, what the member reads."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from school.core import clock
from school.core.errors import Conflict, DomainError, NotAllowed
from school.members.models import RoleGrant
from school.members.services.grants import grant_role
from school.notices.models import Delivery
from school.study.models import (
    Completion,
    Dispute,
    DisputeStep,
    HourEntry,
    LateArrival,
    YearClose,
)
from school.study.registry import open_matters, pending_rows
from school.study.rules.working_days import after, is_working_day
from school.study.selectors import hours_of_year
from school.study.selectors.disputes import may_decide, may_verify, waiting_count, who_has_it
from school.study.services.disputes import (
    correct_record,
    open_dispute,
    raise_overdue,
    uphold_record,
    verify_dispute,
    withdraw_dispute,
)
from school.study.services.ledger import post_offline
from school.study.services.rebuild import rebuild_hours
from tests.factories import members as make
from tests.factories.study import make_lesson, make_rule, moment

Kind, State, Role = Dispute.Kind, Dispute.State, RoleGrant.Role
DAY = date(2026, 3, 2)  # a Monday
NOW = moment("2026-03-02 20:00")


@pytest.fixture
def school(db):
    """A member, his secretary, who leads above, and the office."""
    make_rule()
    committee, general, leaf, other = make.tree()
    with clock.at(NOW):
        yield {
            "committee": committee,
            "general": general,
            "leaf": leaf,
            "other": other,
            "member": make.member(leaf),
            "secretary": make.officer(leaf),
            "stranger": make.officer(other),
            "above": make.officer(general),
            "office": make.officer(committee, Role.SCHOOL_ADMIN),
            "lead": make.officer(committee, Role.COMMITTEE_ADMIN),
        }


def missing(school, **values) -> Dispute:
    given = {"member": school["member"], "kind": Kind.MISSING, "studied_on": DAY, "text": "漏记了"}
    return open_dispute(**(given | values))


def verified(school, dispute: Dispute | None = None) -> Dispute:
    dispute = dispute or missing(school)
    return verify_dispute(dispute=dispute, finding="true", note="有签到表", by=school["secretary"])


def booked(school, **values) -> HourEntry:
    given = {
        "member_id": school["member"].pk,
        "title": "专题党课",
        "seconds": 3600,
        "source": "lecture",
        "studied_on": DAY,
        "origin": "test:1",
    }
    return post_offline(**(given | values))


# -- working days --------------------------------------------------------------------------------

DAYS = st.dates(date(2025, 1, 1), date(2030, 1, 1))


@pytest.mark.pure
@given(DAYS, st.integers(0, 30), st.sets(DAYS, max_size=20), st.sets(DAYS, max_size=20))
def test_the_deadline_leaves_as_many_working_days_as_the_step_has(day, count, off, worked):
    due = after(day, count, off, worked)
    between = [day + timedelta(days=n) for n in range(1, (due - day).days + 1)]
    assert sum(is_working_day(each, off, worked) for each in between) == count
    assert due == day or is_working_day(due, off, worked)


@pytest.mark.pure
def test_weekends_and_holidays_are_no_working_days_but_weekends_worked_are():
    friday, saturday, monday = date(2026, 3, 6), date(2026, 3, 7), date(2026, 3, 9)
    assert after(friday, 1) == monday
    assert after(friday, 1, worked={saturday}) == saturday
    assert after(friday, 1, holidays={monday}) == date(2026, 3, 10)


# -- the way of a matter -------------------------------------------------------------------------


def test_a_matter_goes_from_the_branch_to_the_office_and_the_member_sees_who_has_it(school):
    dispute = missing(school)
    assert dispute.state == State.SUBMITTED and dispute.holder == school["leaf"]
    assert dispute.due_on == date(2026, 3, 9)
    assert school["leaf"].short_name in who_has_it(dispute)
    assert Delivery.objects.filter(member=school["secretary"]).count() == 1
    dispute = verified(school, dispute)
    assert dispute.state == State.VERIFIED and "教务" in who_has_it(dispute)
    assert Delivery.objects.filter(member=school["office"]).count() == 1
    dispute = correct_record(dispute=dispute, reason="签到表属实", credit=150, by=school["office"])
    assert dispute.state == State.CORRECTED
    assert (dispute.booked.credit, dispute.booked.source) == (150, "manual")
    assert dispute.booked.studied_on == DAY and dispute.booked.member == school["member"]
    acts = list(dispute.steps.values_list("act", flat=True))
    assert acts == ["submitted", "verified", "corrected"]
    assert Delivery.objects.filter(member=school["member"]).count() == 2


def test_a_line_that_is_wrong_is_taken_back_or_replaced_by_the_right_figure(school):
    wrong, low = booked(school), booked(school, origin="test:2")
    void = verified(school, missing(school, kind=Kind.WRONG, entry=wrong))
    correct_record(dispute=void, reason="记重了", by=school["office"])
    more = verified(school, missing(school, entry=low))
    correct_record(dispute=more, reason="少记了", credit=300, by=school["office"])
    lines = HourEntry.objects.filter(member=school["member"])
    assert sum(line.credit for line in lines) == 300
    assert sum(line.credit for line in lines.in_force()) == 300


def test_a_film_recognised_as_seen_completes_and_pays_by_the_rule(school):
    item = make_lesson(20).item
    dispute = verified(school, missing(school, kind=Kind.UNFINISHED, item=item))
    dispute = correct_record(dispute=dispute, reason="现场核实已看完", by=school["office"])
    assert dispute.completion.evidence == Completion.Evidence.MANUAL
    assert dispute.completion.effective_on == DAY
    assert HourEntry.objects.get(member=school["member"]).credit == 50


@pytest.mark.parametrize(
    ("kind", "source", "booked_as"),
    [
        ("lesson", "", "online"),
        ("quiz", "", "quiz"),
        ("lesson", "group", "group"),
        (None, "", "manual"),
        (None, "online", "online"),
    ],
)
def test_missing_hours_are_booked_as_what_they_were_and_in_full(school, kind, source, booked_as):
    make_rule(daily_cap=10)
    item = make_lesson(20, kind=kind).item if kind else None
    dispute = verified(school, missing(school, item=item))
    dispute = correct_record(
        dispute=dispute, reason="属实", credit=150, source=source, by=school["office"]
    )
    entry = dispute.booked
    assert (entry.source, entry.credit, entry.note) == (booked_as, 150, "属实")
    online = booked_as in {"online", "quiz"}
    year = hours_of_year(school["member"].pk, 2026)
    assert (year.online, year.offline) == ((150, 0) if online else (0, 150))
    assert not rebuild_hours().differences


def test_a_source_that_is_none_is_refused(school):
    with pytest.raises(DomainError):
        correct_record(
            dispute=verified(school), reason="x", credit=100, source="gift", by=school["office"]
        )
    assert not HourEntry.objects.exists()


def test_the_form_offers_the_source_and_says_what_is_booked(school):
    item = make_lesson(20).item
    dispute = verified(school, missing(school, item=item))
    client = Client()
    client.force_login(school["office"], backend="school.members.backends.MemberBackend")
    page = client.get(reverse("study:dispute_case", args=[dispute.pk])).content.decode()
    assert "足额补记" in page and '<option value="online" selected>' in page
    values = {"decision": "correct", "hours": "0.5", "source": "online", "reason": "属实"}
    assert (
        client.post(reverse("study:dispute_decide", args=[dispute.pk]), values).status_code == 302
    )
    assert HourEntry.objects.get().source == "online"


def test_what_is_decided_for_a_closed_year_goes_to_the_late_arrivals(school):
    low = booked(school)
    dispute = verified(school, missing(school, entry=low))
    YearClose.objects.create(year=2026, closed_at=clock.now())
    with clock.at(moment("2027-02-03 09:00")):
        done = correct_record(dispute=dispute, reason="少记了", credit=300, by=school["office"])
    assert (done.state, done.booked.credit) == (State.CORRECTED, 0)
    assert LateArrival.objects.get().award == 200


def test_a_record_upheld_stays_and_the_reason_is_read(school):
    dispute = uphold_record(
        dispute=verified(school), reason="当日没有学习记录", by=school["office"]
    )
    assert dispute.state == State.UPHELD and not HourEntry.objects.exists()
    assert dispute.steps.last().note == "当日没有学习记录"


def test_the_member_may_take_it_back_while_it_is_open(school):
    dispute = withdraw_dispute(dispute=missing(school), by=school["member"])
    assert dispute.state == State.WITHDRAWN
    with pytest.raises(Conflict):
        withdraw_dispute(dispute=dispute, by=school["member"])
    with pytest.raises(Conflict):
        verified(school, dispute)


# -- who may act ---------------------------------------------------------------------------------


def test_only_the_branch_verifies_and_only_the_office_decides(school):
    dispute = missing(school)
    names = ("member", "secretary", "stranger", "above", "office", "lead")
    verifies = {name for name in names if may_verify(school[name], dispute)}
    assert verifies == {"secretary", "above", "office", "lead"}
    dispute = verified(school, dispute)
    assert {name for name in names if may_decide(school[name], dispute)} == {"office"}


def test_a_secretarys_own_hours_go_to_the_branch_above_and_never_to_himself(school):
    dispute = missing(school, member=school["secretary"])
    assert dispute.holder == school["general"]
    assert not may_verify(school["secretary"], dispute)
    with pytest.raises(NotAllowed):
        verify_dispute(dispute=dispute, finding="true", note="x", by=school["secretary"])
    own = missing(school, member=school["office"])
    verify_dispute(dispute=own, finding="true", note="x", by=school["lead"])
    with pytest.raises(NotAllowed):
        correct_record(dispute=own, reason="x", credit=100, by=school["office"])


def test_who_has_verified_does_not_decide(school):
    dispute = verify_dispute(
        dispute=missing(school), finding="true", note="我核实", by=school["office"]
    )
    with pytest.raises(NotAllowed):
        correct_record(dispute=dispute, reason="x", credit=100, by=school["office"])
    assert not HourEntry.objects.exists()


# -- too late ------------------------------------------------------------------------------------


def test_what_is_not_dealt_with_in_time_goes_up_step_by_step_to_the_office(school):
    dispute = missing(school)
    with clock.at(moment("2026-03-09 23:00")):
        assert raise_overdue() == 0
    for day, state, holder in (
        ("2026-03-10 00:20", State.SUBMITTED, "general"),
        ("2026-03-18 00:20", State.SUBMITTED, "committee"),
        ("2026-03-26 00:20", State.VERIFIED, "leaf"),
        ("2026-04-03 00:20", State.VERIFIED, "general"),
    ):
        with clock.at(moment(day)):
            assert raise_overdue() == 1
            dispute.refresh_from_db()
            assert (dispute.state, dispute.holder) == (state, school[holder])
            assert raise_overdue() == 0
    assert dispute.raised == 1 and not dispute.finding
    assert not may_decide(school["lead"], dispute) or dispute.holder != school["leaf"]
    assert may_decide(school["lead"], dispute) and may_decide(school["office"], dispute)
    assert dispute.steps.filter(act=DisputeStep.Act.RAISED, done_by=None).count() == 4


# -- what is refused -----------------------------------------------------------------------------


def test_nonsense_is_refused_with_a_word_and_nothing_is_written(school):
    own, foreign = booked(school), booked(school, member_id=school["stranger"].pk)
    for values in (
        {"text": "  "},
        {"kind": "x"},
        {"studied_on": date(2026, 3, 3)},
        {"kind": Kind.WRONG},
        {"kind": Kind.UNFINISHED},
        {"entry": foreign},
    ):
        with pytest.raises(DomainError):
            missing(school, **values)
    missing(school, entry=own)
    with pytest.raises(Conflict):
        missing(school, entry=own, kind=Kind.WRONG)
    assert Dispute.objects.count() == 1
    dispute = verified(school)
    for credit in (None, 0, -5, 10_001):
        with pytest.raises(DomainError):
            correct_record(dispute=dispute, reason="x", credit=credit, by=school["office"])
    with pytest.raises(DomainError):
        uphold_record(dispute=dispute, reason=" ", by=school["office"])
    assert Dispute.objects.get(pk=dispute.pk).is_open


def test_a_matter_is_decided_once(school):
    dispute = verified(school)
    correct_record(dispute=dispute, reason="x", credit=100, by=school["office"])
    with pytest.raises(Conflict):
        correct_record(dispute=dispute, reason="x", credit=100, by=school["office"])
    assert HourEntry.objects.count() == 1


# -- what others read ----------------------------------------------------------------------------


def test_the_year_says_what_is_being_looked_into(school):
    dispute = missing(school)
    (row,) = pending_rows(school["member"].pk, 2026)
    assert row.state == "核实中" and school["leaf"].short_name in row.note
    assert pending_rows(school["member"].pk, 2025) == []
    assert [matter.count for matter in open_matters(2026) if "申诉" in matter.label] == [1]
    assert waiting_count(school["secretary"], school["leaf"]) == 1
    assert waiting_count(school["stranger"], school["other"]) == 0
    verified(school, dispute)
    assert waiting_count(school["secretary"], school["leaf"]) == 0
    assert waiting_count(school["office"], school["committee"]) == 1


def sign_in(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_the_whole_way_by_the_pages(school):
    client = sign_in(school["member"])
    entry = booked(school)
    new = f"{reverse('study:dispute_new')}?entry={entry.pk}"
    assert "专题党课" in client.get(new).content.decode()
    assert client.post(new, {"kind": "missing", "text": "讲了两个小时"}).status_code == 302
    dispute = Dispute.objects.get()
    page = client.get(reverse("study:dispute", args=[dispute.pk])).content.decode()
    assert "由" in page and "核实" in page and "撤回申诉" in page
    secretary = sign_in(school["secretary"])
    case = reverse("study:dispute_case", args=[dispute.pk])
    listed = secretary.get(reverse("study:cases", args=[school["leaf"].pk])).content.decode()
    assert case in listed and "待您办理" in listed
    verify = reverse("study:dispute_verify", args=[dispute.pk])
    assert secretary.post(verify, {"finding": "true"}).status_code == 400
    assert secretary.post(verify, {"finding": "true", "note": "属实"}).status_code == 302
    office = sign_in(school["office"])
    decide = reverse("study:dispute_decide", args=[dispute.pk])
    sent = {"decision": "correct", "hours": "2", "reason": "核实属实"}
    assert secretary.post(decide, sent).status_code == 403
    assert office.post(decide, sent).status_code == 302
    page = client.get(reverse("study:dispute", args=[dispute.pk])).content.decode()
    assert "已更正" in page and "核实属实" in page
    assert sign_in(school["stranger"]).get(case).status_code == 404
    foreign = reverse("study:dispute", args=[dispute.pk])
    assert sign_in(school["stranger"]).get(foreign).status_code == 404


def test_the_lists_cost_few_statements(school, django_assert_max_num_queries):
    for number in range(8):
        missing(school, studied_on=DAY - timedelta(days=number))
    client = sign_in(school["secretary"])
    with django_assert_max_num_queries(20):
        client.get(reverse("study:cases", args=[school["leaf"].pk]))
    client = sign_in(school["member"])
    with django_assert_max_num_queries(20):
        client.get(reverse("study:disputes"))


def test_an_office_of_the_branch_may_be_a_second_person_with_the_same_role(school):
    second = make.member(school["committee"])
    grant_role(member=second, role=Role.SCHOOL_ADMIN, branch=school["committee"])
    dispute = verify_dispute(
        dispute=missing(school), finding="unclear", note="查不到", by=school["office"]
    )
    assert may_decide(second, dispute)
    assert uphold_record(dispute=dispute, reason="无据", by=second).state == State.UPHELD
