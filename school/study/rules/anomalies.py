"""Patterns of study evidence that a person hardly makes: found here, judged by people.

Pure functions over plain facts of one local day. All times are integer milliseconds: of a visit
since its opening, of a day since its local midnight. None of the rules looks at an address: two
hundred members in a meeting room share one, and often the same make of telephone too.

Where the numbers come from: the school's own page stops at each check-in, sends what it has and
waits for a press (school/static/school/js/study/film.js), so a rhythm that runs on over check-ins
is not this page's; and nobody reacts to a dialog within 300 ms four times in a row. Scripts that
others have written stay the same number of seconds on every item.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from school.study import spans as sets
from school.study.rules.judge import Segment
from school.study.spans import Spans

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000

# Check-ins: pressed sooner than anybody can, or always after the same time.
INSTANT_MS, INSTANT_LEAST = 300, 4
SAME_MS, SAME_LEAST = 200, 10
# Reports: so many in a row at one interval while check-ins should have broken it.
EVEN_MS, EVEN_LEAST, EVEN_CHECK_INS = 250, 120, 4
# Visits: the same time on items that differ in length.
EQUAL_MS, EQUAL_LEAST, EQUAL_FROM, EQUAL_SPREAD = SECOND, 6, 30 * SECOND, 30 * SECOND
IDLE_MS = 5 * SECOND
# Days: an hour counts as used from ten minutes on.
HOUR_USED = 10 * MINUTE
# Devices: the next account begins within this time after the last one ended.
HANDOVER_MS, TURN_LEAST = 15 * MINUTE, 2 * MINUTE
# Lockstep: begun and ended together, on so many items.
STEP_MS, STEP_VISITS, STEP_LEAST, STEP_CROWD = 3 * SECOND, 3, MINUTE, 50
# Late delivery: a whole visit of such a length that came in one go so long after it had ended,
# though its browser had been heard of well after it began and well before it came; or that began
# so long after it was opened. So many on one day.
LATER_MS, ONE_GO_MS, DEFERRED_FROM, DEFERRED_LEAST = HOUR, 10 * MINUTE, 5 * MINUTE, 3
BEGUN_MS, COMING_MS, PARKED_MS = 5 * MINUTE, 30 * MINUTE, 30 * MINUTE
# Around a registered gathering people come early and stay on.
AROUND_MS = 30 * MINUTE


@dataclass(frozen=True)
class Limits:
    """What the school may set.

    ``hours``: real time of one day, in hours; ``clock_hours``: different hours of one day in which
    there was study; ``accounts``: members in turn on one browser; ``together``: members in step.
    """

    hours: int = 16
    clock_hours: int = 18
    accounts: int = 4
    together: int = 3


class Visit(NamedTuple):
    """One visit of a page: when it began and when its last report came, on the day's clock."""

    member: int
    revision: int
    begin: int
    end: int
    browser: str = ""


@dataclass(frozen=True)
class Trace:
    """What one visit reported.

    ``moments``: its check-ins; ``reports``: in order of their numbers, with the answers they rest
    on; ``wanted``: the item's expected time; ``idle``: after how long a still text stops counting,
    0 for a film.
    """

    item: int
    wanted: int
    moments: Sequence[int]
    reports: Sequence[tuple[Sequence[Segment], Sequence[tuple[int, int]]]]
    idle: int = 0

    @property
    def ends(self) -> list[int]:
        """Where each report's last stretch ended."""
        return [max(each.w1 for each in rows) for rows, _answers in self.reports if rows]

    @property
    def length(self) -> int:
        """How long the visit was."""
        return max(self.ends, default=0)

    @property
    def delays(self) -> list[int]:
        """How long after its moment each check-in was answered that study went on behind."""
        told = {number: at for _rows, answers in self.reports for number, at in answers}
        return [
            told[number] - moment
            for number, moment in enumerate(self.moments)
            if number in told and moment <= told[number] < self.length
        ]

    @property
    def passed(self) -> int:
        """How many check-ins fell into the visit."""
        return sum(moment < self.length for moment in self.moments)


class Delivery(NamedTuple):
    """What one visit tells of, and when it was told; moments on the day's clock.

    ``begin``–``end``: of the study in front of somebody; ``spent``: how much of it there is.
    ``received``: of each report.
    """

    revision: int
    opened: int
    begin: int
    end: int
    spent: int
    received: Sequence[int]
    browser: str = ""


# -- rhythm ---------------------------------------------------------------------------------------


def rhythm(traces: Iterable[Trace]) -> dict:
    """What of a member's day kept a time that people do not keep; empty when nothing did.

    Returns:
        Signs by name: ``instant`` and ``same`` {answers, low, high} (check-ins), ``even`` {reports,
        interval, apart, check_ins}, ``equal`` {visits, low, high, items}.
    """
    traces = [trace for trace in traces if trace.length]
    found = {
        "instant": instant_answers(traces),
        "same": same_answers(traces),
        "even": even_reports(traces),
        "equal": equal_visits(traces),
    }
    return {name: sign for name, sign in found.items() if sign}


