"""逾期上传: evidence that comes too late is kept, shown, and counts only if a person says so."""

import json
import re
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from school.core import clock
from school.core.errors import Conflict, DomainError, NotAllowed, TooMany
from school.core.models import AuditEntry
from school.members.models import RoleGrant
from school.notices.models import Delivery, Message
from school.study.models import (
    Completion,
    Coverage,
    HourEntry,
    HourRule,
    LateArrival,
    LateReport,
    LateStudy,
    Report,
    StudyDay,
    StudySession,
    WallDay,
    YearClose,
)
from school.study.places import hours_links
from school.study.registry import evidence_holds, open_matters, pending_rows
from school.study.selectors.late import may_decide_late
from school.study.services.disputes import correct_record, open_dispute, verify_dispute
from school.study.services.evidence import prune
from school.study.services.late import accept_late_study, refuse_late_study
from school.study.services.reports import Gone, Kept
from school.study.services.studied import settle_idle_sessions
from tests.factories import members as make
from tests.factories.sinks import stored
from tests.factories.study import Page, make_lesson, make_member, make_rule, moment

Role, State = RoleGrant.Role, LateStudy.State
EVENING = moment("2026-03-02 20:00")
LATE = 12 * 3600 + 8 * 86_400  # seconds after opening: a day beyond the week after the visit
WAITS = "逾期上传，待核实"


@pytest.fixture
def school(db):
    """A member, his secretary, who leads above, and the office, ten days after the study."""
    make_rule()
    committee, general, leaf, other = make.tree()
    with clock.at(EVENING + timedelta(seconds=LATE)):
        yield {
            "leaf": leaf,
            "general": general,
            "member": make.member(leaf),
            "secretary": make.officer(leaf),
            "second": make.officer(leaf),
            "stranger": make.officer(other),
            "above": make.officer(general),
            "auditor": make.officer(committee, Role.AUDITOR),
            "office": make.officer(committee, Role.SCHOOL_ADMIN),
        }


def open_page(member, minutes=20, start=EVENING, **changes) -> Page:
    return Page(member, make_lesson(minutes, **changes), start)


def film(minutes=20) -> list[tuple]:
    """An honest viewer's batches of a minute."""
    return [(60 * n, 60 * n + 60, 60 * n, 60 * n + 60) for n in range(minutes)]


def send_late(page: Page, minutes=20) -> list:
    return [page.send(each, after=LATE) for each in film(minutes)]


def waiting() -> LateStudy:
    return LateStudy.objects.get(state=State.WAITING)


def of_judging() -> dict:
    """What evidence makes of coverage, days and ledger; not when it came, nor where one resumes."""
    found = stored()
    found.pop("StudySession")
    found["Report"] = [(*row[:2], *row[3:]) for row in found["Report"]]
    found["Coverage"] = [row[:-1] for row in found["Coverage"]]
    return found


# -- kept, not judged ----------------------------------------------------------------------------


def test_what_comes_too_late_is_kept_as_it_was_sent_and_not_judged(school):
    page = open_page(school["member"])
    answers = send_late(page)
    assert all(isinstance(each, Kept) for each in answers)
    study = waiting()
    assert (study.batches, study.claimed_ms) == (20, 20 * 60_000)
    assert study.studied_on == date(2026, 3, 2) and study.holder == school["leaf"]
    first = study.reports.get(seq=1)
    segments, answered = first.evidence()
    assert [(s.m0, s.m1, s.w0, s.w1) for s in segments] == [(0, 60_000, 0, 60_000)]
    assert answered == list(enumerate(page.opened.check_ins))
    for model in (Report, Coverage, StudyDay, WallDay, Completion, HourEntry):
        assert not model.objects.exists()


def test_a_number_is_kept_once_however_often_it_is_sent(school):
    page = open_page(school["member"])
    for _again in range(5):
        page.send((0, 60, 0, 60), seq=1, after=LATE)
    assert LateReport.objects.count() == 1 and waiting().claimed_ms == 60_000
    assert Delivery.objects.filter(member=school["secretary"]).count() == 1


