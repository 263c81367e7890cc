"""Filings: the states, what is frozen, who may do what, and equal to board and export."""

from datetime import date

import pytest
from django.urls import reverse

from school.core import clock
from school.core.errors import Conflict, DomainError
from school.plans.rules import figures
from school.plans.selectors.counts import node_counts
from school.reports.models import Filing, FilingRow
from school.reports.selectors.filings import draft, drift, figures_of, next_duty
from school.reports.services.filings import confirm_filing, file_period, return_filing
from tests.factories.plans import complete
from tests.factories.study import moment
from tests.reports.test_boards import exported, school, section, sign_in  # noqa: F401

pytestmark = pytest.mark.django_db
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


def file(school, node="leaf", start=MARCH):  # noqa: F811
    return file_period(branch=school[node], period="month", starts_on=start, by=school["secretary"])


def test_what_was_filed_stays_when_the_figures_move(school):  # noqa: F811
    snapshot = file(school)
    assert snapshot.as_of == date(2026, 3, 31)
    total = figures_of(snapshot.rows.get(kind=FilingRow.Kind.TOTAL))
    assert (total.due, total.done) == (5, 1)
    assert drift(school["leaf"], snapshot) == []
    for item in school["items"]:
        complete(school["people"][2], item, date(2026, 3, 30))
    assert figures_of(snapshot.rows.get(kind=FilingRow.Kind.TOTAL)).done == 1
    (changed,) = drift(school["leaf"], snapshot)
    assert ("已完成", 1, 2) in changed.changes


def test_the_filed_numbers_equal_the_board_and_the_export(client, school):  # noqa: F811
    snapshot = file(school)
    total = figures_of(snapshot.rows.get(kind=FilingRow.Kind.TOTAL))
    counts = node_counts(school["leaf"], school["plan"], snapshot.as_of).total
    assert total == figures(counts, ends_on=school["plan"].ends_on, day=snapshot.as_of)
    sign_in(client, school["secretary"])
    told = section(exported(client, school["leaf"], on=str(snapshot.as_of)), "应学")[0]
    assert (told["应学"], told["已完成"], told["未完成"]) == (total.due, total.done, total.open)
    known = node_counts(school["leaf"], school["plan"], snapshot.as_of, known_at=snapshot.taken_at)
    assert known.total == counts


def test_a_filing_goes_through_its_states_and_no_other_way(school):  # noqa: F811
    snapshot = file(school)
    filing, boss = snapshot.filing, school["admin"]
    with pytest.raises(Conflict):
        file(school)
    with pytest.raises(DomainError):
        return_filing(filing=filing, reason=" ", by=boss)
    return_filing(filing=filing, reason="人数不对", by=boss)
    with pytest.raises(Conflict):
        confirm_filing(filing=filing, by=boss)
    again = file(school)
    assert again.attempt == 2
    assert confirm_filing(filing=filing, by=boss).state == Filing.State.CONFIRMED
    for refused in (
        lambda: return_filing(filing=filing, reason="再改", by=boss),
        lambda: confirm_filing(filing=filing, by=boss),
        lambda: file(school),
    ):
        with pytest.raises(Conflict):
            refused()


def test_a_month_that_has_not_begun_cannot_be_filed(school):  # noqa: F811
    with pytest.raises(DomainError):
        file(school, start=date(2026, 5, 1))
    with pytest.raises(DomainError):
        file(school, start=date(2026, 3, 2))


def test_a_node_adds_up_what_was_filed_and_knows_who_has_not(school):  # noqa: F811
    before = draft(school["middle"], "month", MARCH)
    assert [child.branch for child in before.missing] == [school["leaf"]]
    with pytest.raises(DomainError):
        file(school, "middle")
    filed = figures_of(file(school).rows.get(kind=FilingRow.Kind.TOTAL))
    after = draft(school["middle"], "month", MARCH)
    assert after.missing == []
    assert after.totals[0].figures == filed
    file(school, "middle")
    top = draft(school["root"], "month", MARCH)
    assert [child.branch for child in top.missing] == [school["other"]]
    assert top.totals[0].figures.due == filed.due + 1  # the committee's own member


def test_a_returned_filing_is_not_added_up(school):  # noqa: F811
    filing = file(school).filing
    return_filing(filing=filing, reason="改", by=school["admin"])
    assert draft(school["middle"], "month", MARCH).totals == []


def test_last_month_is_due_until_its_days_of_grace_are_over(school):  # noqa: F811
    leaf = school["leaf"]
    with clock.at(moment("2026-04-03 09:00")):
        assert (next_duty(leaf).starts_on, next_duty(leaf).days_left) == (MARCH, 2)
        file(school)
        assert next_duty(leaf).starts_on == APRIL
    with clock.at(moment("2026-04-06 09:00")):
        assert next_duty(leaf).starts_on == APRIL


def test_a_secretary_files_and_the_branch_above_decides(client, school):  # noqa: F811
    leaf = school["leaf"]
    sign_in(client, school["secretary"])
    address = reverse("reports:filing", args=[leaf.pk, "2026-04"])
    assert "预览" in client.get(address).content.decode()
    client.post(reverse("reports:file", args=[leaf.pk, "2026-04"]))
    assert "已上报" in client.get(address).content.decode()
    refused = client.post(
        reverse("reports:return", args=[leaf.pk, "2026-04"]), {"reason": "自己退"}
    )
    assert refused.status_code == 403
    sign_in(client, school["admin"])
    client.post(reverse("reports:confirm", args=[leaf.pk, "2026-04"]))
    assert Filing.objects.get().state == Filing.State.CONFIRMED
    above = client.get(reverse("reports:filing", args=[school["middle"].pk, "2026-04"]))
    assert "下级已全部上报" in above.content.decode()


def test_each_level_reads_what_a_returned_filing_asks_of_it(client, school):  # noqa: F811
    filing = file(school).filing
    return_filing(filing=filing, reason="请核对免学人数", by=school["admin"])
    address = reverse("reports:filing", args=[school["leaf"].pk, "2026-03"])
    told = sign_in(client, school["secretary"]).get(address).content.decode()
    above = sign_in(client, school["admin"]).get(address).content.decode()
    assert "请核对免学人数" in told and "请核对免学人数" in above
    assert "上级已退回" in told and "等待重新上报" not in told
    assert "等待重新上报" in above and "上级已退回" not in above


@pytest.mark.parametrize("month", ["2026-13", "x", "2030-01", "1999-01"])
def test_a_month_that_does_not_exist_is_not_found(client, school, month):  # noqa: F811
    sign_in(client, school["secretary"])
    assert client.get(reverse("reports:filing", args=[school["leaf"].pk, month])).status_code == 404
