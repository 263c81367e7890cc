"""What the caps of self-paced study leave a member: said before and while something is studied."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from school.core import clock, wording
from school.study.models import HourEntry, HourRule, StudyDay
from school.study.rules import hours, origins
from school.study.rules.caps import Held, capped
from school.study.selectors.rules import rule_on

SELF_PACED = HourEntry.SELF_PACED
ONLINE = HourEntry.Source.ONLINE


@dataclass(frozen=True, slots=True)
class Room:
    """What today's self-paced study may still earn.

    ``left``: hundredths of 学时. ``left_ms``: study time until it is used up, None where study pays
    on completion. ``text``: what is said once nothing is left. ``until_ms``: milliseconds from now
    for which this holds (the next local midnight).
    """

    left: int
    left_ms: int | None
    text: str
    until_ms: int

    @property
    def full(self) -> bool:
        """Whether nothing more is credited today."""
        return self.left <= 0

    def short_of(self, award: int) -> str:
        """What is said before something is begun that would pay more than is left."""
        if not 0 < self.left < award:
            return ""
        return _("今日网上学时还可计 %(hours)s") % {"hours": wording.hours(self.left)}

    def said(self, award: int) -> str:
        """What is said before something is begun; "" where nothing is cut."""
        return self.text if self.full else self.short_of(award)


def held_by_caps(member_id: int, rule: HourRule | None, source: str, day: date, year: int) -> Held:
    """What the caps of a rule already hold of a member; no query where it has none."""
    held = Held()
    if source not in SELF_PACED or not capped(rule):
        return held
    mine = HourEntry.objects.filter(member_id=member_id, source__in=SELF_PACED)
    sums = mine.filter(Q(counts_for_year=year) | Q(studied_on=day)).order_by()
    for at, which, each, total in sums.values_list(
        "studied_on", "counts_for_year", "source"
    ).annotate(Sum("credit")):
        held.add(each, at, which, total)
    return held


def room_today(member_id: int) -> Room | None:
    """What is left today; None where no cap holds. At most four queries, one without a cap."""
    return room_under(rule_on(clock.local_day(clock.authority())), member_id)


def room_under(rule: HourRule | None, member_id: int) -> Room | None:
    """``room_today`` where today's rule is known. At most three queries, none without a cap."""
    now = clock.authority()
    day = clock.local_day(now)
    if rule is None or not capped(rule):
        return None
    held = held_by_caps(member_id, rule, ONLINE, day, day.year)
    rooms = list(held.rooms(rule, ONLINE, day, day.year))
    if not rooms:
        return None
    left, why = min(rooms)
    by_time = rule.mode == HourRule.Mode.AS_STUDIED
    if by_time:
        left -= _unbooked(member_id, day, rule)
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=clock.LOCAL)
    return Room(
        left=max(0, left),
        left_ms=max(0, left) * rule.minutes_per_hour * hours.UNIT_MS if by_time else None,
        text=_sentence(why),
        until_ms=int((midnight - now).total_seconds() * 1000),
    )


def _unbooked(member_id: int, day: date, rule: HourRule) -> int:
    """Credit of today's study by time that is booked only when its visit is over."""
    mine = StudyDay.objects.filter(member_id=member_id, day=day).exclude(revision__own_award=0)
    studied = mine.aggregate(total=Sum("studied_ms"))["total"] or 0
    lines = HourEntry.objects.in_force().filter(
        member_id=member_id, studied_on=day, origin__startswith=f"{origins.STUDY}:"
    )
    booked = lines.aggregate(total=Sum("award"))["total"] or 0
    return max(0, hours.studied_credit([(studied, rule.minutes_per_hour)]) - booked)


def _sentence(why: str) -> str:
    if why == hours.DAY_FULL:
        return _("今日网上学时已满，可继续完成任务，不再计学时")
    return _("本年度网上学时已满，可继续完成任务，不再计学时")
