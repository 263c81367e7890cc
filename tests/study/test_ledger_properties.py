"""What holds of any ledger: sums, midnight, caps, corrections, crediting anew, rebuilding."""

from datetime import date, timedelta
from itertools import count

import pytest
from django.db import transaction
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from school.core import clock
from school.study.models import Completion, HourEntry, HourRule, Recredit, StudyDay
from school.study.rules import hours
from school.study.rules.caps import Held
from school.study.services.ledger import (
    post_completion,
    post_offline,
    post_studied,
    reverse_entry,
)
from school.study.services.rebuild import rebuild_hours
from school.study.services.recredit import recredit
from tests.factories.study import make_lesson, make_member, make_rule, moment
from tests.study.test_ledger import add_rule

FIRST = date(2026, 3, 1)
LATER = moment("2026-06-01 09:00")

spends = st.lists(
    st.tuples(st.integers(0, 3_600_000), st.sampled_from([30, 45, 50, 60])), max_size=12
)


@pytest.mark.pure
@given(spends)
def test_study_counted_together_is_never_less_than_counted_apart_nor_more_than_it_is(stretches):
    whole = hours.studied_credit(stretches)
    assert whole >= sum(hours.studied_credit([each]) for each in stretches)
    assert whole <= sum(ms / (minutes * 600) for ms, minutes in stretches) < whole + 1.000001


@pytest.mark.pure
@given(st.integers(0, 86_400_000), st.integers(0, 86_400_000), st.sampled_from([30, 45, 50]))
def test_i6_a_split_at_midnight_keeps_the_total(before, after, minutes):
    first = hours.studied_credit([(before, minutes)])
    both = hours.studied_credit([(before, minutes), (after, minutes)])
    assert first + (both - first) == hours.studied_credit([(before + after, minutes)])


awards = st.lists(
    st.tuples(
        st.integers(0, 120),
        st.sampled_from(["online", "quiz"]),
        st.integers(0, 4),
        st.booleans(),
    ),
    max_size=30,
)
caps = st.fixed_dictionaries(
    {},
    optional={
        "online": st.integers(0, 200),
        "quiz": st.integers(0, 200),
        "self_paced": st.integers(0, 300),
    },
)


@pytest.mark.pure
@given(awards, st.none() | st.integers(0, 150), caps)
def test_no_cap_is_passed_in_any_order_with_any_reversals(lines, daily_cap, yearly_caps):
    rule = HourRule(daily_cap=daily_cap, yearly_caps=yearly_caps)
    held, booked = Held(), []
    for award, source, back, reverse in lines:
        day = FIRST + timedelta(days=back)
        granted = held.grant(rule, award=award, source=source, day=day, year=2026)
        assert 0 <= granted.credit <= award and bool(granted.note) == (granted.credit < award)
        held.add(source, day, 2026, granted.credit)
        booked.append((source, day, granted.credit))
        if reverse:
            held.add(source, day, 2026, -granted.credit)
            booked.pop()
        for at in {day for _source, day, _credit in booked}:
            sums = sum(credit for _source, day, credit in booked if day == at)
            assert daily_cap is None or sums <= daily_cap
        for each in ("online", "quiz"):
            sums = sum(credit for source, _day, credit in booked if source == each)
            assert sums <= yearly_caps.get(each, sums)
        assert sum(credit for *_at, credit in booked) <= yearly_caps.get("self_paced", 10**6)


terms = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(["on_completion", "as_studied"]),
        "minutes_per_hour": st.sampled_from([30, 45]),
        "daily_cap": st.sampled_from([None, 40, 100]),
        "yearly_caps": st.sampled_from([{}, {"online": 120}, {"self_paced": 150}]),
    }
)
# (member, item, day, minutes studied, completed)
steps = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.integers(0, 2),
        st.integers(0, 3),
        st.integers(0, 40),
        st.booleans(),
    ),
    max_size=10,
)


