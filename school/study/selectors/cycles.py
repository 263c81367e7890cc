"""Which round of evidence a member is in."""

from datetime import date

from django.db.models import Max

from school.study.models import Completion, Coverage
from school.study.selectors.rules import rule_on


def latest_cycle(member_id: int, revision_id: int) -> int:
    """The newest cycle with evidence, 0 without any."""
    rows = Coverage.objects.filter(member_id=member_id, revision_id=revision_id)
    return rows.aggregate(latest=Max("cycle"))["latest"] or 0


def cycle_for(member_id: int, revision_id: int, day: date) -> int:
    """The cycle that study on a day belongs to.

    A new one begins when the newest was completed in an earlier year and the rule pays again.
    """
    return cycle_after(latest_cycle(member_id, revision_id), member_id, revision_id, day)


def cycle_after(cycle: int, member_id: int, revision_id: int, day: date) -> int:
    """``cycle_for`` where the newest cycle with evidence is known."""
    done_on = (
        Completion.objects.in_force()
        .filter(member_id=member_id, revision_id=revision_id, cycle__gte=cycle)
        .order_by("-cycle")
        .values_list("cycle", "effective_on")
        .first()
    )
    if done_on is None:
        return cycle
    cycle, effective_on = done_on
    if effective_on.year >= day.year:
        return cycle
    rule = rule_on(day)
    return cycle + 1 if rule and rule.pays_again else cycle
