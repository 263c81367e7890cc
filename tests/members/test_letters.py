"""The letter of introduction of a transfer: until when it holds, who prints it, what it says."""

from datetime import date, datetime, timedelta

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from school.core import clock
from school.members.rules.letters import valid_until
from school.members.services.records import edit_record
from school.members.services.transfers import receive_transfer, send_transfer
from tests.factories import members as make

TODAY = date(2026, 6, 25)


def moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=clock.LOCAL)


@pytest.fixture
def branches(db):
    _, _, first, second = make.tree()
    return first, second


def sent(branches, **more):
    first, second = branches
    who = make.member(first)
    return who, send_transfer(member=who, to=second, by=make.officer(first), **more)


@pytest.mark.pure
@pytest.mark.parametrize(
    ("day", "months", "last"),
    [
        (date(2026, 6, 25), 3, date(2026, 9, 25)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
    ],
)
def test_a_letter_holds_until_the_same_day_so_many_months_on(day, months, last):
    assert valid_until(day, months) == last


@pytest.mark.pure
@given(day=st.dates(date(1950, 1, 1), date(2100, 1, 1)), months=st.integers(1, 24))
def test_a_letter_ends_in_the_right_month_and_never_on_a_later_day(
    day,
    months,
):
    last = valid_until(day, months)
    assert (last.year * 12 + last.month) - (day.year * 12 + day.month) == months
    assert last.day <= day.day
    assert last.day == day.day or (last + timedelta(days=1)).day == 1


@pytest.mark.django_db
def test_the_sending_branch_prints_the_letter_while_the_member_is_on_the_way(client, branches):
    with clock.at(moment(TODAY)):
        who, transfer = sent(branches, letter_number="2026-017")
        address = reverse("members:transfer_letter", args=[transfer.pk])
        client.force_login(make.officer(branches[0]))
        page = client.get(address).content.decode()
        for words in (who.name, branches[0].name, branches[1].name, "2026-017", "2026年9月25日"):
            assert words in page
        assert page.count("letter__part") == 3
        assert address in client.get(f"/branch/transfers/{transfer.pk}/").content.decode()
        client.force_login(make.officer(branches[1]))
        assert client.get(address).status_code == 403
        receive_transfer(transfer=transfer, on=TODAY, by=None)
        client.force_login(make.officer(branches[0]))
        assert client.get(address).status_code == 409


@pytest.mark.django_db
def test_a_letter_carries_no_personal_number(client, branches):
    who = make.member(branches[0], mobile="13912345678")
    edit_record(member=who, changes={"identity": "11010519491231002X"}, by=None)
    transfer = send_transfer(member=who, to=branches[1], by=None)
    client.force_login(make.officer(branches[0]))
    page = client.get(reverse("members:transfer_letter", args=[transfer.pk])).content.decode()
    assert not [
        part for part in ("13912345678", "5678", "11010519491231002X", "002X") if part in page
    ]


@pytest.mark.django_db
def test_a_letter_that_has_run_out_is_pointed_out_and_not_printed(client, branches):
    with clock.at(moment(TODAY)):
        _who, transfer = sent(branches)
        secretary = make.officer(branches[0])
    page = f"/branch/transfers/{transfer.pk}/"
    with clock.at(moment(date(2026, 9, 20))):
        client.force_login(secretary)
        assert "还有 5 天" in client.get(page).content.decode()
    with clock.at(moment(date(2026, 9, 26))):
        client.force_login(secretary)
        assert "已过有效期" in client.get(page).content.decode()
        letter = client.get(f"{page}letter/").content.decode()
        assert "撤回后重新转出" in letter and "letter__part" not in letter
