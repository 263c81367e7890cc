"""What a member's self-paced study should have earned: the ledger's rules without a database.

Used to tell what a rule would change, to credit past study anew and to check the ledger. The
services that book from day to day follow the same rules one line at a time.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from school.study.rules import hours, origins
from school.study.rules.caps import Held

Key = tuple  # ("completion", pk) or ("study", revision, cycle, day, upto)
RuleOn = Callable[[date], Any]


class Done(NamedTuple):
    """A completion in force that pays online hours (not by a gathering)."""

    pk: int
    item_id: int
    revision_id: int
    cycle: int
    day: date
    kind: str
    timed: bool
    study_ms: int
    own_award: int | None


class Studied(NamedTuple):
    """A study day: milliseconds of one round of study of a revision."""

    revision_id: int
    cycle: int
    day: date
    studied_ms: int
    item_id: int
    kind: str
    own_award: int | None


class Decided(NamedTuple):
    """A line no rule works out (put right by a person, booked late), or the end of one (minus).

    ``place``: the line's number; ``key``: what it once paid, None when it never paid study;
    ``pays``: it stands for a completion of its item, which is paid once a year.
    """

    place: int
    key: Key | None
    source: str
    day: date
    year: int
    credit: int
    award: int
    item_id: int | None
    pays: bool = False


class Booked(NamedTuple):
    """What the ledger holds for a key: sums of its lines in force, and their primary keys.

    ``places``: the (source, day, year) of each of them.
    """

    pks: tuple[int, ...]
    award: int | None
    credit: int
    source: str
    seconds: int
    places: frozenset[tuple[str, date, int]]


@dataclass(slots=True)
class Wanted:
    """What a key should have in the ledger; ``seconds`` None: known only when it was booked."""

    award: int
    credit: int
    source: str
    day: date
    item_id: int
    seconds: int | None = None
    note: str = ""

    @property
    def places(self) -> frozenset[tuple[str, date, int]]:
        """Where its only line stands; self-paced study counts for the year of its day."""
        return frozenset({(self.source, self.day, self.day.year)})


@dataclass(slots=True)
class Evidence:
    """One member's study on the days looked at, and what other days and lines already hold.

    ``booked``: by key. ``first``: the number of the first line a key ever had, its place in the
    order of all; ``uptos``: how far lines of a study day ever went. ``settled``: keys that a person
    has decided; they stay as they are. ``decided``: what their lines and others held, and when.
    ``held``: what the caps hold of other days. ``paid``: lines by (item, year) that paid on
    completion elsewhere. ``by_time``: awards of study elsewhere by (item, year), ``by_round`` by
    (revision, cycle, year). ``completed``: rounds completed elsewhere on a day that counts on
    completion. ``earlier``: study days elsewhere, by round.
    """

    done: list[Done] = field(default_factory=list)
    studied: list[Studied] = field(default_factory=list)
    booked: dict[Key, Booked] = field(default_factory=dict)
    first: dict[Key, int] = field(default_factory=dict)
    uptos: dict[tuple[int, int, date], list[int]] = field(default_factory=dict)
    settled: set[Key] = field(default_factory=set)
    decided: list[Decided] = field(default_factory=list)
    held: Held = field(default_factory=Held)
    paid: Counter[tuple[int | None, int]] = field(default_factory=Counter)
    by_time: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    by_round: dict[tuple[int, int, int], int] = field(default_factory=lambda: defaultdict(int))
    completed: set[tuple[int, int]] = field(default_factory=set)
    earlier: dict[tuple[int, int], list[tuple[date, int]]] = field(default_factory=dict)


def key_of(origin: str) -> Key | None:
    """The key a line's origin belongs to; None for lines that are not self-paced study."""
    kind, _colon, rest = origin.partition(":")
    if kind == origins.COMPLETION:
        return kind, int(rest)
    if kind == origins.STUDY:
        what = origins.studied(origin)
        return kind, what.revision_id, what.cycle, what.day, what.upto
    return None


def credited(evidence: Evidence, rule_on: RuleOn) -> dict[Key, Wanted]:
    """What each key should have, worked out in the order in which it was first booked."""
    return _Crediting(evidence, rule_on).run()