def test_what_was_posted_in_time_is_not_kept_again(school):
    page = open_page(school["member"])
    page.send((0, 60, 0, 60), seq=1)
    page.send((120, 180, 120, 180), seq=3)
    assert page.send((0, 60, 0, 60), seq=1, after=LATE).durable_seq == 1
    assert page.send((120, 180, 120, 180), seq=3, after=LATE).durable_seq == 1
    assert not LateStudy.objects.exists()


def test_a_week_to_the_second_is_in_time_and_a_second_more_is_late(school):
    page = open_page(school["member"])
    last = (12 + 7 * 24) * 3600
    assert page.send((0, 60, 0, 60), after=last).durable_seq == 1
    assert isinstance(page.send((60, 120, 60, 120), after=last + 1), Kept)


def test_nothing_claimed_is_nothing_to_decide_on(school):
    page = open_page(school["member"])
    page.send(after=LATE)
    page.send((0, 60, 0, 60, 100, 0), after=LATE)
    page.send((0, 60, 60 * 60 * 13, 60 * 60 * 13 + 60), after=LATE)
    assert not LateStudy.objects.exists()


def test_a_forged_or_foreign_token_is_refused_as_ever(school):
    page = open_page(school["member"])
    with pytest.raises(NotAllowed):
        page.send((0, 60, 0, 60), after=LATE, token=page.opened.token[:-2] + "xx")
    with pytest.raises(NotAllowed):
        page.send((0, 60, 0, 60), after=LATE, member_id=school["secretary"].pk)
    assert not LateStudy.objects.exists()


def test_nobody_can_fill_the_disk(school, settings):
    settings.STUDY_LATE_PER_SESSION, settings.STUDY_LATE_PER_MEMBER = 3, 4
    first, second = open_page(school["member"]), open_page(school["member"])
    batches = film()
    for each in batches[:3]:
        first.send(each, after=LATE)
    with pytest.raises(Gone):
        first.send(batches[3], after=LATE)
    second.send(batches[0], after=LATE)
    with pytest.raises(TooMany) as refusal:
        second.send(batches[1], after=LATE)
    assert refusal.value.retry_after > 3600  # it stays on the device until it is decided
    assert LateReport.objects.count() == 4


def test_when_evidence_is_not_kept_any_more_nothing_is_taken(school, settings):
    page = open_page(school["member"])
    with pytest.raises(Gone):
        page.send((0, 60, 0, 60), after=LATE + settings.STUDY_EVIDENCE_KEEP_DAYS * 86_400)


@pytest.mark.parametrize("signed_in", [True, False])
def test_the_address_answers_202_with_or_without_a_sign_in(school, signed_in):
    page, client = open_page(school["member"]), Client()
    if signed_in:
        client.force_login(school["member"])
    body = {"token": page.opened.token, "seq": 1, "segments": [[0, 60_000, 0, 60_000, 100, 1]]}
    answer = client.post(reverse("study:report"), json.dumps(body), content_type="application/json")
    assert answer.status_code == 202 and answer.json()["message"] == WAITS
    assert LateReport.objects.count() == 1


# -- the member, and who decides -----------------------------------------------------------------


def test_the_member_sees_item_day_and_minutes_and_who_has_it(school):
    page = open_page(school["member"])
    send_late(page)
    (row,) = pending_rows(school["member"].pk, 2026)
    assert (row.title, row.studied_on) == (page.revision.item.title, date(2026, 3, 2))
    assert (row.state, row.seconds) == (WAITS, 1200)
    assert school["leaf"].short_name in row.note
    client = Client()
    client.force_login(school["member"])
    shown = client.get(reverse("study:hours")).content.decode()
    assert WAITS in shown and "20 分" in shown


def test_the_branch_decides_nobody_his_own_and_a_secretary_s_goes_to_the_parent(school):
    send_late(open_page(school["member"]))
    study = waiting()
    can = {
        who: may_decide_late(school[who], study)
        for who in school
        if who != "leaf" and who != "general"
    }
    assert can == {
        "member": False,
        "secretary": True,
        "second": True,
        "stranger": False,
        "above": True,
        "auditor": False,
        "office": True,
    }
    send_late(open_page(school["secretary"]), 1)
    own = LateStudy.objects.get(member=school["secretary"])
    assert own.holder == school["general"]
    assert Delivery.objects.filter(member=school["above"]).count() == 1
    assert not may_decide_late(school["secretary"], own)
    assert not may_decide_late(school["second"], own)
    for who in ("secretary", "second", "stranger"):
        with pytest.raises(NotAllowed):
            accept_late_study(study=own, by=school[who], reason="属实")
    accept_late_study(study=own, by=school["above"], reason="属实")