def instant_answers(traces: Sequence[Trace]) -> dict | None:
    """Check-ins that were all answered sooner than anybody can press."""
    delays = sorted(delay for trace in traces for delay in trace.delays)
    if len(delays) < INSTANT_LEAST or delays[-1] > INSTANT_MS:
        return None
    return {"answers": len(delays), "low": delays[0], "high": delays[-1]}


def same_answers(traces: Sequence[Trace]) -> dict | None:
    """Check-ins that were all answered after the same time, though not at once."""
    delays = sorted(delay for trace in traces for delay in trace.delays)
    if len(delays) < SAME_LEAST or delays[-1] - delays[0] > SAME_MS or delays[-1] <= INSTANT_MS:
        return None
    return {"answers": len(delays), "low": delays[0], "high": delays[-1]}


def even_reports(traces: Sequence[Trace]) -> dict | None:
    """Reports at one interval, by the page's own clock, although check-ins should break it."""
    asked = [trace for trace in traces if trace.passed]
    gaps = sorted(after - before for trace in asked for before, after in pairwise(trace.ends))
    check_ins = sum(trace.passed for trace in asked)
    if len(gaps) < EVEN_LEAST or check_ins < EVEN_CHECK_INS:
        return None
    usual = gaps[len(gaps) // 2]
    apart = sum(abs(gap - usual) > EVEN_MS for gap in gaps)
    if apart * 2 > check_ins:  # the school's page is late or early at each of them
        return None
    return {"reports": len(gaps) + 1, "interval": usual, "apart": apart, "check_ins": check_ins}


def equal_visits(traces: Sequence[Trace]) -> dict | None:
    """The same number of seconds on nearly every item, although the items differ in length."""
    lasted = sorted(
        (trace.length, trace.item, trace.wanted)
        for trace in traces
        if trace.length >= EQUAL_FROM and not _ran_out(trace)
    )
    best: list = []
    first = 0
    for last, row in enumerate(lasted):
        while row[0] - lasted[first][0] > EQUAL_MS:
            first += 1
        if last + 1 - first > len(best):
            best = lasted[first : last + 1]
    items = {item for _length, item, _wanted in best}
    wanted = [each for _length, _item, each in best]
    if len(items) < EQUAL_LEAST or len(best) * 5 < len(lasted) * 4:
        return None
    if max(wanted) - min(wanted) < EQUAL_SPREAD:
        return None
    return {"visits": len(best), "low": best[0][0], "high": best[-1][0], "items": len(items)}


def _ran_out(trace: Trace) -> bool:
    """Whether a text that nobody touched stopped counting by itself: many of them end alike."""
    return bool(trace.idle) and abs(trace.length - trace.idle) <= IDLE_MS


# -- a day ----------------------------------------------------------------------------------------


def long_day(spent: Spans, limits: Limits) -> dict | None:
    """A day with more study than a day has room for.

    Args:
        spent: the real time of a member on the day, over everything.

    Returns:
        {total, used, hours}: milliseconds, how many hours of the clock were used, and the
        milliseconds in each of the 24; None for a day that can be.
    """
    hours = [sets.length(sets.clip(spent, at, at + HOUR)) for at in range(0, 24 * HOUR, HOUR)]
    total, used = sum(hours), sum(each >= HOUR_USED for each in hours)
    if total < limits.hours * HOUR and used < limits.clock_hours:
        return None
    return {"total": total, "used": used, "hours": hours}


# -- late delivery --------------------------------------------------------------------------------


def deferred(deliveries: Sequence[Delivery]) -> dict | None:
    """Whole visits of a member's day that were told hours later, although there was a line.

    The school's page sends while it plays, and what it could not send goes up with the next page of
    the school that is opened. A visit made up afterwards comes in one piece.

    Returns:
        {total, visits}: milliseconds; for each [revision, begin, end, received]. None where fewer
        than ``DEFERRED_LEAST`` are so.
    """
    heard: dict[str, list[int]] = defaultdict(list)
    for each in deliveries:
        if each.browser:
            heard[each.browser] += [each.opened, *each.received]
    found = [each for each in deliveries if _is_deferred(each, heard[each.browser])]
    if len(found) < DEFERRED_LEAST:
        return None
    visits = [[each.revision, each.begin, each.end, min(each.received)] for each in found]
    return {"total": sum(each.spent for each in found), "visits": visits}


def _is_deferred(each: Delivery, heard: list[int]) -> bool:
    first, last = min(each.received), max(each.received)
    if each.spent < DEFERRED_FROM or first - each.end < LATER_MS or last - first > ONE_GO_MS:
        return False
    online = any(each.begin + BEGUN_MS <= at <= first - COMING_MS for at in heard)
    return online or each.begin - each.opened >= PARKED_MS


# -- gatherings -----------------------------------------------------------------------------------


def outside(visits: Iterable[Visit], together: dict[int, Spans]) -> list[Visit]:
    """Visits that did not fall into a registered gathering of their member.

    Args:
        together: member → the day's time in gatherings.
    """
    return [
        visit
        for visit in visits
        if not any(
            visit.begin < end + AROUND_MS and start - AROUND_MS < visit.end
            for start, end in sets.pairs(together.get(visit.member, []))
        )
    ]


# -- one device -----------------------------------------------------------------------------------


class Turn(NamedTuple):
    """One account on a browser until the next one."""

    member: int
    begin: int
    end: int


def device_chains(visits: Iterable[Visit], limits: Limits) -> list[list[Turn]]:
    """Accounts that studied on one browser one after another, each soon after the last.

    Only a mark that lies in the browser itself makes it one device: visits without one, from
    wherever they come, are never put together.
    """
    browsers: dict[str, list[Visit]] = defaultdict(list)
    for visit in visits:
        if visit.browser and visit.end - visit.begin >= TURN_LEAST:
            browsers[visit.browser].append(visit)
    chains = [chain for each in browsers.values() for chain in _chains(_turns(each))]
    return [chain for chain in chains if len({t.member for t in chain}) >= limits.accounts]


def _turns(visits: list[Visit]) -> list[Turn]:
    turns: list[Turn] = []
    for visit in sorted(visits, key=lambda each: (each.begin, each.end, each.member)):
        last = turns[-1] if turns else None
        if last and last.member == visit.member and visit.begin - last.end <= HANDOVER_MS:
            turns[-1] = last._replace(end=max(last.end, visit.end))
        else:
            turns.append(Turn(visit.member, visit.begin, visit.end))
    return turns


def _chains(turns: list[Turn]) -> list[list[Turn]]:
    chains: list[list[Turn]] = []
    for turn in turns:
        if chains and turn.begin - chains[-1][-1].end <= HANDOVER_MS:
            chains[-1].append(turn)
        else:
            chains.append([turn])
    return chains


# -- lockstep -------------------------------------------------------------------------------------


@dataclass
class Party:
    """Members in step, and each one's visits that had company."""

    members: set[int] = field(default_factory=set)
    visits: dict[int, set[Visit]] = field(default_factory=lambda: defaultdict(set))


def lockstep(visits: Iterable[Visit], limits: Limits) -> list[Party]:
    """Members who began and ended several items in the same seconds.

    Two are in step who did so on ``STEP_VISITS`` different items; who is in step with one of a
    party belongs to it. In a crowd each visit is compared with the next ``STEP_CROWD`` only, so a
    whole school that begins at eight o'clock costs no more than its number.
    """
    pairs = _pairs(visits)
    joined = _joined(
        pair for pair, met in pairs.items() if len({a.revision for a, _b in met}) >= STEP_VISITS
    )
    parties = [Party(members) for members in joined if len(members) >= limits.together]
    party_of = {member: party for party in parties for member in party.members}
    for (one, other), met in pairs.items():
        party = party_of.get(one)
        if party is not None and party is party_of.get(other):
            for first, second in met:
                party.visits[one].add(first)
                party.visits[other].add(second)
    return parties


def _pairs(visits: Iterable[Visit]) -> dict[tuple[int, int], list[tuple[Visit, Visit]]]:
    """Pairs of members → pairs of their visits that began and ended together."""
    items: dict[int, list[Visit]] = defaultdict(list)
    for visit in visits:
        if visit.end - visit.begin >= STEP_LEAST:
            items[visit.revision].append(visit)
    met: dict[tuple[int, int], list[tuple[Visit, Visit]]] = defaultdict(list)
    for rows in items.values():
        rows.sort(key=lambda each: (each.begin, each.member))
        for index, visit in enumerate(rows):
            for other in rows[index + 1 : index + 1 + STEP_CROWD]:
                if other.begin - visit.begin > STEP_MS:
                    break
                if other.member != visit.member and abs(other.end - visit.end) <= STEP_MS:
                    one, two = sorted((visit, other), key=lambda each: each.member)
                    met[one.member, two.member].append((one, two))
    return met


def _joined(pairs: Iterable[tuple[int, int]]) -> list[set[int]]:
    """Members of pairs, put together where pairs share one."""
    party_of: dict[int, set[int]] = {}
    for one, other in pairs:
        whole, other_part = party_of.get(one, {one}), party_of.get(other, {other})
        if whole is other_part:
            continue
        if len(whole) < len(other_part):  # the smaller one moves, so a crowd joins quickly
            whole, other_part = other_part, whole
        whole |= other_part
        party_of |= dict.fromkeys([one, other, *other_part], whole)
    return list({id(party): party for party in party_of.values()}.values())
