"""Past study credited anew by decision; the ledger held against its evidence."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from school.core import clock, jobs
from school.core.errors import Conflict, DomainError
from school.core.models import Job
from school.study.models import Completion, HourEntry, HourRule, Recredit, YearClose
from school.study.selectors import hours_of_year
from school.study.selectors.rules import rule_on
from school.study.services.ledger import correct_entry, post_offline, post_studied
from school.study.services.rebuild import rebuild_hours
from school.study.services.recredit import effect_of, recredit, start_recredit
from tests.factories.study import Page, make_lesson, make_member, make_rule, moment
from tests.study.test_ledger import BY_TIME, add_rule, credits, exact

pytestmark = pytest.mark.django_db

MARCH = (date(2026, 3, 1), date(2026, 3, 31))
APRIL = moment("2026-04-02 09:00")


def study(member, day: int, minutes: int = 5, hour: int = 20):
    lesson = make_lesson(minutes)
    Page(member, lesson, moment(f"2026-03-{day:02} {hour}:00")).watch(0, minutes * 60)
    return lesson


def decide(rule: HourRule, days=MARCH) -> dict:
    """Decide for the days and run the job to its end."""
    with clock.at(APRIL):
        job = start_recredit(
            rule=rule, since=days[0], until=days[1], reason="新文件", by=make_member("教务")
        )
        jobs.run(job.pk)
        job.refresh_from_db()
    assert job.state == Job.State.DONE, job.reason
    return job.result


def in_force(member) -> list[tuple]:
    lines = HourEntry.objects.in_force().filter(member=member).order_by("studied_on", "pk")
    return list(lines.values_list("credit", "rule__version"))


def test_a_new_rule_changes_nothing_that_was_credited():
    make_rule()
    member = make_member()
    study(member, 2)
    add_rule("2026-04-01", tiers=[[None, 300]])
    assert credits(member) == [(date(2026, 3, 2), 25)]
    study(member, 3)
    assert credits(member)[-1] == (date(2026, 3, 3), 25)
    assert exact()


def test_crediting_anew_takes_back_and_books_and_counts_what_comes_later():
    make_rule()
    member = make_member()
    study(member, 2)
    rule = add_rule("2026-04-01", tiers=[[None, 300]])
    assert decide(rule) == {"members": 1, "lines": 2}
    assert [credit for _day, credit in credits(member)] == [25, -25, 300]
    taken = HourEntry.objects.get(credit=-25)
    assert "新文件" in taken.note and taken.reverses.credit == 25
    study(member, 3)
    assert credits(member)[-1] == (date(2026, 3, 3), 300)
    assert rule_on(date(2026, 4, 1)) == rule
    assert exact()


def test_crediting_anew_twice_or_by_the_same_rule_writes_nothing():
    first = make_rule(daily_cap=40)
    member = make_member()
    for day, hour in ((2, 19), (2, 20), (3, 20)):
        study(member, day, hour=hour)
    assert decide(first) == {"members": 0, "lines": 0}
    rule = add_rule("2026-04-01", tiers=[[None, 30]], daily_cap=50)
    assert decide(rule)["lines"] == 6
    assert decide(rule) == {"members": 0, "lines": 0}
    assert in_force(member) == [(30, 2), (20, 2), (30, 2)]
    assert exact()


def test_crediting_anew_turns_completion_into_time_and_back():
    first = make_rule()
    member = make_member()
    study(member, 2, 45)
    by_time = add_rule("2026-04-01", **BY_TIME)
    decide(by_time)
    assert sum(credit for credit, _version in in_force(member)) == 100
    assert {version for _credit, version in in_force(member)} == {2}
    assert exact()
    add = HourRule.objects.get(pk=first.pk)
    decide(add)
    assert in_force(member) == [(100, 1)]
    assert exact()


def test_seconds_that_study_by_time_has_told_are_not_told_again_on_completion():
    """Begun by time on the last day of a year, completed in the next, which is credited anew."""
    make_rule(**BY_TIME)
    member, lesson = make_member(), make_lesson(60)
    Page(member, lesson, moment("2025-12-31 20:00")).watch(0, 1800)
    post_studied(member_id=member.pk, revision=lesson, cycle=0)
    Page(member, lesson, moment("2026-03-02 20:00")).watch(1800, 3600)
    post_studied(member_id=member.pk, revision=lesson, cycle=0)
    decide(add_rule("2026-04-01", tiers=[[None, 200]]))
    lines = HourEntry.objects.in_force().filter(member=member).order_by("studied_on")
    told = list(lines.values_list("studied_on__year", "origin", "seconds"))
    assert [(year, seconds) for year, _origin, seconds in told] == [(2025, 1800), (2026, 1800)]
    assert told[1][1].startswith("completion:")
    assert not rebuild_hours().differences


def test_crediting_anew_leaves_what_a_person_corrected():
    make_rule()
    member, keeper = make_member(), make_member("教务")
    study(member, 2)
    entry = HourEntry.objects.get()
    correct_entry(entry=entry, reason="实到半场", credit=10, by=keeper)
    decide(add_rule("2026-04-01", tiers=[[None, 300]]))
    assert hours_of_year(member.pk, 2026).online == 10
    assert exact()


def test_a_closed_year_is_not_credited_anew():
    rule = make_rule()
    YearClose.objects.create(year=2026, closed_at=APRIL)
    with clock.at(APRIL), pytest.raises(Conflict):
        start_recredit(rule=rule, since=MARCH[0], until=MARCH[1], reason="x", by=make_member())
    assert not Recredit.objects.exists()


def test_days_to_come_and_empty_reasons_are_refused():
    rule, keeper = make_rule(), make_member()
    with clock.at(APRIL):
        for since, until, reason in (
            (MARCH[1], MARCH[0], "x"),
            (MARCH[0], date(2026, 4, 3), "x"),
            (*MARCH, " "),
        ):
            with pytest.raises(DomainError):
                start_recredit(rule=rule, since=since, until=until, reason=reason, by=keeper)


def test_a_run_that_was_stopped_goes_on_with_who_is_left():
    make_rule()
    members = [make_member(), make_member()]
    for member in members:
        study(member, 2)
    rule = add_rule("2026-04-01", tiers=[[None, 300]])
    with clock.at(APRIL):
        start_recredit(
            rule=rule, since=MARCH[0], until=MARCH[1], reason="x", by=make_member("教务")
        )
        decided = Recredit.objects.get()

        def stop(_share, _step):
            raise jobs.JobCancelled

        with pytest.raises(jobs.JobCancelled):
            recredit(decided=decided, tell=stop)
        start_recredit(
            rule=rule, since=MARCH[0], until=MARCH[1], reason="x", by=make_member("教务")
        )
        assert Recredit.objects.get() == decided
        recredit(decided=decided)
    assert [in_force(member) for member in members] == [[(300, 2)], [(300, 2)]]


def test_an_effect_tells_who_gains_and_loses_by_source_and_writes_nothing():
    make_rule()
    winner, loser, same = make_member(), make_member(), make_member()
    study(winner, 2, 5)
    study(loser, 3, 20)
    post_offline(
        member_id=same.pk,
        title="党课",
        seconds=3600,
        source="lecture",
        studied_on=date(2026, 3, 4),
        origin="x:1",
    )
    trial = HourRule(version=0, tiers=[[None, 30]])
    effect = effect_of(rule=trial, since=MARCH[0], until=MARCH[1]).as_dict()
    assert (effect["gain"], effect["lose"], effect["same"]) == (1, 1, 0)
    assert effect["sources"] == {"online": [75, 60]}
    assert HourEntry.objects.count() == 3 and not Recredit.objects.exists()


def test_an_effect_is_told_what_study_by_time_would_have_earned():
    make_rule()
    study(make_member(), 2, 45)
    trial = HourRule(version=0, mode="as_studied", minutes_per_hour=30)
    effect = effect_of(rule=trial, since=MARCH[0], until=MARCH[1])
    assert effect.sources == {"online": [100, 150]}


# -- the ledger held against its evidence --------------------------------------------------------


def rebuilt(*options) -> str:
    out = StringIO()
    call_command("rebuild_hours", *options, stdout=out)
    return out.getvalue()


def spoil(sql: str, *values) -> None:
    """Change rows behind the ledger's back."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_a_right_ledger_is_said_to_be_reproduced():
    make_rule(daily_cap=40)
    member = make_member()
    for day, hour in ((2, 19), (2, 20), (3, 20)):
        study(member, day, hour=hour)
    said = rebuilt()
    assert "完全一致" in said and "台账 0.65 学时，依据 0.65 学时" in said


