"""待核实: what is listed once, who may look and judge, what judging does not do."""

from datetime import timedelta
from random import Random

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from school.core import clock
from school.core.errors import Conflict, DomainError, NotAllowed
from school.core.models import AuditEntry
from school.gatherings.models import Gathering
from school.gatherings.services import open_gathering
from school.members.models import RoleGrant
from school.members.personal_data import parts
from school.study import spans as sets
from school.study.models import Anomaly, HourEntry, Report, StudySession, WallDay, YearClose
from school.study.registry import open_matters
from school.study.rules.judge import Segment
from school.study.selectors.anomalies import anomalies_below, anomaly_within, may_judge
from school.study.services import evidence
from school.study.services.anomalies import find_anomalies, find_recent, judge_anomaly
from school.study.services.ledger import post_offline
from tests.factories import members as make
from tests.factories.anomalies import Kept, film
from tests.factories.study import make_lesson, make_rule, moment

pytestmark = pytest.mark.django_db
Kind, State, Role = Anomaly.Kind, Anomaly.State, RoleGrant.Role
MORNING = moment("2026-03-02 08:00")
DAY = MORNING.date()
NIGHT = moment("2026-03-03 03:40")
HOUR, MINUTE = 3_600_000, 60_000


@pytest.fixture
def school():
    """Two branches with their people, and the office above."""
    make_rule()
    committee, general, leaf, other = make.tree()
    with clock.at(NIGHT):
        yield {
            "committee": committee,
            "general": general,
            "leaf": leaf,
            "other": other,
            "people": [make.member(leaf, name=f"张建{n}") for n in range(4)],
            "strangers": [make.member(other, name=f"李卫{n}") for n in range(2)],
            "secretary": make.officer(leaf),
            "foreign": make.officer(other),
            "office": make.officer(committee, Role.SCHOOL_ADMIN),
            "auditor": make.officer(committee, Role.AUDITOR),
            "lessons": [make_lesson(5) for _ in range(4)],
            "kept": Kept(MORNING),
        }


def one_telephone(school, people, browser="one"):
    """Each studies on the same browser, one after another."""
    for number, member in enumerate(people):
        school["kept"].visit(
            member, school["lessons"][0], number * 12, 10, browser=browser, address="10.0.0"
        )


def in_step(school, people):
    """Each on his own browser, three lessons in the same seconds."""
    for number, lesson in enumerate(school["lessons"][:3]):
        for member in people:
            browser = f"own {member.pk}"
            school["kept"].visit(member, lesson, number * 10, 6, browser=browser, address="10.0.0")


def long_day(member, hours=20):
    WallDay.objects.create(member=member, day=DAY, spans=sets.pack([0, hours * HOUR]))


def listed(**which):
    return Anomaly.objects.filter(**which).order_by("member_id")


# -- finding --------------------------------------------------------------------------------------


def test_accounts_in_turn_on_one_browser_are_listed_one_row_each(school):
    one_telephone(school, school["people"])
    found = find_anomalies(day=DAY)
    rows = listed(kind=Kind.DEVICE)
    assert (found.new, found.listed) == (4, 4)
    assert [row.member for row in rows] == school["people"]
    assert {row.branch for row in rows} == {school["leaf"]} and len({r.party for r in rows}) == 1
    assert rows[0].evidence["turns"][1] == [
        school["people"][1].pk,
        8 * HOUR + 720_000,
        8 * HOUR + 1_320_000,
    ]


def test_one_address_with_many_members_is_no_pattern(school):
    """The meeting room: one address, a browser each, everybody in his own time."""
    for number, member in enumerate(school["people"] * 2):
        school["kept"].visit(
            member, school["lessons"][0], number * 12, 10, browser=f"b{member.pk}", address="10.0.0"
        )
    for member in school["people"]:  # and browsers that keep no mark
        school["kept"].visit(member, school["lessons"][1], 200 + member.pk, 10, address="10.0.0")
    assert find_anomalies(day=DAY).listed == 0


def test_members_in_step_are_listed_unless_a_gathering_was_registered(school):
    in_step(school, school["people"])
    assert find_anomalies(day=DAY).new == 4
    open_gathering(
        branch=school["leaf"],
        kind=Gathering.Kind.LECTURE,
        title="党课",
        items=[],
        starts_at=MORNING,
        ends_at=MORNING + timedelta(hours=1),
        by=school["secretary"],
    )
    found = find_anomalies(day=DAY)
    assert (found.gone, found.listed) == (4, 0)


