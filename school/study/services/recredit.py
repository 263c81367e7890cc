"""What another rule would have paid, and crediting past study anew by decision."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import Conflict, DomainError
from school.core.jobs import enqueue
from school.core.language import school_language
from school.core.models import Job
from school.members.models import Member
from school.study.models import Completion, HourEntry, HourRule, Recredit, StudyItem, YearClose
from school.study.rules import crediting, hours, origins
from school.study.rules.crediting import Booked, Key, Wanted
from school.study.selectors.crediting import Account, Gathered, Line
from school.study.selectors.rules import RuleBook
from school.study.services.ledger import book_anew, studied_seconds, take_back
from school.study.services.locks import lock_member

EFFECT, RECREDIT = "study.rule_effect", "study.recredit"
Tell = Callable[[float, str], None]


@dataclass
class Effect:
    """What a rule changes over some days. ``sources``: source → [credit now, credit then]."""

    since: date
    until: date
    gain: int = 0
    lose: int = 0
    same: int = 0
    lines: int = 0
    sources: dict[str, list[int]] = field(default_factory=dict)

    def add(self, before: Counter, after: Counter, lines: int) -> None:
        """Take one member in, by credit of each source."""
        for source in {*before, *after}:
            sums = self.sources.setdefault(source, [0, 0])
            sums[0] += before[source]
            sums[1] += after[source]
        now, then = before.total(), after.total()
        self.gain += then > now
        self.lose += then < now
        self.same += then == now
        self.lines += lines

    def as_dict(self) -> dict:
        """For the result of a job."""
        return {
            "since": str(self.since),
            "until": str(self.until),
            "gain": self.gain,
            "lose": self.lose,
            "same": self.same,
            "lines": self.lines,
            "sources": self.sources,
        }


def effect_of(*, rule: HourRule, since: date, until: date, tell: Tell | None = None) -> Effect:
    """What the study of some days would have earned by a rule, stored or not; writes nothing.

    Args:
        tell: called with (share done, what is being done).
    """
    book = RuleBook(rule, since, until)
    gathered, effect = _years_of(book, since, until), Effect(since, until)
    portions = list(gathered.portions())
    for number, (low, high) in enumerate(portions, 1):
        for account in gathered.accounts(low, high).values():
            _add(effect, account, book)
        if tell:
            tell(number / len(portions), f"已核算 {number} / {len(portions)} 批")
    return effect


def _years_of(book: RuleBook, since: date, until: date) -> Gathered:
    """The whole years of some days: what they pay leaves more or less under a cap of the year."""
    return Gathered(book, date(since.year, 1, 1), date(until.year, 12, 31))


def _add(effect: Effect, account: Account, book: RuleBook) -> None:
    """Take in what a member has on the days, and what else of the year changes with it."""
    booked = dict(account.evidence.booked)
    wanted = crediting.credited(account.evidence, book.on)
    before, after, lines = Counter(), Counter(), 0
    for key in {*booked, *wanted}:
        have, should = booked.get(key), wanted.get(key)
        changed = crediting.differs(have, should)
        day = should.day if should else account.lines[key][0].studied_on
        if not (changed or effect.since <= day <= effect.until):
            continue
        if have:
            before[have.source] += have.credit
        if should:
            after[should.source] += should.credit
        if changed:
            lines += (len(have.pks) if have else 0) + bool(should)
    for line in account.offline.values():
        if not effect.since <= line.studied_on <= effect.until:
            continue
        should = together_wanted(account, line, book)
        before[line.source] += line.credit
        after[should.source] += should.credit
        lines += 2 * (should.credit != line.credit)
    if before or after:
        effect.add(before, after, lines)


def together_wanted(account: Account, line: Line, book: RuleBook) -> Wanted:
    """What a line of time spent together should be, by its evidence where that is at hand."""
    known = account.together.get(line.origin)
    day, source, seconds = (
        (known.day, known.source, known.seconds)
        if known
        else (line.studied_on, line.source, line.seconds)
    )
    credit = hours.offline_credit(book.on(day), source, seconds)
    return Wanted(credit, credit, source, day, line.item_id or 0, seconds)


def booked_together(line: Line) -> Booked:
    """A line of time spent together, to be held against what it should be."""
    place = line.source, line.studied_on, line.year
    return Booked(
        (line.pk,), line.award, line.credit, line.source, line.seconds, frozenset({place})
    )


# -- by decision ---------------------------------------------------------------------------------


def check_days(since: date, until: date) -> None:
    """Whether study of these days may be credited anew.

    Raises:
        DomainError: they do not follow each other, or are not over.
        Conflict: a year of theirs is closed.
    """
    if until < since or until > clock.today():
        raise DomainError(_("请填写今天以前的起止日期，止日不早于起日。"), field="until")
    years = range(since.year, until.year + 1)
    closed = YearClose.objects.filter(year__in=years).values_list("year", flat=True).first()
    if closed:
        raise Conflict(_("%(year)s 年度已封账，不能重新核算，请改选日期。") % {"year": closed})


@transaction.atomic
def start_recredit(*, rule: HourRule, since: date, until: date, reason: str, by: Member) -> Job:
    """Decide that study of some days counts by a rule, and have a job credit it anew.

    From now on the days count by this rule also for what arrives later. The job may be cancelled
    and started again: it goes on with who is left.

    Raises:
        DomainError, Conflict: see ``check_days``; or no reason.
    """
    check_days(since, until)
    if not reason.strip():
        raise DomainError(_("请写明重新核算的原因。"), field="reason")
    decided, _made = Recredit.objects.get_or_create(
        rule=rule,
        since=since,
        until=until,
        finished_at=None,
        defaults={
            "reason": reason.strip()[:200],
            "started_by": by,
            "started_at": clock.now(),
        },
    )
    audit.record(
        "study.recredit_started",
        actor=by,
        subject=decided,
        fields={"since": str(since), "until": str(until), "reason": decided.reason},
    )
    with school_language():
        title = _("重新核算 %(since)s 至 %(until)s 的学时") % {"since": since, "until": until}
    return enqueue(
        RECREDIT,
        subject=decided,
        title=title,
        payload={"recredit": decided.pk},
        by=by,
    )


def recredit(*, decided: Recredit, tell: Tell | None = None) -> dict:
    """Bring the ledger in step with a decision, member by member; doing it twice adds nothing.

    Raises:
        Conflict: a year of its days has been closed meanwhile.
    """
    check_days(decided.since, decided.until)
    book = RuleBook()
    gathered = _years_of(book, decided.since, decided.until)
    portions, changed, lines = list(gathered.portions()), 0, 0
    note = f"按第 {decided.rule.version} 版规则重新核算：{decided.reason}"
    for number, (low, high) in enumerate(portions, 1):
        for account in gathered.accounts(low, high).values():
            if not changes(account, book):
                continue
            written = mend(account.member_id, gathered, note)
            changed, lines = changed + bool(written), lines + written
        if tell:
            tell(number / len(portions), f"已核算 {number} / {len(portions)} 批")
    outcome = {"members": changed, "lines": lines}
    Recredit.objects.filter(pk=decided.pk).update(finished_at=clock.now(), outcome=outcome)
    audit.record("study.recredit_finished", subject=decided, fields=outcome)
    return outcome


@dataclass(frozen=True, slots=True)
class Change:
    """Lines to take back, and what to book instead (None: nothing)."""

    key: Key | str
    old: tuple[Line, ...]
    wanted: Wanted | None


def changes(account: Account, book: RuleBook, *, gone: bool = False) -> list[Change]:
    """Where a member's ledger differs from the evidence.

    Args:
        gone: also lines of time spent together whose evidence is no longer there.
    """
    evidence = account.evidence
    wanted = crediting.credited(evidence, book.on)
    # In the order in which they were worked out: it is the order they keep from now on.
    keys = [*(key for key in evidence.booked if key not in wanted), *wanted]
    found = [
        Change(key, tuple(account.lines.get(key, ())), wanted.get(key))
        for key in keys
        if crediting.differs(evidence.booked.get(key), wanted.get(key))
    ]
    for origin, line in account.offline.items():
        known = account.together.get(origin)
        asked = together_wanted(account, line, book)
        if known is None and gone:
            found.append(Change(origin, (line,), None))
        elif crediting.differs(booked_together(line), asked):
            found.append(Change(origin, (line,), asked))
    return found


@transaction.atomic
def mend(member_id: int, gathered: Gathered, note: str, *, gone: bool = False) -> int:
    """Take back what differs from the evidence and book it anew; returns the lines written.

    What the evidence says is read again under the member's lock. Lines of closed years stay.
    """
    lock_member(member_id)
    account = gathered.accounts(member_id, member_id).get(member_id)
    if account is None:
        return 0
    closed = set(YearClose.objects.values_list("year", flat=True))
    written = 0
    for change in changes(account, gathered.book, gone=gone):
        day = change.wanted.day if change.wanted else change.old[0].studied_on
        if day.year in closed or any(line.year in closed for line in change.old):
            continue
        entries = HourEntry.objects.filter(pk__in=[line.pk for line in change.old]).order_by("pk")
        old = list(entries)
        for entry in old:
            take_back(entry, note, origins.ANEW)
        written += len(old)
        if change.wanted:
            _book(member_id, change, old, gathered, note)
            written += 1
    return written


def _book(
    member_id: int, change: Change, old: list[HourEntry], gathered: Gathered, note: str
) -> None:
    wanted = change.wanted
    line = {
        "member_id": member_id,
        "item_id": wanted.item_id or None,
        "title": old[0].title if old else _title(wanted.item_id),
        "seconds": _seconds(member_id, change),
        "source": wanted.source,
        "studied_on": wanted.day,
        "counts_for_year": wanted.day.year,
        "origin": _origin(change, old),
    }
    book_anew(
        **line,
        award=wanted.award,
        credit=wanted.credit,
        note=wanted.note or note,
        rule=gathered.book.on(wanted.day),
    )


def _title(item_id: int) -> str:
    return StudyItem.objects.values_list("title", flat=True).get(pk=item_id)


def _origin(change: Change, old: list[HourEntry]) -> str:
    if isinstance(change.key, str):
        return change.key
    kind, *rest = change.key
    if kind == origins.STUDY:
        return origins.of_study(*rest)
    return origins.of_completion(*rest)


def _seconds(member_id: int, change: Change) -> int:
    if change.wanted.seconds is not None:
        return change.wanted.seconds
    return studied_seconds(Completion.objects.get(pk=change.key[1], member_id=member_id))
