"""A member's year made of everything that books hours, each in the way the product does it."""

import tempfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

from openpyxl import Workbook

from school.core import clock
from school.gatherings.rules import Mark
from school.gatherings.services import cancel_gathering, close_gathering, correct_attendance
from school.members.models import Member, RoleGrant
from school.members.services.grants import grant_role
from school.plans.services.counting import fold
from school.study.models import HourEntry, LateArrival, LateStudy, Recredit, StudyItem, YearClose
from school.study.services.disputes import correct_record, open_dispute, verify_dispute
from school.study.services.hour_imports import import_hours
from school.study.services.hour_rules import add_hour_rule
from school.study.services.late import accept_late_study
from school.study.services.ledger import (
    correct_entry,
    post_offline,
    post_studied,
    reverse_entry,
)
from school.study.services.recredit import recredit
from school.study.services.years import book_late
from tests.factories import gatherings as made
from tests.factories.plans import complete, make_branch, make_item, make_person, make_plan
from tests.factories.study import Page, make_lesson, make_rule, moment

BEGIN = moment("2026-03-02 08:00")
NOW = moment("2026-06-20 12:00")
HOUR = timedelta(hours=1)
SHEET = ["工号", "姓名", "学习日期", "类别", "事由", "分钟", "学时", "证明材料"]


class House:
    """A committee, a branch with a plan, two members, who leads it, and the office.

    From 5 March on study counts by time, before on completion; 2025 is closed.
    """

    def __init__(self, step: int = 1, daily_cap: int | None = 40) -> None:
        with clock.at(moment("2026-02-10 08:00")):
            self.root = make_branch(kind="committee", name="机关党委")
            self.leaf = make_branch(self.root, name="一支部")
            self.member = make_person(self.leaf, name="王一")
            self.colleague = make_person(self.leaf, name="王二")
            self.secretary = make_person(self.leaf, name="孙书记")
            self.office = make_person(self.root, name="教务")
            grant_role(member=self.secretary, role=RoleGrant.Role.SECRETARY, branch=self.leaf)
            grant_role(member=self.office, role=RoleGrant.Role.SCHOOL_ADMIN, branch=self.root)
            self.plan = make_plan(self.root, [make_item()], ends_on=date(2026, 6, 30))
        terms = {"daily_cap": daily_cap, "step": step, "quiz_bonus": 10}
        make_rule(**terms, offline_kinds={"training": 45})
        self.rule("2026-03-05", mode="as_studied", **terms)
        YearClose.objects.create(year=2025, closed_at=moment("2026-02-01 08:00"))
        self.terms, self.acts, self.lessons = terms, 0, []

    def rule(self, day: str, **terms) -> None:
        """A version that has stood in the books for long."""
        values = {"minutes_per_hour": 45, "tiers": [[15, 25], [None, 60]], **terms}
        with clock.at(moment("2020-01-02 08:00")):
            return add_hour_rule(effective_from=date.fromisoformat(day), by=None, **values)

    def live(self, *acts: str | tuple) -> None:
        """Do one after the other, six hours apart; then the night books what is left."""
        for act in acts:
            name, *given = (act,) if isinstance(act, str) else act
            ACTS[name](self, *given)
            self.acts += 1
        with clock.at(NOW):
            for who, revision in self.lessons:
                post_studied(member_id=who.pk, revision=revision, cycle=0)
            fold()

    @property
    def start(self) -> datetime:
        return BEGIN + 6 * HOUR * self.acts

    @property
    def day(self) -> date:
        return clock.local_day(self.start)

    def line(self, place: int = 0) -> HourEntry | None:
        """One of the member's lines in force."""
        lines = list(HourEntry.objects.in_force().filter(member=self.member).order_by("pk"))
        return lines[place % len(lines)] if lines else None

    def lesson(self, minutes: float, who: Member | None = None):
        revision = make_lesson(minutes)
        self.lessons.append((who or self.member, revision))
        return revision