def test_without_a_branch_the_office_decides(school):
    lost = make_member()
    send_late(open_page(lost), 1)
    study = waiting()
    assert study.holder is None and pending_rows(lost.pk, 2026)
    assert may_decide_late(school["office"], study)
    assert not may_decide_late(school["above"], study)


# -- accepted ------------------------------------------------------------------------------------


def test_what_is_accepted_completes_and_pays_as_of_its_own_day(school):
    send_late(open_page(school["member"]))
    study = accept_late_study(study=waiting(), by=school["secretary"], reason="井下无网络，属实")
    assert study.state == State.ACCEPTED and study.counted == 1200
    completion, entry = Completion.objects.get(), HourEntry.objects.get()
    assert completion.effective_on == entry.studied_on == date(2026, 3, 2)
    assert entry.credit == 50
    assert not pending_rows(school["member"].pk, 2026)
    told = Delivery.objects.get(member=school["member"]).message
    assert "认定" in told.title and "20 分" in told.body
    kept = AuditEntry.objects.filter(action="study.late_evidence_accepted").get()
    assert kept.actor_id == school["secretary"].pk


def test_what_was_studied_together_or_elsewhere_in_those_minutes_is_not_paid_twice(school):
    page = open_page(school["member"])
    other = open_page(school["member"])
    other.watch(0, 600)  # in time, the same ten minutes
    send_late(page)
    study = accept_late_study(study=waiting(), by=school["secretary"], reason="属实")
    assert study.counted == 600
    assert sum(StudyDay.objects.values_list("studied_ms", flat=True)) == 1_200_000


def test_the_cap_of_that_day_holds(school):
    make_rule(daily_cap=60)
    first, second = (
        open_page(school["member"]),
        open_page(school["member"], start=EVENING + timedelta(hours=1)),
    )
    first.watch(0, 1200)
    send_late(second)
    accept_late_study(study=waiting(), by=school["secretary"], reason="属实")
    assert sorted(HourEntry.objects.values_list("credit", flat=True)) == [10, 50]


def test_by_time_a_part_of_a_film_is_paid_when_it_is_accepted(school):
    make_rule(mode=HourRule.Mode.AS_STUDIED)
    send_late(open_page(school["member"]), 9)
    settle_idle_sessions()  # the visit was settled long ago
    accept_late_study(study=waiting(), by=school["secretary"], reason="属实")
    assert HourEntry.objects.get().credit == 20 and not Completion.objects.exists()


def test_in_a_closed_year_it_goes_to_the_list_of_late_arrivals(school):
    send_late(open_page(school["member"]))
    YearClose.objects.create(year=2026, closed_at=clock.now())
    accept_late_study(study=waiting(), by=school["secretary"], reason="属实")
    assert HourEntry.objects.get().credit == 0
    assert LateArrival.objects.get().award == 50
    assert Completion.objects.exists()


def test_more_of_an_accepted_visit_is_a_case_of_its_own(school):
    page = open_page(school["member"])
    page.send((0, 60, 0, 60), after=LATE)
    accept_late_study(study=waiting(), by=school["secretary"], reason="属实")
    page.send((60, 120, 60, 120), after=LATE + 60)
    assert waiting().claimed_ms == 60_000
    assert page.send((0, 60, 0, 60), seq=1, after=LATE + 90).durable_seq == 1


def test_a_stopped_account_is_told_and_nothing_is_decided(school):
    send_late(open_page(school["member"]), 1)
    school["member"].is_active = False
    school["member"].save()
    with pytest.raises(Conflict):
        accept_late_study(study=waiting(), by=school["secretary"], reason="属实")
    assert waiting()


# -- refused, and both at once -------------------------------------------------------------------