def test_a_called_off_gathering_explains_nothing(school):
    from school.gatherings.services import cancel_gathering

    in_step(school, school["people"])
    with clock.at(MORNING + timedelta(hours=2)):
        gathering = open_gathering(
            branch=school["leaf"],
            kind=Gathering.Kind.LECTURE,
            title="党课",
            items=[],
            starts_at=MORNING,
            ends_at=MORNING + timedelta(hours=1),
            by=school["secretary"],
        )
        cancel_gathering(gathering=gathering, reason="未召开", by=school["secretary"])
    assert find_anomalies(day=DAY).listed == 4


def test_a_day_too_long_and_a_scripts_rhythm_are_listed(school):
    long_day(school["people"][0])
    long_day(school["people"][1], hours=10)
    script = film(90 * 60_000, random=Random(3), delay=0)
    session = school["kept"].visit(
        school["people"][2], make_lesson(90), 0, 90, check_in=True, reports=script.reports
    )
    _answer_at_once(session)
    find_anomalies(day=DAY)
    assert [(row.member, row.kind) for row in listed()] == [
        (school["people"][0], Kind.LONG_DAY),
        (school["people"][2], Kind.RHYTHM),
    ]
    signs = listed(kind=Kind.RHYTHM).get().evidence["signs"]
    assert set(signs) == {"instant", "even"} and signs["even"]["interval"] == 30_000


def _answer_at_once(session):
    """Check-ins follow from the session's own number."""
    from school.study.rules import gates, packing

    moments = gates.schedule(session.pk, session.check_low, session.check_high, 12 * HOUR)
    told = list(enumerate(moments))
    for report in Report.objects.filter(session=session):
        rows, _answers = report.evidence()
        report.packed = packing.pack(rows, told)
        report.save(update_fields=["packed"])


def test_an_honest_evening_is_not_listed(school):
    person = film(90 * 60_000, random=Random(7))
    school["kept"].visit(school["people"][0], make_lesson(90), 0, 100, reports=person.reports)
    assert find_anomalies(day=DAY).listed == 0


def test_running_twice_lists_nothing_twice(school):
    one_telephone(school, school["people"])
    long_day(school["people"][0])
    first = find_anomalies(day=DAY)
    before = list(Anomaly.objects.values())
    again = find_anomalies(day=DAY)
    assert (first.new, again.new, again.changed, again.gone) == (5, 0, 0, 0)
    assert list(Anomaly.objects.values()) == before


def test_an_open_row_follows_the_evidence(school):
    long_day(school["people"][0], hours=17)
    find_anomalies(day=DAY)
    WallDay.objects.update(spans=sets.pack([0, 20 * HOUR]))
    assert find_anomalies(day=DAY).changed == 1
    assert listed().get().evidence["total"] == 20 * HOUR


def test_what_was_judged_comes_back_only_with_something_new(school):
    one_telephone(school, school["people"])
    find_anomalies(day=DAY)
    for row in listed():
        judge_anomaly(anomaly=row, verdict=State.PLAUSIBLE, note="活动室电脑", by=school["office"])
    assert find_anomalies(day=DAY).new == 0
    school["kept"].visit(school["strangers"][0], school["lessons"][0], 48, 10, browser="one")
    found = find_anomalies(day=DAY)
    assert found.new == 5 and set(listed(state=State.OPEN).values_list("round", flat=True)) == {
        0,
        1,
    }
    assert find_anomalies(day=DAY).new == 0


def test_the_nightly_round_looks_at_yesterday_and_at_days_that_something_came_in_for(school):
    one_telephone(school, school["people"])
    assert find_recent() == 4
    Anomaly.objects.all().delete()
    late = StudySession.objects.order_by("opened_at").last()
    with clock.at(NIGHT + timedelta(days=3)):
        assert find_recent() == 0
        StudySession.objects.filter(pk=late.pk).update(last_report_at=NIGHT + timedelta(days=2))
        StudySession.objects.exclude(pk=late.pk).update(browser="other")
        long_day(school["people"][0])
        assert find_recent() == 1


def test_a_gathering_entered_afterwards_clears_the_list_the_night_after(school):
    in_step(school, school["people"])
    find_recent()
    with clock.at(NIGHT + timedelta(days=5)):
        open_gathering(
            branch=school["leaf"],
            kind=Gathering.Kind.LECTURE,
            title="党课",
            items=[],
            starts_at=MORNING,
            ends_at=MORNING + timedelta(hours=1),
            by=school["secretary"],
        )
        find_recent()
    assert not listed().exists()


