"""A whole house held against its evidence: after everything that happens, and after tampering."""

from datetime import date, timedelta

import pytest
from django.db import connection

from school.core import clock
from school.members.services.branches import merge_branch
from school.members.services.erasure import erase_member
from school.plans.services.counting import fold
from school.reports.selectors.board import board
from school.study.models import HourEntry, LateArrival
from school.study.rules import origins
from school.study.services.rebuild import rebuild_hours
from tests.factories.histories import NOW, House
from tests.factories.plans import make_branch
from tests.reports.test_one_figure import EVERYTHING

pytestmark = pytest.mark.django_db

# What stands on the word of a person alone: nothing else in the house says what is right.
BY_HAND = {origins.FIX, origins.DISPUTE, origins.IMPORT, origins.LATE, "tests"}


@pytest.fixture(params=["credited anew", "by time"])
def house(request):
    house = House()
    anew = request.param == "credited anew"
    house.live(*(act for act in EVERYTHING if anew or act != "anew"))
    with clock.at(NOW):
        yield house


def sums() -> list[tuple]:
    rows = HourEntry.objects.order_by("pk")
    return list(rows.values_list("member_id", "counts_for_year", "source", "seconds", "credit"))


COLUMNS = ("credit", "award", "seconds", "source", "studied_on", "counts_for_year")


def spoil(entry: HourEntry, column: str, value: int | str | date) -> None:
    """Change a line behind the ledger's back."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE study_hourentry SET {column} = %s WHERE id = %s", [value, entry.pk])


def another(entry: HourEntry, column: str) -> int | str | date:
    """A value a column of a line must not have."""
    right = getattr(entry, column)
    if column == "source":
        return "quiz" if right != "quiz" else "online"
    return right + timedelta(days=1) if column == "studied_on" else right + 1


def told_by_year() -> dict[int, int]:
    return {year: booked for year, (booked, _wanted) in rebuild_hours().years.items()}


def test_erased_people_and_branches_that_went_up_in_others_leave_every_sum(house):
    before, years, rows = sums(), told_by_year(), HourEntry.objects.count()
    other = make_branch(house.root, name="二支部")
    merge_branch(branch=house.leaf, into=other, on=clock.today(), by=house.office)
    erase_member(member=house.colleague, reason="本人书面申请 2026-06-20", by=house.office)
    fold()
    found = rebuild_hours(write=True)
    assert (found.differences, found.written) == ([], 0)
    assert (sums(), told_by_year(), HourEntry.objects.count()) == (before, years, rows)
    shown = {row.member_id: row for row in board(other, day=clock.today()).people}
    for who in (house.member, house.colleague):
        credit = sum(e[4] for e in before if e[:2] == (who.pk, 2026))
        row = shown[who.pk]
        assert row.got == row.online + row.offline == credit


@pytest.mark.parametrize("column", COLUMNS)
def test_every_figure_with_evidence_that_is_changed_is_found_and_no_other(house, column):
    late = set(LateArrival.objects.values_list("entry_id", flat=True))
    settled = {
        entry.origin
        for entry in HourEntry.objects.exclude(reversed_by=None)
        if origins.kind_of(entry.reversed_by.origin) != origins.ANEW
    }
    tried = 0
    for entry in HourEntry.objects.in_force().exclude(pk__in=late):
        right, kind = getattr(entry, column), origins.kind_of(entry.origin)
        if entry.origin in settled or kind in BY_HAND:
            continue
        if column == "seconds" and kind == origins.COMPLETION:
            continue  # how long it had taken was known only at the moment of completion
        spoil(entry, column, another(entry, column))
        found = rebuild_hours().differences
        assert [each.member_id for each in found[:1]] == [entry.member_id], entry.origin
        spoil(entry, column, right)
        tried += 1
    assert tried > (3 if column == "seconds" else 7)
    assert not rebuild_hours().differences


def test_a_reversal_that_does_not_take_back_the_whole_line_is_found(house):
    for number, entry in enumerate(HourEntry.objects.exclude(reverses=None)):
        column = ("credit", "seconds", "source", "studied_on", "counts_for_year")[number % 5]
        spoil(entry, column, another(entry, column))
        assert any("冲销" in each.why for each in rebuild_hours().differences), entry.origin
        spoil(entry, column, getattr(entry, column))


def test_what_was_tampered_with_is_mended_by_further_lines(house):
    right = told_by_year()
    mine = HourEntry.objects.in_force().filter(member=house.member).order_by("pk")
    for kind in ("attendance:", "completion:"):
        entry = mine.filter(origin__startswith=kind).last()
        spoil(entry, "credit", entry.credit + 500)
    assert told_by_year() != right
    rows = HourEntry.objects.count()
    assert rebuild_hours(write=True).written >= 4
    found = rebuild_hours()
    assert not found.differences and HourEntry.objects.count() >= rows + 4
    assert told_by_year() == right
