"""One figure: ledger, the member's pages, the board, its export and the rest say the same hours."""

import json
import re
from io import BytesIO

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from openpyxl import load_workbook

from school.core import clock, wording
from school.members.models import Member
from school.members.services.dossier import dossier
from school.plans.services.targets import set_targets
from school.reports.selectors import person
from school.reports.selectors.board import board
from school.study import spans as sets
from school.study.models import Coverage, HourEntry, StudyDay, WallDay
from school.study.rules import hours as rules
from school.study.services.rebuild import rebuild_hours
from school.study.views import pages
from tests.factories.histories import ACTS, NOW, House
from tests.factories.study import Page

EVERYTHING = [
    "watch", "watch", "watch", "quiz", "recognised", "together", "cancelled", "same_minutes",
    "desk", "imported", "other", "correct", "take_back", "disputed", "line_disputed", "late",
    "too_late", "voided", "one_corrected",
    "begin", "midnight", ("watch", 20), ("correct", 9), "anew", "begin", ("take_back", 5), "watch",
    "quiz",
]  # fmt: skip


class Truth:
    """What the lines of the ledger add up to, in hundredths and seconds."""

    def __init__(self, member: Member, year: int, step: int) -> None:
        lines = HourEntry.objects.filter(member=member, counts_for_year=year)
        self.lines = list(lines.order_by("studied_on", "pk"))
        self.offline = sum(e.credit for e in self.lines if e.source in HourEntry.OFFLINE)
        self.online = sum(e.credit for e in self.lines) - self.offline
        self.exact = self.online + self.offline
        self.total = rules.stepped(self.exact, step)
        self.credits = sorted(e.credit for e in self.lines)
        self.durations = sorted(wording.duration(e.seconds) for e in self.lines if e.seconds > 0)


class Reader:
    """Somebody signed in who reads figures off pages."""

    def __init__(self, member: Member) -> None:
        self.client = Client()
        self.client.force_login(member, backend="school.members.backends.MemberBackend")

    def page(self, name: str, *args, **query) -> BeautifulSoup:
        address = name if name.startswith("/") else reverse(name, args=args)
        answer = self.client.get(address, query)
        assert answer.status_code == 200, (name, answer.status_code)
        return BeautifulSoup(answer.content, "html.parser")

    def file(self, name: str, *args) -> bytes:
        answer = self.client.get(reverse(name, args=args))
        assert answer.status_code == 200
        return b"".join(answer) if answer.streaming else answer.content


def hundredths(text: str) -> int:
    """The first number of a text in hundredths: "已获 18.5 学时" → 1850."""
    whole, _dot, rest = re.search(r"-?\d+(?:\.\d+)?", text).group().partition(".")
    sign = -1 if whole.startswith("-") else 1
    return sign * (abs(int(whole)) * 100 + int((rest + "00")[:2]))


def text(node) -> str:
    return " ".join(node.get_text(" ").split())


def check_own_page(reader: Reader, truth: Truth, year: int) -> None:
    first = reader.page("study:hours", year=year)
    sums = [hundredths(text(dd)) for dd in first.select(".hours__list dd")]
    assert sums == [truth.total, truth.online, truth.offline]
    if truth.exact != truth.total:
        assert f"取整前 {wording.hours(truth.exact)} 学时" in text(first)
    bars = [hundredths(text(bar)) for bar in first.select(".month-bars__value")]
    assert not bars or sum(bars) == truth.exact
    credits, durations, number = [], [], 1
    while True:
        page = reader.page("study:hours", year=year, page=number)
        for row in page.select(".hours__ledger .ledger__row"):
            credits.append(hundredths(text(row.select_one(".ledger__credit"))))
            durations += _durations(row.select(".ledger__facts span"))
        number += 1
        if len(credits) >= len(truth.lines) or number > 9:
            break
    assert sorted(credits) == truth.credits
    assert sorted(durations) == truth.durations


def _durations(nodes) -> list[str]:
    return [text(n) for n in nodes if re.fullmatch(r"(\d+ (小时|分|秒) ?)+", text(n))]