def test_what_is_refused_counts_for_nothing_and_the_member_reads_why(school):
    page = open_page(school["member"])
    send_late(page)
    refuse_late_study(study=waiting(), by=school["secretary"], reason="当日在岗，未学习")
    assert not Coverage.objects.exists() and not HourEntry.objects.exists()
    (row,) = pending_rows(school["member"].pk, 2026)
    assert row.state == "不予认定" and row.note == "当日在岗，未学习"
    assert Delivery.objects.filter(member=school["member"]).count() == 1
    # Sent again it stays what was decided.
    assert isinstance(page.send((0, 60, 0, 60), seq=1, after=LATE + 60), Kept)
    assert not LateStudy.objects.filter(state=State.WAITING).exists()


@pytest.mark.parametrize("act", [accept_late_study, refuse_late_study])
def test_a_decision_needs_a_reason(school, act):
    send_late(open_page(school["member"]), 1)
    with pytest.raises(DomainError) as refusal:
        act(study=waiting(), by=school["secretary"], reason=" ")
    assert refusal.value.field == "reason" and waiting()


def test_of_two_who_decide_one_wins_and_the_other_is_told(school):
    send_late(open_page(school["member"]))
    study = waiting()
    refuse_late_study(study=study, by=school["secretary"], reason="不属实")
    with pytest.raises(Conflict) as refusal:
        accept_late_study(study=study, by=school["second"], reason="属实")
    assert "不予认定" in refusal.value.message and not HourEntry.objects.exists()
    client = Client()
    client.force_login(school["second"])
    answer = client.post(
        reverse("study:late_decide", args=[study.pk]), {"decision": "accept", "reason": "属实"}
    )
    assert answer.status_code == 409


# -- the same ledger -----------------------------------------------------------------------------

parts = st.lists(
    st.tuples(st.integers(0, 1100), st.integers(1, 60), st.integers(0, 60), st.booleans()),
    min_size=1,
    max_size=3,
)
traces = st.lists(parts, min_size=1, max_size=12)


def rows_of(trace) -> list[list]:
    """Batches of a page: stretches one after the other on its clock."""
    found, wall = [], 0
    for batch in trace:
        rows = []
        for at, length, took, visible in batch:
            rows.append([at * 1000, (at + length) * 1000, wall, wall + took * 1000, 200, visible])
            wall += took * 1000
        found.append([[*each[:5], int(each[5])] for each in rows])
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("mode", HourRule.Mode.values)
@pytest.mark.parametrize("honest", [True, False])
@given(traces, st.sampled_from([moment("2026-03-02 20:00"), moment("2026-03-02 23:55")]))
@examples(deadline=None, max_examples=10)
def test_accepted_evidence_makes_the_same_ledger_as_if_it_had_come_in_time(
    mode, honest, trace, start
):
    trace = rows_of(trace)
    if honest:
        trace = [[[n * 60_000, n * 60_000 + 60_000] * 2 + [100, 1]] for n in range(20)]
    with transaction.atomic():
        make_rule(mode=mode, daily_cap=45)
        with clock.at(start):
            _committee, _general, leaf, _other = make.tree()
            member, secretary = make.member(leaf), make.officer(leaf)
        page = open_page(member, start=start)
        with transaction.atomic():
            for rows in trace:
                page.send_raw(rows, after=12 * 3600 + 60)
            settle(start)
            in_time = of_judging()
            transaction.set_rollback(True)
        with clock.at(start + timedelta(days=1)):
            settle_idle_sessions()  # nothing has come; the visit is over and looked at
        page.seq = 0
        for rows in trace:
            page.send_raw(rows, after=LATE)
        with clock.at(start + timedelta(seconds=LATE + 3600)):
            for study in LateStudy.objects.filter(state=State.WAITING):
                accept_late_study(study=study, by=secretary, reason="属实")
        late = of_judging()
        transaction.set_rollback(True)
    nothing = [row for row in in_time["Report"] if row[1] not in {r[1] for r in late["Report"]}]
    in_time["Report"] = [row for row in in_time["Report"] if row not in nothing]
    assert all(row[-2:] == (0, 0) for row in nothing)  # what claimed nothing was not kept
    assert late == in_time


def settle(start) -> None:
    with clock.at(start + timedelta(seconds=LATE + 7200)):
        settle_idle_sessions()