class World:
    """Two people, three items, days in order, one change of the rule in the middle."""

    def __init__(self, first: dict, second: dict) -> None:
        make_rule(**{"tiers": [[15, 25], [None, 60]], **first})
        add_rule("2026-03-03", **{"tiers": [[20, 30], [None, 50]], **second})
        self.people = [make_member(), make_member()]
        self.items = [make_lesson(minutes) for minutes in (10, 18, 40)]
        self.numbers = count()

    def step(self, who: int, what: int, day: int, minutes: int, completed: bool) -> None:
        member, revision = self.people[who], self.items[what]
        at = FIRST + timedelta(days=day)
        row, _made = StudyDay.objects.get_or_create(member=member, revision=revision, day=at)
        StudyDay.objects.filter(pk=row.pk).update(studied_ms=row.studied_ms + minutes * 60_000)
        rows = Completion.objects.filter(member=member, revision=revision, reverses=None)
        if completed and not rows.filter(reversed_by=None).exists():
            completion = Completion.objects.create(
                member=member,
                item=revision.item,
                revision=revision,
                ordinal=rows.count(),
                effective_on=at,
                recorded_at=LATER,
                evidence="study",
            )
            post_completion(completion=completion)
        post_studied(member_id=member.pk, revision=revision, cycle=0)

    def sums(self) -> dict:
        return {
            member.pk: sum(HourEntry.objects.filter(member=member).values_list("credit", flat=True))
            for member in self.people
        }


def in_order(found: list[tuple]) -> list[tuple]:
    return sorted(found, key=lambda step: step[2])


# Worlds are small enough to be read as they are found; making them smaller costs minutes.
worlds = settings(phases=(Phase.explicit, Phase.reuse, Phase.generate))


class Ledgers(TestCase):
    """Each example in a transaction of its own."""

    @worlds
    @given(terms, terms, steps)
    def test_the_ledger_is_reproduced_from_its_evidence(self, first, second, found):
        world = World(first, second)
        for step in in_order(found):
            world.step(*step)
        with clock.at(LATER):
            result = rebuild_hours()
        assert not result.differences, result.differences
        for booked, wanted in result.years.values():
            assert booked == wanted
        assert sum(booked for booked, _wanted in result.years.values()) == sum(
            world.sums().values()
        )

    @worlds
    @given(terms, terms, terms, steps)
    def test_crediting_anew_is_reproduced_and_doing_it_twice_changes_nothing(
        self, first, second, third, found
    ):
        world = World(first, second)
        for step in in_order(found):
            world.step(*step)
        rule = add_rule("2026-05-01", **third)
        decided = Recredit.objects.create(
            rule=rule,
            since=FIRST,
            until=FIRST + timedelta(days=9),
            reason="x",
            started_at=LATER,
        )
        with clock.at(LATER):
            recredit(decided=decided)
            assert not rebuild_hours().differences
            sums, lines = world.sums(), HourEntry.objects.count()
            recredit(decided=decided)
        assert (world.sums(), HourEntry.objects.count()) == (sums, lines)

    @worlds
    @given(terms, terms, steps)
    def test_all_lines_taken_back_sum_to_nothing(self, first, second, found):
        world = World(first, second)
        for step in in_order(found):
            world.step(*step)
        for entry in HourEntry.objects.in_force():
            reverse_entry(entry=entry, reason="x", by=None)
        assert set(world.sums().values()) == {0}
        seconds = HourEntry.objects.values_list("seconds", flat=True)
        assert sum(seconds) == 0

    @worlds
    @given(terms, steps)
    def test_offline_hours_neither_fill_nor_feel_the_caps(self, first, found):
        world = World(first, first)
        for step in in_order(found):
            world.step(*step)
        before = world.sums()
        with transaction.atomic():
            post_offline(
                member_id=world.people[0].pk,
                title="x",
                seconds=36_000,
                source="lecture",
                studied_on=FIRST,
                origin="x:1",
            )
        assert world.sums()[world.people[0].pk] == before[world.people[0].pk] + 1000
        with clock.at(LATER):
            assert not rebuild_hours().differences
