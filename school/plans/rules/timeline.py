"""One member and one plan through time: every change of a figure with its day."""

from collections.abc import Iterable, Mapping
from datetime import date

from school.plans.rules.counts import NOBODY, Counts
from school.plans.rules.facts import (
    Credit,
    Line,
    MemberFacts,
    PlanFacts,
    PlanLine,
    included,
)
from school.plans.rules.targets import is_met

Key = tuple[date, int, int | None]
"""(day, home branch, plan item; None: the plan as a whole)"""


def timeline(plan: PlanFacts, member: MemberFacts, line: Line) -> dict[Key, Counts]:
    """All changes one member makes to a plan's figures: (day, home branch, plan item or None).

    Args:
        line: ``(branch_id, day)`` → the branch and its ancestors on that day.

    Summing the changes up to a day gives the member's state on that day at the home branch of
    that day: a transfer is a minus at the old branch and a plus at the new one.
    """
    changes: dict[Key, Counts] = {}
    before: dict[tuple[int, int | None], Counts] = {}
    for day in _days(plan, member):
        after = state_on(plan, member, day, line)
        for key in before.keys() | after.keys():
            change = after.get(key, NOBODY) - before.get(key, NOBODY)
            if change:
                changes[(day, *key)] = change
        before = after
    return changes


def _days(plan: PlanFacts, member: MemberFacts) -> list[date]:
    """Days on which the member's state may change, within the life of the plan."""
    spans = [span for span, _ in member.homes] + [span for span, *_ in member.standings]
    spans += [span for span, _ in member.posts] + member.exempt.get(plan.id, [])
    spans += [done.span for done in member.done]
    spans += [span for target in member.targets for span in target.exempt]
    days = {plan.starts_on, *(s.since for s in spans), *(s.until for s in spans if s.until)}
    days |= {begun.day for begun in member.begun} | {credit.day for credit in member.credits}
    days |= set(member.tree_days) | set(member.trainings)
    for item in plan.items:
        days |= {day for day in (item.added_on, item.withdrawn_on, item.gone_on) if day}
    days = {max(day, plan.starts_on) for day in days}
    return sorted(day for day in days if plan.closes_on is None or day <= plan.closes_on)


def state_on(
    plan: PlanFacts, member: MemberFacts, day: date, line: Line
) -> dict[tuple[int, int | None], Counts]:
    """A member's counts on a day, by (home branch, plan item); None stands for the whole plan."""
    home = asked_at(plan, member, day, line)
    if home is None:
        return {}
    if any(span.on(day) for span in member.exempt.get(plan.id, [])):
        return {(home, None): Counts(exempt=1)}
    return {
        (home, item): counts for item, counts in _study_state(plan, member, day).items() if counts
    }


def asked_at(plan: PlanFacts, member: MemberFacts, day: date, line: Line) -> int | None:
    """The home branch where the plan counts the member on a day; None: not counted.

    Who enters the audience only after the deadline is not asked.
    """
    home = _home_if_included(plan, member, day, line)
    if home is None or day <= plan.ends_on:
        return home
    earlier = [d for d in _people_days(plan, member) if d <= plan.ends_on]
    if any(_home_if_included(plan, member, d, line) is not None for d in earlier):
        return home
    return None


def _people_days(plan: PlanFacts, member: MemberFacts) -> set[date]:
    spans = [span for span, _ in member.homes] + [span for span, *_ in member.standings]
    spans += [span for span, _ in member.posts]
    days = {plan.starts_on, *member.tree_days, *(span.since for span in spans)}
    days |= {span.until for span in spans if span.until}
    return {max(day, plan.starts_on) for day in days}


def _home_if_included(plan: PlanFacts, member: MemberFacts, day: date, line: Line) -> int | None:
    home = next((branch for span, branch in member.homes if span.on(day)), None)
    standing = next(((kind, ok) for span, kind, ok in member.standings if span.on(day)), None)
    if home is None or standing is None or not standing[1]:
        return None
    if plan.rules is None:
        return home
    posts = {post for span, post in member.posts if span.on(day)}
    return home if included(plan.rules, line(home, day), posts, standing[0]) else None


