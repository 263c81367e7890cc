"""Whatever people decide between two bookings, the ledger is reproduced from its evidence."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from school.core import clock
from school.study.models import Completion, HourEntry, Recredit
from school.study.services.completion import reverse_completion
from school.study.services.ledger import correct_entry, post_studied, reverse_entry
from school.study.services.rebuild import rebuild_hours
from school.study.services.recredit import recredit
from tests.factories.study import make_member
from tests.study.test_ledger import add_rule
from tests.study.test_ledger_properties import FIRST, LATER, World, terms, worlds

# What happens next: study (member, item, minutes, completed) one day later or not; or a person
# takes the nth line in force back, corrects it to a figure, or takes the nth completion back.
studies = st.tuples(
    st.just("study"),
    st.integers(0, 1),
    st.integers(0, 2),
    st.integers(0, 40),
    st.booleans(),
    st.booleans(),
)
decisions = st.tuples(
    st.sampled_from(["take_back", "correct", "uncomplete"]), st.integers(0, 5), st.integers(1, 150)
)
histories = st.lists(st.one_of(studies, studies, decisions), max_size=14)


class Office(World):
    """A world where people correct what was booked."""

    def __init__(self, first: dict, second: dict) -> None:
        super().__init__(first, second)
        self.keeper, self.day = make_member("教务"), 0

    def live(self, what: str, *given) -> None:
        getattr(self, what)(*given)

    def study(self, who: int, item: int, minutes: int, completed: bool, tomorrow: bool) -> None:
        self.day += tomorrow
        self.step(who, item, self.day, minutes, completed)

    def take_back(self, place: int, _credit: int) -> None:
        if entry := self._line(place):
            reverse_entry(entry=entry, reason="x", by=self.keeper)

    def correct(self, place: int, credit: int) -> None:
        entry = self._line(place)
        if entry and entry.credit != credit:
            correct_entry(entry=entry, reason="x", by=self.keeper, credit=credit)

    def uncomplete(self, place: int, _credit: int) -> None:
        done = list(Completion.objects.in_force().order_by("pk"))
        if done:
            reverse_completion(completion=done[place % len(done)], reason="x", by=self.keeper)
            self.settle()

    def settle(self) -> None:
        """What the night does: study that counts by time is booked."""
        for member in self.people:
            for revision in self.items:
                post_studied(member_id=member.pk, revision=revision, cycle=0)

    def _line(self, place: int) -> HourEntry | None:
        lines = list(HourEntry.objects.in_force().order_by("pk"))
        return lines[place % len(lines)] if lines else None


class Decisions(TestCase):
    """Each example in a transaction of its own."""

    @worlds
    @given(terms, terms, histories)
    def test_corrections_between_bookings_are_reproduced(self, first, second, history):
        office = Office(first, second)
        for each in history:
            office.live(*each)
        with clock.at(LATER):
            found = rebuild_hours()
        assert not found.differences, found.differences
        assert all(booked == wanted for booked, wanted in found.years.values())

    @worlds
    @given(terms, terms, histories)
    def test_what_a_person_decided_is_not_paid_again_at_night(self, first, second, history):
        office = Office(first, second)
        for each in history:
            office.live(*each)
        before = office.sums()
        office.settle()
        assert office.sums() == before

    @worlds
    @given(terms, terms, terms, histories, histories, st.integers(0, 3), st.integers(0, 3))
    def test_crediting_some_days_anew_between_corrections_is_reproduced(
        self, first, second, third, before, after, start, length
    ):
        office = Office(first, second)
        for each in before:
            office.live(*each)
        rule = add_rule("2026-05-01", **third)
        decided = Recredit.objects.create(
            rule=rule,
            since=FIRST + timedelta(days=start),
            until=FIRST + timedelta(days=start + length),
            reason="x",
            started_at=LATER,
        )
        with clock.at(LATER):
            recredit(decided=decided)
            found = rebuild_hours()
            assert not found.differences, found.differences
            for each in after:
                office.live(*each)
            found = rebuild_hours()
        assert not found.differences, found.differences