# -- kept as long as it may be asked for ---------------------------------------------------------


def test_evidence_stays_while_it_waits_and_goes_with_the_rest_afterwards(school):
    page = open_page(school["member"])
    page.send((0, 60, 0, 60))
    page.send((60, 120, 60, 120), after=LATE)
    YearClose.objects.create(year=2026, closed_at=clock.now())
    with clock.at(moment("2027-06-01 12:00")):
        assert any(school["member"].pk in {row["member_id"] for row in q} for q in evidence_holds())
        assert prune() == 0
        refuse_late_study(study=waiting(), by=school["secretary"], reason="已无法核实")
        assert prune() == 2
    assert not LateReport.objects.exists() and not Report.objects.exists()
    assert LateStudy.objects.get().reason == "已无法核实"
    assert StudySession.objects.exists()


def test_a_year_is_not_closed_without_a_word_of_what_waits(school):
    send_late(open_page(school["member"]), 1)
    assert ("待核实的逾期上传", 1) in {(each.label, each.count) for each in open_matters(2026)}


# -- pages ---------------------------------------------------------------------------------------


def test_the_branch_sees_the_row_only_when_something_came_late(school):
    def labels():
        return {
            row["label"]: row["badge"] for row in hours_links(school["secretary"], school["leaf"])
        }

    assert "逾期上传" not in labels()
    send_late(open_page(school["member"]), 1)
    send_late(open_page(school["member"]), 1)
    assert labels()["逾期上传"] == 2


def test_the_list_leads_to_the_case_and_the_case_to_a_decision(
    school, django_assert_max_num_queries
):
    for _each in range(12):
        send_late(open_page(make.member(school["leaf"])), 1)
    client = Client()
    client.force_login(school["secretary"])
    with django_assert_max_num_queries(20):
        listed = client.get(reverse("study:late_cases", args=[school["leaf"].pk]))
    assert listed.content.decode().count("待您办理") == 12
    study = LateStudy.objects.first()
    with django_assert_max_num_queries(20):
        shown = client.get(reverse("study:late_case", args=[study.pk]))
    assert "情况属实" in shown.content.decode()
    decide = reverse("study:late_decide", args=[study.pk])
    assert client.post(decide, {"decision": "accept"}).status_code == 400
    done = client.post(decide, {"decision": "accept", "reason": "属实"}, follow=True)
    assert "已认定，计入 1 分" in done.content.decode()
    study.refresh_from_db()
    assert study.state == State.ACCEPTED


def test_nobody_opens_the_case_of_his_own_or_of_a_foreign_branch(school):
    send_late(open_page(school["secretary"]), 1)
    url = reverse("study:late_case", args=[waiting().pk])
    for who, status in (("secretary", 404), ("stranger", 404), ("above", 200), ("auditor", 200)):
        client = Client()
        client.force_login(school[who])
        assert client.get(url).status_code == status, who


# -- the language of what is stored --------------------------------------------------------------


@contextmanager
def english():
    """An English-speaking officer at work; what is new in the catalogue is looked up, too."""
    with translation.override("en"):
        assert gettext("学时申诉") != "学时申诉"
        yield


def test_what_an_english_speaking_secretary_does_is_stored_in_the_schools_language(school):
    send_late(open_page(school["member"]))
    dispute = open_dispute(
        member=school["member"], kind="missing", studied_on=date(2026, 3, 2), text="漏记"
    )
    with english():
        accept_late_study(study=waiting(), by=school["secretary"], reason="属实")
        dispute = verify_dispute(
            dispute=dispute, finding="true", note="有签到表", by=school["second"]
        )
        with pytest.raises(Conflict) as refusal:
            verify_dispute(dispute=dispute, finding="true", note="又", by=school["second"])
        dispute = correct_record(dispute=dispute, reason="属实", credit=100, by=school["office"])
    assert dispute.steps.get(act="verified").note == "情况属实。有签到表"
    assert not dispute.booked.title.isascii()
    for message in Message.objects.all():
        assert not re.search("[A-Za-z]", message.title + message.body), message.title
    # A refusal is said to who acts, in his language.
    with english():
        assert refusal.value.message == gettext("这项申诉已不在核实阶段，请刷新页面。")