def _watch(house: House, minutes: int = 5) -> None:
    answer = Page(house.member, house.lesson(minutes), house.start).watch(0, minutes * 60)
    _paid_is_told(house, answer)


def _paid_is_told(house: House, answer) -> None:
    """What the page is told on completion is what stands in the ledger."""
    assert answer.completed
    item = house.lessons[-1][1].item
    lines = HourEntry.objects.filter(member=house.member, item=item)
    assert answer.payload()["credit"] == sum(lines.values_list("credit", flat=True))


def _begin(house: House, minutes: int = 30) -> None:
    Page(house.member, house.lesson(60), house.start).watch(0, minutes * 60)


def _midnight(house: House) -> None:
    start = datetime.combine(house.day, datetime.min.time(), clock.LOCAL) - timedelta(minutes=10)
    start += timedelta(days=1)
    Page(house.member, house.lesson(20.5), start).watch(0, 1230)


def _other(house: House) -> None:
    Page(house.colleague, house.lesson(5, house.colleague), house.start).watch(0, 300)


def _quiz(house: House) -> None:
    with clock.at(house.start):
        complete(house.member, make_item(StudyItem.Kind.QUIZ), house.day)


def _recognised(house: House) -> None:
    with clock.at(house.start):
        complete(house.member, house.lesson(5).item, house.day)


def _together(house: House, *, hours: float = 1.5, cancel: bool = False, late: int = 7) -> None:
    items = [made.lesson()]
    gathering = made.over(house.leaf, house.secretary, items, start=house.start, hours=hours)
    session = gathering.sessions.get()
    marks = {
        (gathering.attendances.get(member=who).pk, session.pk): Mark("present", minutes, 0)
        for who, minutes in ((house.member, late), (house.colleague, 0))
    }
    with clock.at(gathering.ends_at + HOUR):
        close_gathering(gathering=gathering, marks=marks, by=house.secretary)
        if cancel:
            cancel_gathering(gathering=gathering, reason="没有开", by=house.secretary)


def _same_minutes(house: House) -> None:
    start = house.start + timedelta(minutes=20)
    Page(house.member, house.lesson(10), start).watch(0, 600)
    _together(house)


def _desk(house: House) -> None:
    with clock.at(house.start):
        post_offline(
            member_id=house.member.pk,
            title="上级调训",
            seconds=3 * 3600 + 25,
            source="training",
            studied_on=house.day,
            origin=f"tests:{house.acts}",
        )


def _imported(house: House) -> None:
    book = Workbook()
    book.active.append(SHEET)
    for who in (house.member, house.colleague):
        day, matter = str(house.day), f"党校班 {house.acts}"
        book.active.append([who.staff_number, who.name, day, "党课", matter, 95, None, "结业证"])
    with tempfile.TemporaryDirectory() as folder, clock.at(house.start):
        path = Path(folder) / "hours.xlsx"
        book.save(path)
        done = import_hours(path=path, by=house.office)
    assert (done.booked, done.errors) == (2, [])


def _correct(house: House, place: int = 0, credit: int = 33) -> None:
    entry = house.line(place)
    if entry and entry.credit != credit:
        with clock.at(house.start):
            correct_entry(entry=entry, reason="实到半场", credit=credit, by=house.office)


def _take_back(house: House, place: int = 0) -> None:
    if entry := house.line(place):
        with clock.at(house.start):
            reverse_entry(entry=entry, reason="记重了", by=house.office)


def _decided(house: House, entry: HourEntry | None, credit: int) -> None:
    with clock.at(house.start):
        dispute = open_dispute(
            member=house.member,
            kind="missing" if entry is None else "wrong",
            studied_on=house.day,
            text="少记了",
            entry=entry,
        )
        verify_dispute(dispute=dispute, finding="true", note="有签到表", by=house.secretary)
        correct_record(dispute=dispute, reason="属实", credit=credit, by=house.office)


def _disputed(house: House) -> None:
    _decided(house, None, 150)


def _line_disputed(house: House, place: int = 0) -> None:
    entry = house.line(place)
    if entry and entry.studied_on <= house.day and entry.credit != 77:
        _decided(house, entry, 77)