def _study_state(plan: PlanFacts, member: MemberFacts, day: date) -> dict[int | None, Counts]:
    done_on = _done_days(plan, member, day)
    begun = {b.item_id for b in member.begun if b.day <= day}
    asked = [item for item in plan.items if item_asked(plan, item, done_on, day)]
    state: dict[int | None, Counts] = {}
    for item in asked:
        finished = done_on.get(item.item_id)
        state[item.id] = Counts(
            started=int(bool(finished) or item.item_id in begun),
            on_time=int(bool(finished) and finished <= plan.ends_on),
            late=int(bool(finished) and finished > plan.ends_on),
        )
    required = [item for item in asked if item.required]
    if not required and plan.hour_target is None:
        return state
    hours_due, hours_met = hours_state(plan, member, day)
    missing = [item for item in required if item.item_id not in done_on]
    # A plan of hours only is done when the hours are met.
    finished_all = not missing and (bool(required) or hours_met)
    last = max((done_on[i.item_id] for i in required if i.item_id in done_on), default=day)
    if finished_all and not required:
        last = _met_since(plan, member, day)
    waiting = bool(missing) and all(i.gone_on and i.gone_on <= day for i in missing)
    state[None] = Counts(
        due=1,
        started=int(finished_all or any(c.started for c in state.values())),
        on_time=int(finished_all and last <= plan.ends_on),
        late=int(finished_all and last > plan.ends_on),
        waiting=int(waiting),
        hours_due=int(hours_due),
        hours_met=int(hours_met),
    )
    return state


def _done_days(plan: PlanFacts, member: MemberFacts, day: date) -> dict[int, date]:
    """First day of the completion that holds on ``day``, by item."""
    days: dict[int, date] = {}
    for done in member.done:
        if done.span.on(day):
            known = days.get(done.item_id)
            days[done.item_id] = min(known, done.span.since) if known else done.span.since
    return days


def item_asked(plan: PlanFacts, item: PlanLine, done_on: Mapping[int, date], day: date) -> bool:
    """Whether an item belongs to a member's requirement on a day.

    A withdrawn item stays for those who finished it before; a replacement is asked only of those
    who had not finished what it replaces.
    """
    if item.added_on and day < item.added_on:
        return False
    if item.withdrawn_on and day >= item.withdrawn_on:
        finished = done_on.get(item.item_id)
        return finished is not None and finished < item.withdrawn_on
    for old in plan.items:
        if old.replaced_by == item.id and old.withdrawn_on and day >= old.withdrawn_on:
            finished = done_on.get(old.item_id)
            if finished is not None and finished < old.withdrawn_on:
                return False
    return True


def hours_state(plan: PlanFacts, member: MemberFacts, day: date) -> tuple[bool, bool]:
    """Whether hours are asked of the member on a day (by the plan, else by the year), and met."""
    if plan.hour_target is not None:
        got = sum(c.credit for c in member.credits if plan.starts_on <= c.day <= day)
        return True, got >= plan.hour_target
    targets = [
        t
        for t in member.targets
        if t.year == plan.year and not any(span.on(day) for span in t.exempt)
    ]
    return bool(targets), bool(targets) and all(
        is_met(
            due=t.due,
            got=credited(member.credits, year=plan.year, sources=t.sources, until=day),
            conditions=t.conditions,
            trainings=member.trainings,
            day=day,
        )
        for t in targets
    )


def credited(credits: Iterable[Credit], *, year: int, sources: frozenset[str], until: date) -> int:
    """Credit that counts for a year from the sources that count (empty: all), up to a day."""
    return sum(
        c.credit
        for c in credits
        if c.year == year and c.day <= until and (not sources or c.source in sources)
    )


def _met_since(plan: PlanFacts, member: MemberFacts, day: date) -> date:
    """First day since which the plan's hours have been met without a break up to ``day``."""
    since = day
    days = {c.day for c in member.credits} | set(member.trainings)
    for at in sorted((each for each in days if each <= day), reverse=True):
        if not hours_state(plan, member, at)[1]:
            break
        since = at
    return since
