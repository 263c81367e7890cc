"""What an item pays a member: printed on its page and under the player before it starts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Max, Q
from django.utils.translation import gettext as _

from school.core import clock, wording
from school.study.models import Completion, HourEntry, HourRule, ItemRevision, StudyItem
from school.study.rules import hours, origins
from school.study.selectors.rules import rule_on


@dataclass(frozen=True, slots=True)
class Pay:
    """``state``: ``pays`` (on completion), ``by_time``, ``paid`` (this year already), ``over``
    (completed, nothing more to earn), ``none``.

    ``credit`` in hundredths of 学时: what it pays, or has paid. ``text`` says so.
    """

    state: str
    credit: int = 0
    text: str = ""


NONE = Pay("none")
_PAYING = (
    Q(origin__startswith=f"{origins.COMPLETION}:")
    | Q(origin__startswith=f"{origins.DISPUTE}:")
    | Q(origin__startswith=f"{origins.FIX}:")
)


def paid_this_year(member_id: int, item_ids: Iterable[int]) -> dict[int, int]:
    """``paid_in_year`` of this year."""
    return paid_in_year(member_id, item_ids, clock.today().year)


def paid_in_year(member_id: int, item_ids: Iterable[int], year: int) -> dict[int, int]:
    """Credit of a year by item, of items that have been paid on completion.

    Paid is also what the office decided on in place of that: a correction of such a line, or a
    dispute about the item. One query, one more for each step of a correction.
    """
    lines = HourEntry.objects.in_force().filter(
        _PAYING, member_id=member_id, item_id__in=list(item_ids), counts_for_year=year, credit__gt=0
    )
    rows = list(lines.order_by().values_list("item_id", "origin", "credit"))
    kind_of = _root_kinds(origin for _item, origin, _credit in rows)
    found: Counter[int] = Counter()
    for item_id, origin, credit in rows:
        if kind_of[origin] in origins.ONCE_A_YEAR:
            found[item_id] += credit
    return dict(found)


def _root_kinds(given: Iterable[str]) -> dict[str, str]:
    """What kind of line stands at the beginning of each origin's corrections."""
    roots = {origin: origin for origin in given}
    while fixed := {root: pk for root in roots.values() if (pk := origins.corrected(root))}:
        lines = HourEntry.objects.filter(pk__in=fixed.values()).order_by()
        before = dict(lines.values_list("pk", "origin"))
        roots = {each: before[fixed[at]] if at in fixed else at for each, at in roots.items()}
    return {each: origins.kind_of(root) for each, root in roots.items()}


def pay_of(member_id: int | None, item: StudyItem) -> Pay:
    """What an item pays a member from now on. At most three queries."""
    return pays_of(member_id, [item])[item.pk]


def pays_of(member_id: int | None, items: Iterable[StudyItem]) -> dict[int, Pay]:
    """What each of some items pays a member from now on. At most three queries."""
    return pays_under(rule_on(clock.today()), member_id, items)


def pay_under(rule: HourRule | None, member_id: int | None, item: StudyItem) -> Pay:
    """``pay_of`` where today's rule is known. At most two queries."""
    return pays_under(rule, member_id, [item])[item.pk]


def pays_under(
    rule: HourRule | None, member_id: int | None, items: Iterable[StudyItem]
) -> dict[int, Pay]:
    """``pays_of`` where today's rule is known. At most two queries."""
    items = list(items)
    awards = {item.pk: _award(rule, item) for item in items}
    paying = [item for item in items if awards[item.pk]] if member_id else []
    paid = paid_this_year(member_id, [item.pk for item in paying]) if paying else {}
    left = [item for item in paying if item.pk not in paid]
    over = _nothing_more(rule, member_id, left) if left else set()
    return {
        item.pk: _pay(rule, item, awards[item.pk], paid.get(item.pk, 0), item.pk in over)
        for item in items
    }


def _award(rule: HourRule | None, item: StudyItem) -> int:
    """What the revision in force pays by a rule, 0 where it is not offered."""
    revision = item.current
    if revision is None or item.withdrawn_at:
        return 0
    return hours.award_of(
        rule,
        kind=item.kind,
        timed=revision.axis != ItemRevision.Axis.NONE,
        study_ms=revision.study_ms,
        own_award=revision.own_award,
    )


def _pay(rule: HourRule | None, item: StudyItem, award: int, paid: int, over: bool) -> Pay:
    if not award:
        return NONE
    if paid:
        text = _("本年度已计 %(credit)s 学时，可复习，不重复计") % {"credit": wording.hours(paid)}
        return Pay("paid", paid, text)
    if over:
        return Pay("over", 0, _("已学完，可复习，不再计学时"))
    if rule and rule.mode == HourRule.Mode.AS_STUDIED and item.kind != StudyItem.Kind.QUIZ:
        text = _("按学习时长计，每 %(minutes)d 分钟 1 学时") % {"minutes": rule.minutes_per_hour}
        return Pay("by_time", award, text)
    text = _("学完计 %(credit)s 学时") % {"credit": wording.hours(award)}
    return Pay("pays", award, text)


def _nothing_more(rule: HourRule | None, member_id: int, items: list[StudyItem]) -> set[int]:
    """Items that cannot be completed again for credit. One query.

    What was completed this year stays completed, however that came about (together, or when the
    day was full); in a later year it can be completed anew where the rule pays again, but for
    courses, which have one round.
    """
    done = Completion.objects.in_force().filter(
        member_id=member_id, revision_id__in=[item.current_id for item in items]
    )
    latest = dict(done.order_by().values_list("item_id").annotate(Max("effective_on")))
    year, again = clock.today().year, bool(rule and rule.pays_again)
    return {
        item.pk
        for item in items
        if (day := latest.get(item.pk))
        and (day.year >= year or not again or item.kind == StudyItem.Kind.COURSE)
    }
