"""Evidence is kept as long as anybody may ask for it, and then goes."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from school.core import clock
from school.core.models import AuditEntry
from school.study import registry
from school.study.models import (
    Coverage,
    Dispute,
    HourEntry,
    LateArrival,
    Report,
    StudySession,
    YearClose,
)
from school.study.services.disputes import open_dispute, withdraw_dispute
from school.study.services.evidence import prune, runs
from school.study.services.ledger import post_offline
from tests.factories import members as make
from tests.factories.study import Page, make_lesson, make_member, moment

pytestmark = pytest.mark.django_db

SPRING = moment("2024-03-02 20:00")
LATER = moment("2026-03-02 03:00")


def studied(start=SPRING, member=None):
    """An evening of a member; its reports."""
    page = Page(member or make_member(), make_lesson(20), start)
    page.watch(0, 120)
    return Report.objects.filter(session_id=page.opened.sid)


def close(*years):
    for year in years:
        YearClose.objects.create(year=year, closed_at=moment(f"{year + 1}-01-31 20:00"))


def prune_at(day=LATER):
    with clock.at(day):
        return prune()


def test_evidence_of_an_open_year_stays_however_old_it_is():
    evening = studied()
    close(2023, 2025)
    assert prune_at() == 0 and evening.count() == 4


def test_evidence_of_a_closed_year_goes_after_the_days_it_is_kept(settings):
    evening = studied(moment("2024-12-01 20:00"))
    close(2024)
    assert prune_at(moment("2025-02-10 03:00")) == 0
    assert prune_at() == 4 and not evening.exists()
    assert StudySession.objects.get().pruned_at == LATER


def test_what_was_earned_stays_when_its_evidence_goes():
    page = Page(make_member(), make_lesson(5), SPRING)
    page.watch(0, 300)
    before = list(Coverage.objects.values()), list(HourEntry.objects.values())
    close(2024)
    assert prune_at() == 10
    assert before == (list(Coverage.objects.values()), list(HourEntry.objects.values()))


def test_a_session_over_new_year_stays_until_both_years_are_closed():
    evening = studied(moment("2024-12-31 20:00"))
    close(2024)
    assert prune_at() == 0 and evening.count() == 4
    close(2025)
    assert prune_at() == 4


def test_evidence_that_somebody_holds_stays(monkeypatch):
    monkeypatch.setattr(registry, "_evidence_holds", [])
    disputed, other = studied(), studied()
    member = disputed.first().session.member
    registry.register_evidence_hold(
        lambda: type(member).objects.filter(pk=member.pk).values_list("pk", flat=True)
    )
    close(2024)
    assert prune_at() == 4 and disputed.count() == 4 and not other.exists()


def test_evidence_stays_while_its_member_has_an_open_dispute():
    """By the registry as the school fills it."""
    member = make.member(make.tree()[2])
    disputed, other = studied(member=member), studied()
    with clock.at(LATER - timedelta(days=1)):
        dispute = open_dispute(
            member=member, kind=Dispute.Kind.MISSING, studied_on=SPRING.date(), text="漏记了"
        )
    close(2024)
    assert prune_at() == 4 and disputed.count() == 4 and not other.exists()
    with clock.at(LATER):
        withdraw_dispute(dispute=dispute, by=member)
    assert prune_at(LATER + timedelta(days=1)) == 4 and not disputed.exists()


def test_evidence_stays_while_its_members_hours_wait_for_a_decision():
    waiting, other = studied(), studied()
    close(2024)
    with clock.at(moment("2025-03-01 09:00")):
        post_offline(
            member_id=waiting.first().session.member_id,
            title="专题党课",
            seconds=3600,
            source="lecture",
            studied_on=SPRING.date(),
            origin="test:1",
        )
    assert prune_at() == 4 and waiting.count() == 4 and not other.exists()
    LateArrival.objects.update(state=LateArrival.State.REFUSED)
    assert prune_at(LATER + timedelta(days=1)) == 4


def test_pruning_is_on_record_once_and_a_second_run_finds_nothing():
    studied()
    close(2024)
    assert (prune_at(), prune_at(LATER + timedelta(days=1))) == (4, 0)
    entry = AuditEntry.objects.get(action="study.evidence_pruned")
    assert entry.fields["reports"] == 4 and entry.fields["years"] == [2024]


def test_reports_kept_before_they_were_packed_still_tell_their_stretches():
    report = studied().first()
    stretches, answers = report.evidence()
    report.segments = [[s.m0, s.m1, s.w0, s.w1, s.rate, s.visible] for s in stretches]
    report.packed, report.answers = b"", [list(each) for each in answers]
    assert report.evidence() == (stretches, answers) and stretches


@pytest.mark.parametrize(
    ("years", "found"),
    [((), []), ((2024,), [(2024, 2024)]), ((2026, 2024, 2025, 2020), [(2020, 2020), (2024, 2026)])],
)
def test_years_without_a_gap_are_one_run(years, found):
    assert runs(years) == found


def test_draining_by_hand_needs_the_buffered_sink():
    with pytest.raises(CommandError):
        call_command("drain_study")