@pytest.mark.parametrize("column", ["credit", "award"])
def test_a_changed_figure_is_found_and_mended_by_further_rows(column):
    make_rule()
    member = make_member()
    study(member, 2)
    spoil(f"UPDATE study_hourentry SET {column} = 80")
    with pytest.raises(CommandError):
        rebuilt()
    assert HourEntry.objects.count() == 1
    assert "1 处不符" in rebuilt("--write")
    assert hours_of_year(member.pk, 2026).online == 25
    assert HourEntry.objects.count() == 3
    assert "完全一致" in rebuilt()


def test_a_missing_line_is_booked_and_one_without_evidence_taken_back():
    make_rule()
    member = make_member()
    lesson = study(member, 2)
    spoil("DELETE FROM study_hourentry")
    HourEntry.objects.create(
        member=member,
        item=lesson.item,
        title="x",
        seconds=0,
        credit=500,
        award=500,
        source="online",
        studied_on=date(2026, 3, 9),
        recorded_at=APRIL,
        counts_for_year=2026,
        origin="completion:999999",
    )
    assert len(rebuild_hours().differences) == 2
    rebuilt("--write")
    assert hours_of_year(member.pk, 2026).online == 25
    assert "完全一致" in rebuilt()


def test_nothing_of_a_closed_year_is_mended():
    make_rule()
    study(make_member(), 2)
    spoil("UPDATE study_hourentry SET credit = 80")
    YearClose.objects.create(year=2026, closed_at=APRIL)
    rebuilt("--write")
    assert HourEntry.objects.count() == 1


def test_a_line_of_a_completion_that_was_taken_back_is_found():
    make_rule()
    member = make_member()
    study(member, 2)
    done = Completion.objects.get()
    Completion.objects.create(
        member=member,
        item=done.item,
        revision=done.revision,
        effective_on=done.effective_on,
        recorded_at=APRIL,
        evidence=done.evidence,
        reverses=done,
        reason="x",
    )
    (found,) = rebuild_hours().differences
    assert (found.booked, found.wanted) == (25, None)


def test_study_that_is_not_over_yet_is_no_difference():
    make_rule(**BY_TIME)
    member, lesson = make_member(), make_lesson(60)
    start = moment("2026-03-02 20:00")
    Page(member, lesson, start).watch(0, 1800)
    with clock.at(start + timedelta(minutes=31)):
        found = rebuild_hours()
    assert not found.differences and found.waiting == 1
    with clock.at(start + timedelta(days=30)):
        assert len(rebuild_hours().differences) == 1
