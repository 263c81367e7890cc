"""The ledger held against its evidence: reproduced, or each difference listed and mended."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.conf import settings

from school.core import audit, clock
from school.study.rules import crediting, hours, origins
from school.study.selectors.crediting import Account, Gathered
from school.study.selectors.rules import RuleBook, year_closed
from school.study.services.ledger import post_offline
from school.study.services.recredit import booked_together, mend, together_wanted

NOTE = "按学习依据核对后更正"
Tell = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of a member that is not what the evidence says. Credit in hundredths of 学时."""

    member_id: int
    origin: str
    day: date
    booked: int | None
    wanted: int | None
    why: str


@dataclass
class Rebuilt:
    """What was found. ``years``: year → [credit of the ledger, credit by the evidence]."""

    members: int = 0
    lines: int = 0
    waiting: int = 0
    written: int = 0
    differences: list[Difference] = field(default_factory=list)
    years: dict[int, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))


def rebuild_hours(*, write: bool = False, tell: Tell | None = None) -> Rebuilt:
    """Work the whole ledger out from its evidence and compare line by line.

    Args:
        write: mend what differs by further lines (never in a closed year).
        tell: called with (share done, what is being done).
    """
    book, found = RuleBook(), Rebuilt()
    gathered = Gathered(book)
    portions = list(gathered.portions())
    for number, (low, high) in enumerate(portions, 1):
        for account in gathered.accounts(low, high).values():
            differences = list(_compare(account, book, found))
            found.differences += differences
            if write and differences:
                found.written += _mend(account, gathered)
        if tell:
            tell(number / len(portions), f"已核对 {found.lines} 条")
    if write:
        audit.record(
            "study.hours_rebuilt",
            fields={"differences": len(found.differences), "lines": found.written},
        )
    return found


def _compare(account: Account, book: RuleBook, found: Rebuilt) -> Iterator[Difference]:
    evidence = account.evidence
    booked = evidence.booked
    wanted = crediting.credited(evidence, book.on)
    found.members += 1
    found.lines += sum(len(each.pks) for each in booked.values()) + len(account.offline)
    open_since = clock.today() - timedelta(days=settings.STUDY_EVIDENCE_DAYS + 1)
    for key in booked.keys() | wanted.keys():
        have, should = booked.get(key), wanted.get(key)
        day = should.day if should else account.lines[key][0].studied_on
        sums = found.years[day.year]
        sums[0] += have.credit if have else 0
        sums[1] += should.credit if should else 0
        if not crediting.differs(have, should):
            continue
        if key[0] == origins.STUDY and day >= open_since and have is None:
            # The session may not be over; it is booked when it is.
            sums[1] -= should.credit
            found.waiting += 1
            continue
        yield Difference(
            account.member_id,
            ":".join(map(str, key)),
            day,
            have.credit if have else None,
            should.credit if should else None,
            _why(have, should),
        )
    yield from _compare_together(account, book, found)
    for line, why in account.amiss:
        yield Difference(account.member_id, line.origin, line.studied_on, line.credit, None, why)


def _why(have, should) -> str:
    if have is None:
        return "有依据，没有入账"
    if should is None:
        return "已入账，没有依据"
    return "入账与依据不符"


def _compare_together(account: Account, book: RuleBook, found: Rebuilt) -> Iterator[Difference]:
    for origin, line in account.offline.items():
        known = origin in account.together
        should = together_wanted(account, line, book)
        credit = should.credit if known else 0
        sums = found.years[line.studied_on.year]
        sums[0], sums[1] = sums[0] + line.credit, sums[1] + credit
        if not known:
            yield _odd(account, line, None, "已入账，没有依据")
        elif crediting.differs(booked_together(line), should):
            yield _odd(account, line, credit, "入账与依据不符")
    for origin, evidence in account.together.items():
        if origin in account.touched:
            continue
        credit = _credit(evidence, book)
        found.years[evidence.day.year][1] += credit
        yield Difference(account.member_id, origin, evidence.day, None, credit, "有依据，没有入账")


def _odd(account: Account, line, wanted: int | None, why: str) -> Difference:
    return Difference(account.member_id, line.origin, line.studied_on, line.credit, wanted, why)


def _credit(known, book: RuleBook) -> int:
    return hours.offline_credit(book.on(known.day), known.source, known.seconds)


def _mend(account: Account, gathered: Gathered) -> int:
    written = mend(account.member_id, gathered, NOTE, gone=True)
    for known in account.together.values():
        if known.origin in account.touched or year_closed(known.day.year):
            continue
        post_offline(
            member_id=account.member_id,
            title=known.title,
            seconds=known.seconds,
            source=known.source,
            studied_on=known.day,
            origin=known.origin,
            note=NOTE,
        )
        written += 1
    return written
