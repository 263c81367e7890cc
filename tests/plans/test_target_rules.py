"""Yearly targets by rule: months held, conditions, and where the pace leads."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from school.plans.rules import AudienceLine, Condition, MemberFacts, Span
from school.plans.rules.months import later_by_months
from school.plans.rules.targets import (
    BY_MONTHS,
    HIGHER,
    JOIN_FULL,
    JOIN_MONTHS,
    JOIN_NONE,
    KEEP,
    Requirement,
    Rung,
    asked_of,
    condition_state,
    forecast,
    is_met,
    months_held,
    new_posts,
    weigh,
)
from school.plans.target_words import formula, outlook

pytestmark = pytest.mark.pure

SECRETARY, DEPUTY = 7, 8
HEAD = Rung(1, "支部书记", 5600, (AudienceLine(post_id=SECRETARY),), True, 6)
PLAIN = Rung(2, "党员", 3200, (AudienceLine(),))
LONG_AGO = date(2020, 1, 1)
FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


def asks(*rungs: Rung, **changes) -> Requirement:
    values = {"year": 2026, "rungs": rungs or (HEAD, PLAIN), "counted": frozenset({"full"})}
    return Requirement(**(values | changes))


def person(*posts, since=LONG_AGO, until=None, kind="full") -> MemberFacts:
    return MemberFacts(
        homes=[(Span(since, until), 1)],
        standings=[(Span(since, None), kind, True)],
        posts=list(posts),
    )


def alone(branch, day):
    return (branch,)


def asked(requirement, member):
    return asked_of(requirement, member, alone)


def test_one_rung_for_a_whole_year_is_asked_whole_and_needs_no_formula():
    result = asked(asks(), person())
    assert (result.due, result.rung, result.conditions) == (3200, "党员", ())
    assert formula(due=result.due, parts=result.parts, change=result.change) == ""


def test_a_change_of_post_is_weighed_by_months_held_and_said_in_words():
    result = asked(asks(), person((Span(date(2026, 9, 1)), SECRETARY)))
    assert result.due == (5600 * 4 + 3200 * 8) // 12 == 4000
    said = formula(due=result.due, parts=result.parts, change=result.change)
    assert said == "党员 8 个月 + 支部书记 4 个月：(32 × 8 + 56 × 4) ÷ 12 = 40 学时"
    assert "舍去" in formula(due=2666, parts=(PART,), change="months")


PART = type(asked(asks(), person()).parts[0])("党员", 10, 3200)


def test_the_fifteenth_decides_for_the_month():
    on_time = asked(asks(), person((Span(date(2026, 9, 15)), SECRETARY)))
    a_day_late = asked(asks(), person((Span(date(2026, 9, 16)), SECRETARY)))
    assert [p.months for p in on_time.parts] == [8, 4]
    assert [p.months for p in a_day_late.parts] == [9, 3]


def test_the_higher_rung_or_the_one_of_january_may_stand_for_the_year():
    member = person((Span(LONG_AGO, date(2026, 5, 1)), SECRETARY))
    assert asked(asks(change=HIGHER), member).due == 5600
    assert asked(asks(change=KEEP), member).due == 5600
    later = person((Span(date(2026, 5, 1)), SECRETARY))
    assert asked(asks(change=HIGHER), later).due == 5600
    assert asked(asks(change=KEEP), later).due == 3200


def test_who_joins_late_is_asked_by_months_in_full_or_not_at_all():
    member = person(since=date(2026, 7, 1))
    assert asked(asks(joiners=JOIN_MONTHS), member).due == 1600
    assert asked(asks(joiners=JOIN_MONTHS), member).starts_on == date(2026, 7, 1)
    assert asked(asks(joiners=JOIN_FULL), member).due == 3200
    assert asked(asks(joiners=JOIN_NONE), member) is None
    assert asked(asks(), person(since=date(2027, 1, 1))) is None


def test_a_kind_that_is_not_counted_is_asked_only_by_a_rung_that_names_it():
    member = person(kind="candidate")
    assert asked(asks(), member) is None
    named = Rung(3, "发展对象", 2400, (AudienceLine(kind="candidate"),), True)
    assert asked(asks(named, PLAIN), member).due == 2400
    suspended = person()
    suspended.standings = [(Span(LONG_AGO), "full", False)]
    assert asked(asks(), suspended) is None


def test_training_is_asked_by_the_rung_that_stands_for_the_year():
    left = asked(asks(), person((Span(LONG_AGO, date(2026, 5, 1)), SECRETARY)))
    took = asked(asks(), person((Span(LONG_AGO), SECRETARY)))
    assert left.conditions == ()
    assert [c.kind for c in took.conditions] == ["training"]


def test_a_new_secretary_is_trained_within_six_months_in_the_year_in_which_they_end():
    spring = asked(asks(), person((Span(date(2026, 3, 10)), SECRETARY)))
    [new] = [c for c in spring.conditions if c.kind == "new_post"]
    assert (new.since, new.by) == (date(2026, 3, 10), date(2026, 9, 10))
    autumn = person((Span(date(2026, 9, 10)), SECRETARY))
    assert [c.kind for c in asked(asks(), autumn).conditions] == ["training"]
    assert "new_post" in [c.kind for c in asked(asks(year=2027), autumn).conditions]


def test_who_goes_on_in_a_post_or_gives_it_up_in_time_is_not_new():
    moved = [(Span(LONG_AGO, date(2026, 3, 1)), SECRETARY), (Span(date(2026, 3, 1)), SECRETARY)]
    assert [span.since for span in new_posts(moved, frozenset({SECRETARY}))] == [LONG_AGO]
    again = [(Span(LONG_AGO, date(2025, 3, 1)), SECRETARY), (Span(date(2026, 3, 1)), SECRETARY)]
    assert len(new_posts(again, frozenset({SECRETARY}))) == 2
    short = asked(asks(), person((Span(date(2026, 2, 1), date(2026, 5, 1)), SECRETARY)))
    assert "new_post" not in [c.kind for c in short.conditions]


def test_credit_alone_does_not_meet_a_target_that_asks_for_training():
    need = Condition("training", FIRST, LAST)
    values = {"due": 100, "conditions": [need], "day": date(2026, 6, 1)}
    assert not is_met(got=500, trainings=[], **values)
    assert not is_met(got=99, trainings=[date(2026, 5, 1)], **values)
    assert is_met(got=100, trainings=[date(2026, 5, 1)], **values)
    assert not is_met(got=100, trainings=[date(2026, 6, 2)], **values)
    assert condition_state(need, [], LAST) == "open"
    assert condition_state(need, [], LAST + timedelta(days=1)) == "missed"
    late = Condition("new_post", FIRST, date(2026, 3, 1))
    assert condition_state(late, [date(2026, 3, 2)], date(2026, 6, 1)) == "missed"


def test_nobody_is_new_in_a_post_that_came_with_the_roster():
    day = date(2026, 3, 10)
    both = asked(asks(), person((Span(day), SECRETARY), since=day))
    assert "new_post" not in [c.kind for c in both.conditions]


days = st.dates(min_value=date(2025, 6, 1), max_value=date(2027, 6, 1))


@st.composite
def spans(draw):
    since = draw(days)
    until = draw(st.none() | days.filter(lambda day: day >= since))
    return Span(since, until)


members = st.builds(
    lambda home, posts: MemberFacts(
        homes=[(home, 1)], standings=[(Span(LONG_AGO), "full", True)], posts=posts
    ),
    spans(),
    st.lists(st.tuples(spans(), st.sampled_from([SECRETARY, DEPUTY])), max_size=4),
)
ways = st.sampled_from([BY_MONTHS, HIGHER, KEEP])
joins = st.sampled_from([JOIN_MONTHS, JOIN_FULL])


@given(members)
def test_each_month_is_what_the_member_was_on_its_fifteenth(member):
    """Against the plainest reading: ask day by day."""
    held = months_held(asks(), member, alone)
    for number, rung in enumerate(held, start=1):
        day = date(2026, number, 15)
        at_home = member.homes[0][0].on(day)
        head = any(span.on(day) and post == SECRETARY for span, post in member.posts)
        assert rung == ((HEAD if head else PLAIN) if at_home else None)


@given(members, ways, joins)
def test_what_is_asked_lies_between_the_rungs_and_adds_up(member, change, joiners):
    result = asked(asks(change=change, joiners=joiners), member)
    if result is None:
        return
    months = sum(part.months for part in result.parts)
    assert 1 <= months <= 12
    assert result.due == sum(part.due * part.months for part in result.parts) // 12
    rates = [part.due for part in result.parts]
    assert min(rates) * months // 12 <= result.due <= max(rates) * months // 12
    assert change == BY_MONTHS or len(result.parts) == 1


@given(st.lists(st.sampled_from([HEAD, PLAIN]), min_size=1, max_size=12))
def test_the_higher_way_never_asks_less_than_the_months(held):
    assert weigh(held, HIGHER)[0] >= weigh(held, BY_MONTHS)[0]
    assert weigh(held, HIGHER)[0] >= weigh(held, KEEP)[0]


@given(
    st.integers(1, 20_000),
    st.integers(-500, 20_000),
    st.dates(min_value=FIRST, max_value=LAST),
)
def test_a_forecast_is_the_first_day_on_which_the_pace_reaches_the_target(due, got, day):
    seen = forecast(due=due, got=got, first=FIRST, day=day, last=LAST)
    gone = (day - FIRST).days + 1
    if seen.kind == "reach":
        ahead = (seen.on - day).days
        assert day < seen.on <= LAST
        assert got * (gone + ahead) >= due * gone > got * (gone + ahead - 1)
    elif seen.kind == "short":
        assert max(got, 0) <= seen.likely < due or got < 0
        left = (LAST - day).days
        assert 0 < seen.monthly <= due - got
        # What is asked a month is enough for what is missing.
        assert seen.monthly * 12 * left >= (due - got) * 365 or seen.monthly == due - got
    else:
        assert got >= due or gone < 42 or day == LAST
        assert not outlook(seen, due=due, got=got)


@given(days, st.integers(0, 36))
def test_months_later_is_the_same_day_or_the_last_of_the_month(day, months):
    later = later_by_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later + timedelta(days=1)).day == 1


def test_a_forecast_says_no_day_and_nothing_in_the_first_weeks():
    early = forecast(due=3200, got=100, first=FIRST, day=date(2026, 2, 1), last=LAST)
    assert outlook(early, due=3200, got=100) == ""
    reach = forecast(due=3200, got=1600, first=FIRST, day=date(2026, 4, 10), last=LAST)
    assert "7月中旬" in outlook(reach, due=3200, got=1600)
    short = forecast(due=3200, got=800, first=FIRST, day=date(2026, 7, 1), last=LAST)
    said = outlook(short, due=3200, got=800)
    assert "到年底约 16 学时，还差 16 学时" in said and "每月要有 4 学时" in said