def test_looking_again_at_an_earlier_day_leaves_rhythms_that_were_not_looked_at(school):
    long_day(school["people"][0])
    find_recent()
    signs = {"signs": {"equal": {"visits": 6, "items": 6, "low": 60_000, "high": 60_900}}}
    for person in school["people"][:2]:
        Anomaly.objects.create(
            member=person, kind=Kind.RHYTHM, day=DAY, found_at=NIGHT, digest="x", evidence=signs
        )
    find_anomalies(day=DAY, rhythm_of={school["people"][0].pk})
    assert [row.member for row in listed(kind=Kind.RHYTHM)] == [school["people"][1]]
    find_anomalies(day=DAY)
    assert not listed(kind=Kind.RHYTHM).exists() and listed(kind=Kind.LONG_DAY).exists()


def test_a_day_costs_no_more_statements_with_more_members(school, django_assert_max_num_queries):
    in_step(school, school["people"])
    one_telephone(school, school["people"])
    for person in school["people"]:
        long_day(person)
    with django_assert_max_num_queries(14):
        find_anomalies(day=DAY)


def test_the_command_says_what_it_found_and_refuses_nonsense(school, capsys):
    one_telephone(school, school["people"])
    call_command("find_anomalies", "--day", "2026-03-02")
    assert "2026-03-02：新增 4 条" in capsys.readouterr().out
    call_command("find_anomalies")
    assert "2026-03-02：新增 0 条" in capsys.readouterr().out
    for wrong in ("gestern", "2027-01-01"):
        with pytest.raises(CommandError):
            call_command("find_anomalies", "--day", wrong)


# -- judging --------------------------------------------------------------------------------------


def device_row(school):
    one_telephone(school, school["people"])
    find_anomalies(day=DAY)
    return listed().first()


def test_judging_changes_no_hour_and_is_on_record(school):
    row = device_row(school)
    post_offline(
        member_id=row.member_id,
        title="x",
        seconds=600,
        source=HourEntry.Source.MANUAL,
        studied_on=DAY,
        origin="x:1",
        award=50,
    )
    before = list(HourEntry.objects.values())
    judge_anomaly(anomaly=row, verdict=State.CORRECTION, note="本人承认", by=school["office"])
    assert list(HourEntry.objects.values()) == before
    row.refresh_from_db()
    assert (row.state, row.judged_by, row.note) == (State.CORRECTION, school["office"], "本人承认")
    entry = AuditEntry.objects.get(action="study.anomaly_judged")
    assert entry.fields == {"anomaly": row.pk, "kind": "device", "finding": "correction"}


def test_a_judgement_needs_a_verdict_and_a_word(school):
    row = device_row(school)
    for verdict, note in (("", "x"), (State.OPEN, "x"), (State.PLAUSIBLE, "  ")):
        with pytest.raises(DomainError):
            judge_anomaly(anomaly=row, verdict=verdict, note=note, by=school["office"])
    judge_anomaly(anomaly=row, verdict=State.PLAUSIBLE, note="属实", by=school["office"])
    with pytest.raises(Conflict):
        judge_anomaly(anomaly=row, verdict=State.CORRECTION, note="x", by=school["office"])


def test_nobody_judges_or_sees_what_he_is_part_of(school):
    one_telephone(school, [*school["people"][:3], school["office"]])
    find_anomalies(day=DAY)
    for row in listed():
        with pytest.raises(NotAllowed):
            judge_anomaly(anomaly=row, verdict=State.PLAUSIBLE, note="x", by=school["office"])
        assert not may_judge(school["office"], row)
        assert anomaly_within(school["office"], row.pk) is None
    assert not anomalies_below(school["office"], school["committee"]).exists()
    assert anomalies_below(school["auditor"], school["committee"]).count() == 4


def test_the_office_judges_the_secretary_looks_others_see_nothing(school):
    row = device_row(school)
    assert may_judge(school["office"], row)
    assert not may_judge(school["secretary"], row) and not may_judge(school["auditor"], row)
    for who in ("office", "secretary", "auditor"):
        assert anomaly_within(school[who], row.pk) == row
    assert anomaly_within(school["foreign"], row.pk) is None
    assert anomaly_within(school["people"][1], row.pk) is None


def test_who_had_no_branch_is_on_the_list_of_the_whole_school(school):
    row = device_row(school)
    Anomaly.objects.filter(pk=row.pk).update(branch=None)
    assert row in anomalies_below(school["office"], school["committee"])
    assert row not in anomalies_below(school["office"], school["general"])
    assert anomaly_within(school["office"], row.pk) and not anomaly_within(
        school["secretary"], row.pk
    )