class _Crediting:
    """One pass over a member's evidence."""

    def __init__(self, evidence: Evidence, rule_on: RuleOn) -> None:
        self.evidence, self.rule_on = evidence, rule_on
        self.wanted: dict[Key, Wanted] = {}
        self.upto: dict[tuple[int, int], dict[date, int]] = defaultdict(dict)
        self.worth: dict[tuple[int, int], int] = defaultdict(int)
        self.seconds: dict[tuple[int, int], int] = defaultdict(int)
        self.fixed: dict[Key, int] = defaultdict(int)
        for line in evidence.decided:
            self.fixed[line.key or ()] += line.award
        self.on_completion = set(evidence.completed)
        for done in evidence.done:
            if done.kind != hours.QUIZ and not self._by_time(done.day):
                self.on_completion.add((done.revision_id, done.cycle))

    def run(self) -> dict[Key, Wanted]:
        for _place, key, each in sorted(self._events(), key=lambda event: event[0]):
            if isinstance(each, Decided):
                self._hold(each)
            elif isinstance(each, Studied):
                self._study(key, each)
            elif key not in self.evidence.settled:
                self._complete(key, each)
        return self.wanted

    def _events(self) -> Iterable[tuple[tuple, Key | None, Done | Studied | Decided]]:
        """In the order of first booking, so that what was cut by a cap is cut again."""
        first, never = self.evidence.first, float("inf")
        for line in self.evidence.decided:
            yield (line.place, line.day, -1, 0, line.credit), line.key, line
        for each in self.evidence.studied:
            day = each.revision_id, each.cycle, each.day
            known = [upto for upto in self.evidence.uptos.get(day, ()) if upto < each.studied_ms]
            for upto in (*known, each.studied_ms):
                key = (origins.STUDY, *day, upto)
                yield (first.get(key, never), each.day, 0, each.revision_id, upto), key, each
        for done in self.evidence.done:
            paid: Key = (origins.COMPLETION, done.pk)
            yield (first.get(paid, never), done.day, 1, done.pk, 0), paid, done

    def _hold(self, line: Decided) -> None:
        """From here on a decided line fills its caps, or (taken back) leaves room again."""
        evidence = self.evidence
        evidence.held.add(line.source, line.day, line.year, line.credit)
        if line.pays and line.credit:
            evidence.paid[line.item_id, line.year] += 1 if line.credit > 0 else -1
        elif line.key and line.key[0] == origins.STUDY:
            _kind, revision_id, cycle, *_day = line.key
            evidence.by_time[line.item_id, line.year] += line.award
            evidence.by_round[revision_id, cycle, line.year] += line.award

    def _by_time(self, day: date) -> bool:
        rule = self.rule_on(day)
        return rule is not None and rule.mode == hours.AS_STUDIED

    def _complete(self, key: Key, done: Done) -> None:
        rule = self.rule_on(done.day)
        award = hours.award_of(
            rule,
            kind=done.kind,
            timed=done.timed,
            study_ms=done.study_ms,
            own_award=done.own_award,
        )
        quiz = done.kind == hours.QUIZ
        if award and not quiz:
            award = self._unpaid(done, award)
        if not award:
            return
        year = done.day.year
        self._want(
            key,
            award=award,
            source="quiz" if quiz else "online",
            day=done.day,
            item_id=done.item_id,
            paid=self.evidence.paid[done.item_id, year] > 0,
        )
        if self.wanted[key].credit:
            self.evidence.paid[done.item_id, year] += 1

    def _unpaid(self, done: Done, award: int) -> int:
        """What of an award no study has been paid for by time."""
        round_of = done.revision_id, done.cycle
        if not self._by_time(done.day):
            same_year = self.evidence.by_time.get((done.item_id, done.day.year), 0)
            other_years = sum(
                worth
                for (*of, year), worth in self.evidence.by_round.items()
                if tuple(of) == round_of and year != done.day.year
            )
            return max(0, award - same_year - other_years)
        days = list(self.evidence.earlier.get(round_of, ()))
        days += [
            (each.day, each.studied_ms)
            for each in self.evidence.studied
            if (each.revision_id, each.cycle) == round_of
        ]
        before = sum(ms for day, ms in days if day <= done.day and not self._by_time(day))
        return hours.studied_credit([(before, self.rule_on(done.day).minutes_per_hour)])

    def _study(self, key: Key, each: Studied) -> None:
        if each.own_award == 0 or each.kind == hours.QUIZ or not self._by_time(each.day):
            return
        round_of, settled = (each.revision_id, each.cycle), key in self.evidence.settled
        if round_of in self.on_completion and not (settled or key in self.evidence.booked):
            return  # paid on completion; what was booked by time before was taken off there
        upto = self.upto[round_of]
        upto[each.day] = max(key[-1], upto.get(each.day, 0))
        whole = hours.studied_credit(
            (ms, self.rule_on(day).minutes_per_hour) for day, ms in upto.items()
        )
        if settled:  # worth what it was booked with, by whatever rule
            self.worth[round_of] += self.fixed.get(key, 0)
            self.seconds[round_of] = sum(upto.values()) // 1000
            return
        award, total = whole - self.worth[round_of], sum(upto.values()) // 1000
        if not award:
            return
        seconds, self.seconds[round_of] = total - self.seconds[round_of], total
        self.worth[round_of] = whole
        self.evidence.by_time[each.item_id, each.day.year] += award
        self.evidence.by_round[*round_of, each.day.year] += award
        self._want(
            key,
            award=award,
            source="online",
            day=each.day,
            item_id=each.item_id,
            seconds=seconds,
        )

    def _want(
        self,
        key: Key,
        *,
        award: int,
        source: str,
        day: date,
        item_id: int,
        paid: bool = False,
        seconds: int | None = None,
    ) -> None:
        held = self.evidence.held
        granted = held.grant(
            self.rule_on(day), award=award, source=source, day=day, year=day.year, paid=paid
        )
        held.add(source, day, day.year, granted.credit)
        self.wanted[key] = Wanted(
            award, granted.credit, source, day, item_id, seconds, granted.note
        )


def differs(booked: Booked | None, wanted: Wanted | None) -> bool:
    """Whether the lines of a key have to be taken back and booked anew."""
    if booked is None or wanted is None:
        return booked is not wanted
    if wanted.seconds is not None and booked.seconds != wanted.seconds:
        return True
    if booked.places != wanted.places:
        return True
    return booked.credit != wanted.credit or booked.award not in (None, wanted.award)
