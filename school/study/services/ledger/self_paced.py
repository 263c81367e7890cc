"""Lines of study alone: on completion, and by the time studied."""

from datetime import date

from django.db import transaction
from django.db.models import Q, QuerySet, Sum

from school.study.models import (
    Completion,
    Coverage,
    HourEntry,
    HourRule,
    ItemRevision,
    StudyDay,
    StudyItem,
)
from school.study.rules import hours, origins
from school.study.selectors.pay import paid_in_year
from school.study.selectors.rules import RuleBook
from school.study.services.ledger.posting import booked_as, next_round, post
from school.study.services.locks import lock_member

Mode = HourRule.Mode


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
    award = _completion_award(completion, book)
    if not award:
        return None
    return post(
        **_completion_line(completion),
        award=award,
        rule=book.on(completion.effective_on),
        paid=_paid_this_year(completion),
    )


def _completion_line(completion: Completion) -> dict:
    """The fields of a line that say which completion it pays."""
    item, day = completion.item, completion.effective_on
    quiz = item.kind == StudyItem.Kind.QUIZ
    return {
        "member_id": completion.member_id,
        "item_id": item.pk,
        "title": item.title,
        "seconds": studied_seconds(completion),
        "source": HourEntry.Source.QUIZ if quiz else HourEntry.Source.ONLINE,
        "studied_on": day,
        "counts_for_year": day.year,
        "origin": origins.of_completion(completion.pk),
    }


def _completion_award(completion: Completion, book: RuleBook) -> int:
    """What a completion stands for before caps, hundredths of 学时.

    On completion: the item's award less what its study was paid by time. By time: only the study
    of days that counted on completion and so were paid by nobody.
    """
    revision, item, day = completion.revision, completion.item, completion.effective_on
    rule = book.on(day)
    whole = _item_award(revision, item, rule)
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


def _item_award(revision: ItemRevision, item: StudyItem, rule: HourRule | None) -> int:
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


def _paid_this_year(completion: Completion) -> bool:
    """Whether a completion of the item has been paid for the year already."""
    item_id, year = completion.item_id, completion.effective_on.year
    return item_id in paid_in_year(completion.member_id, [item_id], year)


def studied_seconds(completion: Completion) -> int:
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
    if not studied or _paid_on_completion(member_id, revision.pk, cycle, book):
        return []
    upto, award, seconds = _studied_so_far(member_id, revision.pk, cycle)
    posted = []
    for day, milliseconds in studied.items():
        if milliseconds <= upto.get(day, 0):
            continue
        upto[day] = milliseconds
        whole = hours.studied_credit((ms, book.on(at).minutes_per_hour) for at, ms in upto.items())
        if whole == award:
            continue
        total = sum(upto.values()) // 1000
        entry = post(
            **_study_line(member_id, revision, cycle, day, milliseconds),
            seconds=total - seconds,
            award=whole - award,
            rule=book.on(day),
        )
        award, seconds = whole, total
        posted.append(entry)
    return posted


def _study_line(
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
        "round": next_round(member_id, origin),
    }


def _of_study(member_id: int, prefix: str) -> QuerySet[HourEntry]:
    """Lines of study by time, in force or taken back by a person; not those credited anew."""
    mine = HourEntry.objects.filter(member_id=member_id, origin__startswith=prefix, reverses=None)
    return mine.exclude(reversed_by__origin__startswith=f"{origins.ANEW}:")


def _studied_so_far(
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


def _paid_on_completion(member_id: int, revision_id: int, cycle: int, book: RuleBook) -> bool:
    """Whether a round of study was completed on a day that counts on completion."""
    done = Completion.objects.in_force().filter(
        member_id=member_id, revision_id=revision_id, cycle=cycle
    )
    days = done.exclude(evidence=Completion.Evidence.GROUP).values_list("effective_on", flat=True)
    return any(book.mode(day) != Mode.AS_STUDIED for day in days)
