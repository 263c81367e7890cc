"""Evidence and ledger of a portion of members, in the form the rules of crediting want."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import NamedTuple

from django.db.models import Max, Min, Q

from school.study import registry
from school.study.models import Completion, HourEntry, ItemRevision, LateArrival, StudyDay
from school.study.registry import HourEvidence
from school.study.rules import crediting, hours, origins
from school.study.rules.crediting import Booked, Decided, Done, Evidence, Key, Studied
from school.study.selectors.rules import RuleBook

PORTION = 100


class Line(NamedTuple):
    """One line of the ledger, without what only people read."""

    pk: int
    member_id: int
    item_id: int | None
    origin: str
    award: int | None
    credit: int
    seconds: int
    studied_on: date
    year: int
    source: str
    rule_id: int | None
    reverses_id: int | None


class Paying(NamedTuple):
    """What of a revision decides what it pays."""

    item_id: int
    kind: str
    timed: bool
    study_ms: int
    own_award: int | None


@dataclass(slots=True)
class Account:
    """A member's evidence, and the lines it is held against.

    ``lines``: in force, by key. ``offline``: lines in force of time spent together, by origin;
    ``together``: their evidence. ``touched``: origins that were ever booked.
    """

    member_id: int
    evidence: Evidence = field(default_factory=Evidence)
    lines: dict[Key, list[Line]] = field(default_factory=dict)
    offline: dict[str, Line] = field(default_factory=dict)
    together: dict[str, HourEvidence] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    amiss: list[tuple[Line, str]] = field(default_factory=list)


class Gathered:
    """Reads accounts portion by portion.

    Args:
        book: the rules as they stand (a trial is held against them later).
        since, until: the study days looked at; None: all there are.
    """

    def __init__(
        self, book: RuleBook, since: date | None = None, until: date | None = None
    ) -> None:
        self.book, self.since, self.until = book, since, until
        self.sources = registry.hour_evidence()

    @cached_property
    def revisions(self) -> dict[int, Paying]:
        """Every revision; read once. Schools have thousands, not millions."""
        rows = ItemRevision.objects.values_list(
            "pk", "item_id", "item__kind", "axis", "study_ms", "own_award"
        )
        none = ItemRevision.Axis.NONE
        return {
            pk: Paying(item, kind, axis != none, study_ms, own)
            for pk, item, kind, axis, study_ms, own in rows.iterator()
        }

    def inside(self, day: date) -> bool:
        """Whether a day is looked at."""
        return (self.since is None or day >= self.since) and (
            self.until is None or day <= self.until
        )

    def portions(self) -> Iterator[tuple[int, int]]:
        """Ranges (first, last) of member numbers that have lines or completions."""
        ends = [
            rows.order_by().aggregate(low=Min("member_id"), high=Max("member_id"))
            for rows in (HourEntry.objects.all(), Completion.objects.all(), StudyDay.objects.all())
        ]
        lows = [each["low"] for each in ends if each["low"] is not None]
        highs = [each["high"] for each in ends if each["high"] is not None]
        if lows:
            for low in range(min(lows), max(highs) + 1, PORTION):
                yield low, min(low + PORTION - 1, max(highs))

    def accounts(self, low: int, high: int) -> dict[int, Account]:
        """Accounts of the members numbered from ``low`` to ``high``."""
        found: dict[int, Account] = {}

        def account(member_id: int) -> Account:
            if member_id not in found:
                found[member_id] = Account(member_id)
            return found[member_id]

        self._read_lines(low, high, account)
        self._read_completions(low, high, account)
        self._read_days(low, high, account)
        self._read_together(low, high, account)
        for each in found.values():
            _sum_up(each)
        return found

    # -- reading -------------------------------------------------------------------------------

    def _wanted_lines(self) -> Q:
        """Lines of the years looked at; a round of study may reach back into earlier ones."""
        if self.since is None or self.until is None:
            return Q()
        study, years = f"{origins.STUDY}:", range(self.since.year, self.until.year + 1)
        by_time = Q(origin__startswith=study) | Q(reverses__origin__startswith=study)
        return Q(counts_for_year__in=years) | by_time

    def _read_lines(self, low: int, high: int, account) -> None:
        members = Q(member_id__gte=low, member_id__lte=high)
        rows = HourEntry.objects.filter(members, self._wanted_lines()).order_by("pk")
        lines = [
            Line._make(row)
            for row in rows.values_list(
                *("pk", "member_id", "item_id", "origin", "award", "credit", "seconds"),
                *("studied_on", "counts_for_year", "source", "rule_id", "reverses_id"),
            )
        ]
        reversals = {line.reverses_id: line for line in lines if line.reverses_id}
        by_number = {line.pk: line for line in lines}
        late = set(
            LateArrival.objects.filter(
                entry__member_id__gte=low, entry__member_id__lte=high
            ).values_list("entry_id", flat=True)
        )
        for line in lines:
            mine = account(line.member_id)
            mine.touched.add(line.origin)
            if line.reverses_id is not None:
                continue
            if key := crediting.key_of(line.origin):
                _note_first(mine.evidence, key, line.pk)
            pays = _pays(line, by_number)
            if (opposite := reversals.get(line.pk)) is not None:
                self._take_reversed(mine, line, key, opposite, pays)
            elif key is None:
                self._take_other(mine, line, line.pk in late, pays)
            elif line.pk in late:
                mine.evidence.settled.add(key)
            elif self.inside(line.studied_on):
                mine.lines.setdefault(key, []).append(line)
            else:
                self._take_elsewhere(mine, line, key)
        self._check_orphans(lines, reversals, account)

    def _check_orphans(self, lines, reversals, account) -> None:
        known = {line.pk for line in lines}
        for reversed_pk, line in reversals.items():
            if reversed_pk not in known:
                account(line.member_id).amiss.append((line, "冲销的原记录不在同一年度"))

    def _take_other(self, mine: Account, line: Line, late: bool, pays: bool) -> None:
        if line.origin.partition(":")[0] in self.sources:
            if not late and self.inside(line.studied_on):
                mine.offline[line.origin] = line
        elif line.source in HourEntry.SELF_PACED or pays:
            mine.evidence.decided.append(_decided(line, None, line.pk, pays=pays))

    def _take_elsewhere(self, mine: Account, line: Line, key: Key) -> None:
        evidence = mine.evidence
        evidence.held.add(line.source, line.studied_on, line.year, line.credit)
        if key[0] == origins.COMPLETION:
            if line.credit > 0:
                evidence.paid[line.item_id, line.year] += 1
            return
        evidence.by_time[line.item_id, line.year] += line.award or 0
        evidence.by_round[key[1], key[2], line.year] += line.award or 0

    def _take_reversed(
        self, mine: Account, line: Line, key: Key | None, opposite: Line, pays: bool
    ) -> None:
        if not _opposite(line, opposite):
            mine.amiss.append((opposite, "冲销与原记录不等"))
        if origins.kind_of(opposite.origin) == origins.ANEW:
            return
        evidence = mine.evidence
        if key:
            evidence.settled.add(key)
        place = evidence.first[key] if key else line.pk
        evidence.decided += [
            _decided(line, key, place, pays=pays),
            _decided(line, key, opposite.pk, -1, pays=pays),
        ]

    def _read_completions(self, low: int, high: int, account) -> None:
        rows = (
            Completion.objects.in_force()
            .filter(member_id__gte=low, member_id__lte=high)
            .exclude(evidence=Completion.Evidence.GROUP)
            .order_by("pk")
        )
        for pk, member_id, revision_id, cycle, day in rows.values_list(
            "pk", "member_id", "revision_id", "cycle", "effective_on"
        ):
            paying = self.revisions[revision_id]
            evidence = account(member_id).evidence
            if self.inside(day):
                evidence.done.append(
                    Done(
                        pk,
                        paying.item_id,
                        revision_id,
                        cycle,
                        day,
                        paying.kind,
                        paying.timed,
                        paying.study_ms,
                        paying.own_award,
                    )
                )
            elif paying.kind != hours.QUIZ and self.book.mode(day) != hours.AS_STUDIED:
                evidence.completed.add((revision_id, cycle))

    def _read_days(self, low: int, high: int, account) -> None:
        if not self.book.has_mode(hours.AS_STUDIED):
            return
        rows = StudyDay.objects.filter(member_id__gte=low, member_id__lte=high).order_by("day")
        for member_id, revision_id, cycle, day, studied_ms in rows.values_list(
            "member_id", "revision_id", "cycle", "day", "studied_ms"
        ):
            evidence = account(member_id).evidence
            if not self.inside(day):
                evidence.earlier.setdefault((revision_id, cycle), []).append((day, studied_ms))
                continue
            paying = self.revisions[revision_id]
            evidence.studied.append(
                Studied(
                    revision_id,
                    cycle,
                    day,
                    studied_ms,
                    paying.item_id,
                    paying.kind,
                    paying.own_award,
                )
            )

    def _read_together(self, low: int, high: int, account) -> None:
        for source in self.sources.values():
            for each in source(low, high):
                if self.inside(each.day):
                    account(each.member_id).together[each.origin] = each


def _sum_up(account: Account) -> None:
    booked = account.evidence.booked
    for key in account.evidence.settled & set(account.lines):
        # Decided by a person once: every line of it stays, and the caps hold it.
        pays = key[0] == origins.COMPLETION
        for line in account.lines.pop(key):
            account.evidence.decided.append(_decided(line, key, line.pk, pays=pays))
    for key, lines in account.lines.items():
        awards = [line.award for line in lines]
        booked[key] = Booked(
            tuple(line.pk for line in lines),
            None if None in awards else sum(awards),
            sum(line.credit for line in lines),
            lines[0].source,
            sum(line.seconds for line in lines),
            frozenset((line.source, line.studied_on, line.year) for line in lines),
        )


def _opposite(line: Line, taking_back: Line) -> bool:
    """Whether one line takes back the whole of the other, where it stands."""
    return (
        (taking_back.credit, taking_back.seconds) == (-line.credit, -line.seconds)
        and (taking_back.source, taking_back.studied_on) == (line.source, line.studied_on)
        and taking_back.year == line.year
    )


def _pays(line: Line, by_number: dict[int, Line]) -> bool:
    """Whether a line stands for a completion of its item, itself or by correcting one that did."""
    while (pk := origins.corrected(line.origin)) and pk in by_number:
        line = by_number[pk]
    return line.item_id is not None and origins.kind_of(line.origin) in origins.ONCE_A_YEAR


def _decided(
    line: Line, key: Key | None, place: int, sign: int = 1, *, pays: bool = False
) -> Decided:
    """A line as it fills the caps from a place on, or (-1) as it leaves them.

    Study that a person took back is still study that was paid: its award stays.
    """
    return Decided(
        place,
        key,
        line.source,
        line.studied_on,
        line.year,
        sign * line.credit,
        (line.award or 0) if sign > 0 else 0,
        line.item_id,
        pays,
    )


def _note_first(evidence: Evidence, key: Key, pk: int) -> None:
    if key in evidence.first:
        return
    evidence.first[key] = pk
    if key[0] == origins.STUDY:
        evidence.uptos.setdefault(key[1:-1], []).append(key[-1])