def check_sheet(reader: Reader, truth: Truth, year: int) -> None:
    page = reader.page("study:hours_sheet", year=year)
    (sums,) = [text(dd) for dd in page.select(".year-sheet__facts dd") if "学时" in text(dd)]
    assert [hundredths(part) for part in re.findall(r"-?[\d.]+", sums)] == [
        truth.total,
        truth.online,
        truth.offline,
    ]
    if truth.exact != truth.total:
        assert f"取整前 {wording.hours(truth.exact)} 学时" in text(page)
    months = page.select_one(".year-sheet__table--months").select("tbody tr")
    by_side = [sum(hundredths(text(td)) for td in tr.select("td") if text(td)) for tr in months]
    assert by_side == [truth.online, truth.offline]
    rows = [tr.select("td") for tr in page.select(".year-sheet__table")[-1].select("tbody tr")]
    rows = [cells for cells in rows if len(cells) == 6]
    assert sorted(hundredths(text(cells[4])) for cells in rows) == truth.credits
    assert sorted(text(cells[3]) for cells in rows if text(cells[3])) == truth.durations


def check_me(reader: Reader, shown: int) -> None:
    page = reader.page("study:me")
    assert hundredths(text(page.select_one(".year-hours__figure"))) == shown


def check_board(reader: Reader, house: House, who: Member, truth: Truth, shown: int) -> None:
    page = reader.page("reports:board", house.leaf.pk)
    address = reverse("reports:member", args=[house.leaf.pk, who.pk])
    (row,) = [
        tr for tr in page.select(".board-people tbody tr") if tr.select(f'a[href="{address}"]')
    ]
    cell = row.select_one('td[data-label="学时"]')
    split = cell.select_one(".hours-split")
    if truth.online or truth.offline:
        both = [hundredths(each) for each in text(split).split("·")]
        assert both == [truth.online, truth.offline]
        split.extract()
    assert hundredths(text(cell)) == shown


def check_export(reader: Reader, house: House, who: Member, truth: Truth, shown: int) -> None:
    sheet = load_workbook(BytesIO(reader.file("reports:export", house.leaf.pk))).active
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    head = next(row for row in rows if row[0] == "工号")
    (found,) = [dict(zip(head, row, strict=False)) for row in rows if row[0] == who.staff_number]
    told = [round(found[name] * 100) for name in ("已获学时", "网上学时", "线下学时")]
    assert told == [shown, truth.online, truth.offline]


def check_person(reader: Reader, house: House, who: Member, truth: Truth, shown: int) -> None:
    page = reader.page("reports:member", house.leaf.pk, who.pk)
    assert hundredths(text(page.select_one(".year-hours__figure"))) == shown
    table = page.select("section.panel")[-1]
    cells = [text(td) for td in table.select("tbody td.num")]
    assert sorted(hundredths(each) for each in cells) == truth.credits


def check_dossier(who: Member, truth: Truth, year: int) -> None:
    found = json.loads(json.dumps(dossier(who), ensure_ascii=False))["内容"]
    rows = found["study.hourentry"]["记录"] if truth.lines else []
    mine = [row for row in rows if row["计入年度"] == year]
    assert sorted(row["学时（百分之一）"] for row in mine) == truth.credits
    assert sum(row["秒数"] for row in mine) == sum(e.seconds for e in truth.lines)


def check_desk(reader: Reader, who: Member, truth: Truth, year: int) -> None:
    """The ledger in the admin, line by line."""
    credits, number, more = [], 1, True
    while more:
        page = reader.page("hour_entries:index", counts_for_year=year, p=number)
        table = page.select_one("table.listing")
        if table is None:
            break  # nothing is booked yet
        heads = [text(th) for th in table.select("thead th")]
        at = next(n for n, head in enumerate(heads) if head.startswith("学时"))
        for tr in table.select("tbody tr"):
            cells = tr.find_all("td")
            if who.name in text(cells[0]):
                credits.append(hundredths(text(cells[at])))
        number, more = number + 1, bool(page.select(f'a[href*="p={number + 1}"]'))
    assert sorted(credits) == truth.credits


def check_all(house: House, step: int, due: int | None = None) -> None:
    """Everything that shows hours, for both members and both years."""
    desk, above = Reader(house.secretary), Reader(house.office)
    for who in (house.member, house.colleague):
        own, truth = Reader(who), Truth(who, 2026, step)
        shown = truth.exact if due else truth.total
        check_own_page(own, truth, 2026)
        check_sheet(own, truth, 2026)
        check_me(own, shown)
        check_board(desk, house, who, truth, shown)
        check_export(desk, house, who, truth, shown)
        check_person(desk, house, who, truth, shown)
        check_dossier(who, truth, 2026)
        check_desk(above, who, truth, 2026)
        if HourEntry.objects.filter(member=who, counts_for_year=2025).exists():
            check_own_page(own, Truth(who, 2025, 1), 2025)
            check_sheet(own, Truth(who, 2025, 1), 2025)
    check_years(above)
    if due:
        check_rate(desk, house, due)
    found = rebuild_hours()
    assert not found.differences, found.differences


