"""The credit ledger: every line is written here, once, and corrected only by a further line."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Max, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import Conflict, DomainError, NotAllowed
from school.core.language import school_language
from school.members.models import Member
from school.study import signals
from school.study import spans as sets
from school.study.models import (
    Completion,
    Coverage,
    HourEntry,
    HourRule,
    ItemRevision,
    LateArrival,
    StudyDay,
    StudyItem,
)
from school.study.rules import hours, judge, origins
from school.study.rules.caps import Held
from school.study.selectors.room import held_by_caps
from school.study.selectors.rules import RuleBook, rule_on, year_closed
from school.study.services import rows
from school.study.services.locks import lock_member

SELF_PACED = HourEntry.SELF_PACED
Mode = HourRule.Mode


def _book(**fields) -> HourEntry:
    entry = HourEntry.objects.create(recorded_at=clock.now(), **fields)
    signals.credited.send(sender=HourEntry, entry=entry)
    return entry


def _sum(entries) -> int:
    return entries.aggregate(total=Sum("credit"))["total"] or 0


# -- one door ------------------------------------------------------------------------------------


def _post(*, award: int, rule: HourRule | None, paid: bool = False, **fields) -> HourEntry:
    """Book an award as far as year and caps allow; the same origin once in the same round.

    A closed year takes a line of 0, and the award goes to the list of late arrivals.
    The member's row is held by the caller.
    """
    member_id, source = fields["member_id"], fields["source"]
    day, year = fields["studied_on"], fields["counts_for_year"]
    closed = year_closed(year)
    held = Held() if closed or paid else held_by_caps(member_id, rule, source, day, year)
    granted = held.grant(
        rule, award=award, source=source, day=day, year=year, paid=paid, closed=closed
    )
    fields["note"] = (granted.note or fields.get("note", ""))[:200]
    entry = _book(**fields, award=award, credit=granted.credit, rule=rule)
    if closed and award > 0:
        LateArrival.objects.create(
            entry=entry, year=year, award=award, arrived_at=entry.recorded_at
        )
    return entry


def booked_as(member_id: int, origin: str) -> HourEntry | None:
    """The newest line of an origin, None before the first. It may have been reversed since."""
    mine = HourEntry.objects.filter(member_id=member_id, origin=origin)
    return mine.order_by("-round").first()


def _next_round(member_id: int, origin: str) -> int:
    mine = HourEntry.objects.filter(member_id=member_id, origin=origin)
    last = mine.aggregate(last=Max("round"))["last"]
    return 0 if last is None else last + 1


# -- self-paced study ----------------------------------------------------------------------------


@transaction.atomic
def post_completion(*, completion: Completion) -> HourEntry | None:
    """Book what a completion pays; once, however often it is called.

    Pays what the rule in force on the day of study gives for the item, once a year, within the
    caps; what study of the item was paid by time this year is taken off. What is not paid is
    booked as 0 with the reason. Nothing is booked where the item pays nothing or where the time
    was spent in a gathering, which books offline hours.
    """
    if completion.evidence == Completion.Evidence.GROUP:
        return None
    lock_member(completion.member_id)
    if booked := booked_as(completion.member_id, origins.of_completion(completion.pk)):
        return booked
    book = RuleBook()
    if (
        completion.item.kind != StudyItem.Kind.QUIZ
        and book.mode(completion.effective_on) == Mode.AS_STUDIED
    ):
        post_studied(
            member_id=completion.member_id,
            revision=completion.revision,
            cycle=completion.cycle,
            book=book,
        )
    award = completion_award(completion, book)
    if not award:
        return None
    return _post(
        **completion_line(completion),
        award=award,
        rule=book.on(completion.effective_on),
        paid=paid_this_year(completion),
    )


def completion_line(completion: Completion) -> dict:
    """The fields of a line that say which completion it pays."""
    item, day = completion.item, completion.effective_on
    quiz = item.kind == StudyItem.Kind.QUIZ
    return {
        "member_id": completion.member_id,
        "item_id": item.pk,
        "title": item.title,
        "seconds": _studied_seconds(completion),
        "source": HourEntry.Source.QUIZ if quiz else HourEntry.Source.ONLINE,
        "studied_on": day,
        "counts_for_year": day.year,
        "origin": origins.of_completion(completion.pk),
    }


def completion_award(completion: Completion, book: RuleBook) -> int:
    """What a completion stands for before caps, hundredths of 学时.

    On completion: the item's award less what its study was paid by time. By time: only the study
    of days that counted on completion and so were paid by nobody.
    """
    revision, item, day = completion.revision, completion.item, completion.effective_on
    rule = book.on(day)
    whole = item_award(revision, item, rule)
    if not whole or item.kind == StudyItem.Kind.QUIZ:
        return whole
    if rule is None or rule.mode == Mode.ON_COMPLETION:
        return max(0, whole - _paid_by_time(completion))
    days = StudyDay.objects.filter(
        member_id=completion.member_id,
        revision=revision,
        cycle=completion.cycle,
        day__lte=day,
    ).values_list("day", "studied_ms")
    before = sum(ms for at, ms in days if book.mode(at) != Mode.AS_STUDIED)
    return hours.studied_credit([(before, rule.minutes_per_hour)])


def item_award(revision: ItemRevision, item: StudyItem, rule: HourRule | None) -> int:
    """What an item pays under a rule, see ``hours.award_of``."""
    return hours.award_of(
        rule,
        kind=item.kind,
        timed=revision.axis != ItemRevision.Axis.NONE,
        study_ms=revision.study_ms,
        own_award=revision.own_award,
    )


def _paid_by_time(completion: Completion) -> int:
    """What study of the item was worth by time: of this year, and of this round of study."""
    round_of = origins.study_prefix(completion.revision_id, completion.cycle)
    mine = _of_study(completion.member_id, f"{origins.STUDY}:").filter(item_id=completion.item_id)
    this = Q(counts_for_year=completion.effective_on.year) | Q(origin__startswith=round_of)
    return mine.filter(this).aggregate(total=Sum("award"))["total"] or 0


def paid_this_year(completion: Completion) -> bool:
    """Whether a completion of the item has been paid for the year already."""
    return (
        HourEntry.objects.in_force()
        .filter(
            member_id=completion.member_id,
            item_id=completion.item_id,
            counts_for_year=completion.effective_on.year,
            source__in=SELF_PACED,
            origin__startswith=f"{origins.COMPLETION}:",
            credit__gt=0,
        )
        .exists()
    )


def _studied_seconds(completion: Completion) -> int:
    """Seconds of study that no line by time has told already."""
    round_of = origins.study_prefix(completion.revision_id, completion.cycle)
    told = _of_study(completion.member_id, round_of).aggregate(total=Sum("seconds"))["total"]
    row = Coverage.objects.filter(
        member_id=completion.member_id,
        revision_id=completion.revision_id,
        cycle=completion.cycle,
    ).values_list("studied_ms", flat=True)
    return max(0, (row.first() or 0) // 1000 - (told or 0))


@transaction.atomic
def post_studied(
    *, member_id: int, revision: ItemRevision, cycle: int, book: RuleBook | None = None
) -> list[HourEntry]:
    """Book the study of an item that counts by time and has not been booked yet, day by day.

    Credit is worked out from all its study together, so nothing is lost to rounding; what is
    less than a hundredth of a 学时 waits for more. Nothing is booked where the item pays nothing
    or was paid on completion. Doing it twice books nothing.
    """
    item = revision.item
    if revision.own_award == 0 or item.kind == StudyItem.Kind.QUIZ:
        return []
    lock_member(member_id)
    book = book or RuleBook()
    days = StudyDay.objects.filter(member_id=member_id, revision=revision, cycle=cycle)
    studied = {
        day: milliseconds
        for day, milliseconds in days.order_by("day").values_list("day", "studied_ms")
        if book.mode(day) == Mode.AS_STUDIED
    }
    if not studied or paid_on_completion(member_id, revision.pk, cycle, book):
        return []
    upto, award, seconds = studied_so_far(member_id, revision.pk, cycle)
    posted = []
    for day, milliseconds in studied.items():
        if milliseconds <= upto.get(day, 0):
            continue
        upto[day] = milliseconds
        whole = hours.studied_credit((ms, book.on(at).minutes_per_hour) for at, ms in upto.items())
        if whole == award:
            continue
        total = sum(upto.values()) // 1000
        entry = _post(
            **study_line(member_id, revision, cycle, day, milliseconds),
            seconds=total - seconds,
            award=whole - award,
            rule=book.on(day),
        )
        award, seconds = whole, total
        posted.append(entry)
    return posted


def study_line(
    member_id: int, revision: ItemRevision, cycle: int, day: date, milliseconds: int
) -> dict:
    """The fields of a line that say which study it pays."""
    origin = origins.of_study(revision.pk, cycle, day, milliseconds)
    return {
        "member_id": member_id,
        "item_id": revision.item_id,
        "title": revision.item.title,
        "source": HourEntry.Source.ONLINE,
        "studied_on": day,
        "counts_for_year": day.year,
        "origin": origin,
        "round": _next_round(member_id, origin),
    }


def _of_study(member_id: int, prefix: str) -> QuerySet[HourEntry]:
    """Lines of study by time, in force or taken back by a person; not those credited anew."""
    mine = HourEntry.objects.filter(member_id=member_id, origin__startswith=prefix, reverses=None)
    return mine.exclude(reversed_by__origin__startswith=f"{origins.ANEW}:")


def studied_so_far(
    member_id: int, revision_id: int, cycle: int
) -> tuple[dict[date, int], int, int]:
    """What has been booked of a round of study: (day → milliseconds, award, seconds).

    What a person took back stays booked: the same study is not paid again behind his back.
    """
    mine = _of_study(member_id, origins.study_prefix(revision_id, cycle)).order_by("pk")
    lines = mine.values_list("origin", "award", "seconds")
    upto: dict[date, int] = {}
    award = seconds = 0
    for origin, worth, length in lines:
        what = origins.studied(origin)
        upto[what.day] = max(what.upto, upto.get(what.day, 0))
        award, seconds = award + worth, seconds + length
    return upto, award, seconds


def paid_on_completion(member_id: int, revision_id: int, cycle: int, book: RuleBook) -> bool:
    """Whether a round of study was completed on a day that counts on completion."""
    done = Completion.objects.in_force().filter(
        member_id=member_id, revision_id=revision_id, cycle=cycle
    )
    days = done.exclude(evidence=Completion.Evidence.GROUP).values_list("effective_on", flat=True)
    return any(book.mode(day) != Mode.AS_STUDIED for day in days)


# -- hours together, and from outside ------------------------------------------------------------


@transaction.atomic
def post_offline(
    *,
    member_id: int,
    title: str,
    seconds: int,
    source: str,
    studied_on: date,
    origin: str,
    item: StudyItem | None = None,
    note: str = "",
    award: int | None = None,
) -> HourEntry:
    """Book time spent together or entered by hand; the same ``origin`` books once.

    In a closed year the line is 0 and the hours go to the list of late arrivals.

    Args:
        award: hundredths of 学时 when they are given as such; None: by the minutes of the kind.

    Raises:
        DomainError: no time, or a source that is not for offline hours.
    """
    if seconds < 0 or source in SELF_PACED or source not in HourEntry.Source.values:
        raise DomainError(_("线下学时的时长或来源不正确，请检查后重新提交。"))
    lock_member(member_id)
    if booked := booked_as(member_id, origin):
        return booked
    rule = rule_on(studied_on)
    return _post(
        member_id=member_id,
        item=item,
        title=title[:255],
        seconds=seconds,
        award=hours.offline_credit(rule, source, seconds) if award is None else award,
        source=source,
        studied_on=studied_on,
        counts_for_year=studied_on.year,
        rule=rule,
        origin=origin,
        note=note,
    )


@transaction.atomic
def claim_wall(*, member_id: int, start: datetime, end: datetime) -> sets.Spans:
    """Spend a member's real time on something else than a page (a gathering).

    Returns the parts of ``[start, end)`` that were still free, as spans of milliseconds since
    ``start``; keep them for ``release_wall``. Study reported later for the same minutes earns
    nothing, and the other way round.
    """
    low, high = (judge.local_ms(clock.to_ms(moment)) for moment in (start, end))
    if low >= high:
        return []
    return sets.shift(rows.claim(member_id, low, high), -low)


@transaction.atomic
def release_wall(*, member_id: int, start: datetime, spans: sets.Spans) -> None:
    """Give back time that ``claim_wall`` took: what it was spent on has been declared void."""
    rows.release(member_id, sets.shift(spans, judge.local_ms(clock.to_ms(start))))


@transaction.atomic
def post_late(*, late: LateArrival, year: int, rule: HourRule | None) -> HourEntry:
    """Book a late arrival into another year; once."""
    first = late.entry
    origin = f"{origins.LATE}:{late.pk}"
    lock_member(first.member_id)
    if booked := booked_as(first.member_id, origin):
        return booked
    return _post(
        member_id=first.member_id,
        item_id=first.item_id,
        title=first.title,
        seconds=0,  # the time stands in the line of the closed year
        award=late.award,
        source=first.source,
        studied_on=first.studied_on,
        counts_for_year=year,
        rule=rule,
        origin=origin,
        note=_late_note(late),
    )


@school_language()
def _late_note(late: LateArrival) -> str:
    return _("%(year)s 年度封账后到达，经批准计入") % {"year": late.year}


# -- corrections ---------------------------------------------------------------------------------


@transaction.atomic
def reverse_entry(*, entry: HourEntry, reason: str, by: Member | None) -> HourEntry:
    """Take an entry back by a further one of the opposite sign.

    Raises:
        Conflict: it is a reversal itself, was reversed before, or its year is closed.
    """
    lock_member(entry.member_id)
    if entry.reverses_id or HourEntry.objects.filter(reverses=entry).exists():
        raise Conflict(_("这条学时记录已经冲销过，不能再次冲销。"))
    if year_closed(entry.counts_for_year):
        raise Conflict(
            _("%(year)s 年度已封账，不能冲销，请联系教务。") % {"year": entry.counts_for_year}
        )
    opposite = take_back(entry, reason)
    audit.record(
        "study.entry_reversed",
        actor=by,
        subject=entry,
        fields={"credit": entry.credit, "reason": reason},
    )
    return opposite


def take_back(entry: HourEntry, reason: str, kind: str = origins.REVERSAL) -> HourEntry:
    """Book the opposite of a line; the caller holds the member and has checked the year.

    Args:
        kind: ``origins.ANEW`` when what the line stands for is booked anew.
    """
    return _book(
        member_id=entry.member_id,
        item_id=entry.item_id,
        title=entry.title,
        seconds=-entry.seconds,
        credit=-entry.credit,
        award=None if entry.award is None else -entry.award,
        source=entry.source,
        studied_on=entry.studied_on,
        counts_for_year=entry.counts_for_year,
        rule_id=entry.rule_id,
        origin=f"{kind}:{entry.pk}",
        note=reason[:200],
        reverses=entry,
    )


@transaction.atomic
def correct_entry(
    *, entry: HourEntry, reason: str, by: Member, credit: int | None = None
) -> HourEntry:
    """Take an entry back for a reason and, where the right figure is known, book that instead.

    Args:
        credit: hundredths of 学时 that are right; None: nothing takes its place.

    Returns the last line written.

    Raises:
        NotAllowed: they are one's own hours.
        DomainError: no reason, or the figure is the same or not one.
        Conflict: see ``reverse_entry``.
    """
    if entry.member_id == by.pk:
        raise NotAllowed(_("不能更正自己的学时，请由其他教务人员处理。"))
    if not reason.strip():
        raise DomainError(_("请写明更正原因。"), field="reason")
    if credit is not None and not 0 < credit <= 100_000 or credit == entry.credit:
        raise DomainError(_("更正后的学时应大于 0，并且与原来不同。"), field="credit")
    last = reverse_entry(entry=entry, reason=reason.strip(), by=by)
    if credit is None:
        return last
    return _book(
        member_id=entry.member_id,
        item_id=entry.item_id,
        title=entry.title,
        seconds=entry.seconds,
        credit=credit,
        award=credit,
        source=entry.source,
        studied_on=entry.studied_on,
        counts_for_year=entry.counts_for_year,
        rule_id=entry.rule_id,
        origin=f"{origins.FIX}:{entry.pk}",
        note=reason.strip()[:200],
    )


def book_anew(*, award: int, credit: int, note: str, rule: HourRule | None, **line) -> HourEntry:
    """Book what a job has worked out, in the next round of its origin.

    The caller holds the member, has checked the year and answers for the caps.
    """
    line["round"] = _next_round(line["member_id"], line["origin"])
    return _book(**line, award=award, credit=credit, note=note[:200], rule=rule)