# -- what rests on it -----------------------------------------------------------------------------


def test_evidence_stays_while_somebody_has_still_to_look(school):
    row = device_row(school)
    for session in StudySession.objects.all():
        Report.objects.create(session=session, seq=1, received_at=MORNING, packed=b"\x01\x00\x00")
    YearClose.objects.create(year=2026, closed_at=moment("2027-01-31 20:00"))
    with clock.at(moment("2027-12-01 03:00")):
        assert evidence.prune() == 0
        judge_anomaly(anomaly=row, verdict=State.PLAUSIBLE, note="属实", by=school["office"])
        assert evidence.prune() == 1


def test_a_row_is_not_taken_off_because_its_evidence_was_pruned(school):
    device_row(school)
    Anomaly.objects.filter(member=school["people"][0]).update(state=State.PLAUSIBLE)
    StudySession.objects.filter(member=school["people"][0]).update(pruned_at=NIGHT)
    assert find_anomalies(day=DAY).gone == 0 and listed(state=State.OPEN).count() == 3


def test_open_rows_are_named_before_a_year_is_closed(school):
    device_row(school)
    assert [m.count for m in open_matters(2026) if "待核实" in m.label] == [4]
    assert not [m for m in open_matters(2025) if "待核实" in m.label]


def test_ones_own_data_name_what_was_judged_and_no_other_member(school):
    row = device_row(school)
    (part,) = [each for each in parts() if each.name == "study.anomaly"]
    assert part.export(row.member) == []
    judge_anomaly(anomaly=row, verdict=State.PLAUSIBLE, note="属实", by=school["office"])
    (written,) = part.export(row.member)
    assert written["状态"] == "学习属实" and "依据" not in written


# -- pages ----------------------------------------------------------------------------------------


def client_of(member):
    client = Client()
    client.force_login(member)
    return client


def test_the_page_of_a_row_masks_the_others_and_hides_those_out_of_reach(school):
    one_telephone(school, [*school["people"][:3], school["strangers"][0]])
    find_anomalies(day=DAY)
    row = listed(member=school["people"][0]).get()
    address = reverse("study:anomaly", args=[row.pk])
    text = client_of(school["secretary"]).get(address).content.decode()
    assert "张**" in text and "张建1" not in text and "08:12:00" in text
    assert "李" not in text.split("<main", 1)[1] and "不在管理范围内" in text
    whole = (
        client_of(school["office"]).get(reverse("study:anomaly", args=[row.pk])).content.decode()
    )
    assert "李**" in whole and "核实结论" in whole and "核实结论" not in text


def told_in_the_evening(school):
    """Three films of the morning that came in one go, hours after the browser was heard of."""
    for number in range(3):
        seen = [([Segment(0, 20 * 60_000, 0, 20 * 60_000, 100, True)], [])]
        school["kept"].visit(
            *(school["people"][0], make_lesson(20), 30 * number, 20),
            browser="one",
            reports=seen,
            received=600,
        )
    school["kept"].visit(
        school["people"][0], make_lesson(20), 300, 1, browser="one", reports=[([], [])]
    )


def test_visits_told_hours_later_are_listed_once_and_again_when_more_come(school):
    told_in_the_evening(school)
    assert find_anomalies(day=DAY).new == 1
    row = listed(kind=Kind.DEFERRED).get()
    assert row.member == school["people"][0] and row.evidence["total"] == 60 * 60_000
    assert find_anomalies(day=DAY).new == 0
    find_anomalies(day=DAY, rhythm_of=set())
    assert listed(kind=Kind.DEFERRED).exists()  # his reports were not read