def check_years(reader: Reader) -> None:
    """The years in the admin: each with the credit of all members."""
    for tr in reader.page("hour_years:index").select("tbody tr"):
        year = int(text(tr.th))
        whole = sum(HourEntry.objects.filter(counts_for_year=year).values_list("credit", flat=True))
        assert hundredths(text(tr.select("td")[1])) == whole


def check_rate(reader: Reader, house: House, due: int) -> None:
    """学时达标率 of branch and committee, from the counters."""
    met = sum(Truth(who, 2026, 1).exact >= due for who in (house.member, house.colleague))
    for node in (house.leaf, house.root):
        assert board(node, day=clock.today()).figures.hours_rate == met * 100 // 2


@pytest.mark.django_db
@pytest.mark.parametrize(("step", "due"), [(1, None), (25, None), (1, 400), (50, 1400)])
def test_every_screen_and_file_shows_the_same_hundredth(step, due):
    house = House(step)
    if due:
        people = [house.member, house.colleague]
        with clock.at(NOW):
            set_targets(members=people, year=2026, name="集中学习", credit=due)
    house.live(*EVERYTHING)
    with clock.at(NOW):
        check_all(house, step, due)


@pytest.mark.django_db
def test_the_answer_to_a_report_the_days_and_the_ledger_say_the_same_second(client):
    house = House(daily_cap=None)
    client.force_login(house.member, backend="school.members.backends.MemberBackend")
    page = Page(house.member, house.lesson(5), house.start)
    told = {}

    def post(**body):
        body.pop("member_id")
        answer = client.post(reverse("study:report"), json.dumps(body), "application/json")
        told.update(answer.json())
        assert answer.status_code == 200

    page.accept = post
    page.watch(0, 290.5, rate=1.0)
    page.send((290.5, 300, 290.5, 300))
    member = {"member": house.member}
    seen, entry = Coverage.objects.get(**member), HourEntry.objects.get(**member)
    assert told["completed"] and told["credit"] == entry.credit == 25
    days = StudyDay.objects.filter(**member).values_list("studied_ms", flat=True)
    assert told["studied_ms"] == seen.studied_ms == sum(days)
    assert entry.seconds == told["studied_ms"] // 1000
    (wall,) = WallDay.objects.filter(**member)
    assert sets.length(sets.unpack(wall.spans)) == told["studied_ms"]


@pytest.mark.django_db
def test_a_list_that_is_cut_says_so_and_its_sum_is_whole(monkeypatch):
    monkeypatch.setattr(person, "ROWS", 3)
    monkeypatch.setattr(pages, "SHEET_ROWS", 3)
    house = House(daily_cap=None)
    house.live("desk", "desk", "desk", "desk")
    truth = Truth(house.member, 2026, 1)
    with clock.at(NOW):
        board_page = Reader(house.secretary).page("reports:member", house.leaf.pk, house.member.pk)
        sheet = Reader(house.member).page("study:hours_sheet", year=2026)
    assert "只列出最近 3 条" in text(board_page) and "只列出前 3 条" in text(sheet)
    for page in (board_page, sheet):
        assert wording.hours(truth.total) in text(page)


acts = st.lists(
    st.one_of(
        st.sampled_from(sorted(ACTS)),
        st.tuples(st.just("watch"), st.integers(1, 40)),
        st.tuples(st.just("correct"), st.integers(0, 9), st.integers(1, 300)),
        st.tuples(st.sampled_from(["take_back", "line_disputed"]), st.integers(0, 9)),
    ),
    max_size=10,
)


class Histories(TestCase):
    """Each example in a transaction of its own."""

    @settings(max_examples=6, phases=(Phase.explicit, Phase.reuse, Phase.generate))
    @given(acts, st.sampled_from([1, 25]), st.sampled_from([None, 100]))
    def test_any_history_shows_one_figure(self, history, step, due):
        house = House(step)
        if due:
            with clock.at(NOW):
                set_targets(
                    members=[house.member, house.colleague], year=2026, name="x", credit=due
                )
        house.live(*history)
        with clock.at(NOW):
            check_all(house, step, due)
