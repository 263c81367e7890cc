"""What an item pays a member: printed on its page and under the player before it starts."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Sum
from django.utils.translation import gettext as _

from school.core import clock, wording
from school.study.models import HourEntry, HourRule, ItemRevision, StudyItem
from school.study.rules import hours
from school.study.selectors.rules import rule_on


@dataclass(frozen=True, slots=True)
class Pay:
    """``state``: ``pays`` (on completion), ``by_time``, ``paid`` (this year already), ``none``.

    ``credit`` in hundredths of 学时: what it pays, or has paid. ``text`` says so.
    """

    state: str
    credit: int = 0
    text: str = ""


NONE = Pay("none")


def paid_this_year(member_id: int, item_ids: Iterable[int]) -> dict[int, int]:
    """Credit of this year by item, of items that were paid on completion. One query."""
    year = clock.today().year
    lines = HourEntry.objects.in_force().filter(
        member_id=member_id,
        item_id__in=list(item_ids),
        counts_for_year=year,
        source__in=HourEntry.SELF_PACED,
        origin__startswith="completion:",
        credit__gt=0,
    )
    return dict(lines.order_by().values_list("item_id").annotate(Sum("credit")))


def pay_of(member_id: int | None, item: StudyItem) -> Pay:
    """What an item pays a member from now on. Two queries."""
    if item.current is None or item.withdrawn_at:
        return NONE
    return pay_under(rule_on(clock.today()), member_id, item)


def pay_under(rule: HourRule | None, member_id: int | None, item: StudyItem) -> Pay:
    """``pay_of`` an item in use where today's rule is known. One query."""
    revision = item.current
    award = hours.award_of(
        rule,
        kind=item.kind,
        timed=revision.axis != ItemRevision.Axis.NONE,
        study_ms=revision.study_ms,
        own_award=revision.own_award,
    )
    if not award:
        return NONE
    if member_id and (paid := paid_this_year(member_id, [item.pk]).get(item.pk)):
        text = _("本年度已计 %(credit)s 学时，可复习，不重复计") % {"credit": wording.hours(paid)}
        return Pay("paid", paid, text)
    if rule and rule.mode == HourRule.Mode.AS_STUDIED and item.kind != StudyItem.Kind.QUIZ:
        text = _("按学习时长计，每 %(minutes)d 分钟 1 学时") % {"minutes": rule.minutes_per_hour}
        return Pay("by_time", award, text)
    text = _("学完计 %(credit)s 学时") % {"credit": wording.hours(award)}
    return Pay("pays", award, text)