@pytest.mark.parametrize("kind", ["device", "lockstep", "long_day", "rhythm", "deferred"])
def test_every_kind_of_evidence_is_readable(school, kind):
    if kind == "device":
        one_telephone(school, school["people"])
    elif kind == "lockstep":
        in_step(school, school["people"])
    elif kind == "long_day":
        long_day(school["people"][0])
    elif kind == "deferred":
        told_in_the_evening(school)
    else:
        same = {"visits": 6, "items": 6, "low": 60_000, "high": 60_900}
        both = {"answers": 12, "low": 4_000, "high": 4_150}
        Anomaly.objects.create(
            member=school["people"][0],
            branch=school["leaf"],
            kind=kind,
            day=DAY,
            found_at=NIGHT,
            digest="x",
            evidence={
                "signs": {
                    "equal": same,
                    "same": both,
                    "instant": both,
                    "even": {"reports": 200, "interval": 30_000, "apart": 0, "check_ins": 9},
                }
            },
        )
    find_anomalies(day=DAY) if kind != "rhythm" else None
    row = listed(kind=kind).first()
    page = client_of(school["office"]).get(reverse("study:anomaly", args=[row.pk])).content.decode()
    says = {
        "device": "同一个浏览器上有 4 个账号",
        "lockstep": "4 名党员学习多项内容",
        "long_day": "当日计入 20 小时",
        "rhythm": "间隔都是 30.0 秒左右",
        "deferred": "3 次学习（合计 1 小时）都在结束一小时以后才一次传来",
    }
    assert says[kind] in page and not {"挂机", "异常", "作弊"} & set(page.split())


def test_the_office_judges_a_whole_pattern_at_once(school):
    row = device_row(school)
    page = client_of(school["office"])
    answer = page.post(
        reverse("study:anomaly_judge", args=[row.pk]),
        {"verdict": "plausible", "note": "活动室公用电脑", "whole": "on"},
    )
    assert answer.status_code == 302 and not listed(state=State.OPEN).exists()
    again = page.post(reverse("study:anomaly_judge", args=[row.pk]), {"verdict": "correction"})
    assert again.status_code == 302 and not listed(state=State.CORRECTION).exists()


def test_an_unfinished_judgement_is_shown_again_with_what_is_missing(school):
    row = device_row(school)
    address = reverse("study:anomaly_judge", args=[row.pk])
    page = client_of(school["office"]).post(address, {"verdict": "plausible", "note": ""})
    assert page.status_code == 400 and row.evidence == listed().first().evidence
    assert client_of(school["secretary"]).post(address, {}).status_code == 403
    assert client_of(school["foreign"]).post(address, {}).status_code == 404


def test_the_list_is_filtered_by_kind_state_and_branch(school):
    one_telephone(school, [*school["people"][:3], school["strangers"][0]])
    long_day(school["strangers"][1])
    find_anomalies(day=DAY)
    page = client_of(school["office"])
    address = reverse("study:anomalies", args=[school["general"].pk])

    def count(**asked):
        return len(page.get(address, asked).context["page"].object_list)

    assert (count(), count(kind="long_day"), count(state="plausible")) == (5, 1, 0)
    assert count(branch=school["other"].pk) == 2 and count(kind="nonsense", branch="x") == 5
    assert count(kind="device", branch=school["other"].pk) == 1


def test_the_member_finds_nothing_of_it_anywhere(school):
    row = device_row(school)
    page = client_of(row.member)
    for name in ("study:me", "study:hours", "study:disputes", "notices:inbox"):
        assert "待核实" not in page.get(reverse(name)).content.decode()
    assert page.get(reverse("study:anomaly", args=[row.pk])).status_code == 404


def test_the_pages_cost_few_statements(school, django_assert_max_num_queries):
    in_step(school, school["people"])
    find_anomalies(day=DAY)
    page = client_of(school["office"])
    for address in (
        reverse("study:anomalies", args=[school["committee"].pk]),
        reverse("study:anomaly", args=[listed().first().pk]),
    ):
        page.get(address)
        with django_assert_max_num_queries(20):
            assert page.get(address).status_code == 200


def test_a_correction_leads_to_the_desk_of_the_ledger(school):
    row = device_row(school)
    entry = post_offline(
        member_id=row.member_id,
        title="x",
        seconds=600,
        source=HourEntry.Source.MANUAL,
        studied_on=DAY,
        origin="x:1",
        award=50,
    )
    page = client_of(school["office"]).get(reverse("study:anomaly", args=[row.pk]))
    assert reverse("hour_entries:correct", args=[entry.pk]) in page.content.decode()
    looked = client_of(school["secretary"]).get(reverse("study:anomaly", args=[row.pk]))
    assert "hour_entries" not in looked.content.decode()


def test_opening_a_lesson_keeps_the_mark_of_the_browser_hashed(school):
    lesson = school["lessons"][0]
    client = client_of(school["people"][0])
    client.cookies["device"] = "a mark of this browser"
    answer = client.post(
        reverse("study:open"), {"item": lesson.item_id}, content_type="application/json"
    )
    session = StudySession.objects.get(pk=answer.json()["sid"])
    assert len(session.browser) == 64 and "mark" not in session.browser