def _anew(house: House) -> None:
    rule = house.rule(
        str(date(2026, 7, 1) + timedelta(days=house.acts)),
        **house.terms | {"daily_cap": 60, "mode": "on_completion"},
    )
    with clock.at(moment("2026-05-01 08:00")):
        decided = Recredit.objects.create(
            rule=rule,
            since=date(2026, 1, 1),
            until=date(2026, 4, 30),
            reason="新文件",
            started_at=clock.now(),
        )
        recredit(decided=decided)


def _late(house: House) -> None:
    """Evidence of the closed year: 0 there, counted for this year by decision."""
    with clock.at(house.start):
        post_offline(
            member_id=house.member.pk,
            title="去年的讲座",
            seconds=4000,
            source="lecture",
            studied_on=date(2025, 12, 20),
            origin=f"tests:late:{house.acts}",
        )
        book_late(late=LateArrival.objects.latest("pk"), by=house.office)


def _too_late(house: House) -> None:
    """Evidence that came a week and more after the study, accepted by the branch."""
    after = timedelta(hours=12, days=8)
    page = Page(house.member, house.lesson(5), house.start)
    page.send((0, 300, 0, 300), after=after.total_seconds())
    with clock.at(house.start + after):
        study = LateStudy.objects.get(member=house.member, state=LateStudy.State.WAITING)
        accept_late_study(study=study, by=house.secretary, reason="井下无网络，属实")


def _cancelled(house: House) -> None:
    _together(house, cancel=True)


def _voided(house: House) -> None:
    """Booked, corrected by the office, made void, and registered anew as it was: paid once."""
    gathering = _gathered(house)
    paid = HourEntry.objects.in_force().get(member=house.member, title=gathering.title)
    with clock.at(gathering.ends_at + HOUR):
        if paid.credit != 10:
            correct_entry(entry=paid, reason="实到半场", credit=10, by=house.office)
        cancel_gathering(gathering=gathering, reason="登记重了", by=house.secretary)
    _gathered(house, title=gathering.title)
    standing = HourEntry.objects.in_force().filter(member=house.member, title=gathering.title)
    assert [line.credit for line in standing] == [paid.credit]


def _one_corrected(house: House) -> None:
    """A wrong tick put right twice: he came later, then he had not been there at all; and back."""
    gathering = _gathered(house)
    row, session = gathering.attendances.get(member=house.member), gathering.sessions.get()
    marks = (Mark("present", 30, 0), Mark("absent"), Mark("present", 20, 5))
    with clock.at(gathering.ends_at + HOUR):
        for mark in marks:
            correct_attendance(
                gathering=gathering,
                attendance_id=row.pk,
                marks={session.pk: mark},
                reason="点错了",
                by=house.secretary,
            )


def _gathered(house: House, title: str = ""):
    """A gathering of the branch with both members there, booked."""
    title = title or f"支部学习 {house.acts}"
    gathering = made.over(
        house.leaf, house.secretary, [made.lesson()], start=house.start, title=title
    )
    there = gathering.attendances.filter(member__in=(house.member, house.colleague))
    with clock.at(gathering.ends_at + HOUR):
        states = dict.fromkeys(there.values_list("pk", flat=True), "present")
        return close_gathering(gathering=gathering, states=states, by=house.secretary)


ACTS: dict[str, Callable] = {
    "watch": _watch,
    "begin": _begin,
    "midnight": _midnight,
    "other": _other,
    "quiz": _quiz,
    "recognised": _recognised,
    "together": _together,
    "cancelled": _cancelled,
    "voided": _voided,
    "one_corrected": _one_corrected,
    "same_minutes": _same_minutes,
    "desk": _desk,
    "imported": _imported,
    "correct": _correct,
    "take_back": _take_back,
    "disputed": _disputed,
    "line_disputed": _line_disputed,
    "anew": _anew,
    "late": _late,
    "too_late": _too_late,
}
