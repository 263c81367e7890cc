"""New versions of the hour rule. A version in use is never changed."""

from datetime import date

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import DomainError
from school.members.models import Member
from school.study.models import HourRule, ItemRevision, StudyItem
from school.study.rules import hours
from school.study.selectors.rules import rule_on

PORTION = 1_000


@transaction.atomic
def add_hour_rule(*, effective_from: date, by: Member | None, **terms) -> HourRule:
    """Add the next version.

    Args:
        effective_from: first local day; today or later, so nothing credited is touched.
        terms: the other fields of ``HourRule``.

    Raises:
        DomainError: the day lies in the past or already has a version.
    """
    if effective_from < clock.today():
        raise DomainError(_("生效日期不能早于今天：已入账的学时不会改算。"), field="effective_from")
    if HourRule.objects.filter(effective_from=effective_from).exists():
        raise DomainError(_("这一天已有一个版本生效，请另选日期。"), field="effective_from")
    last = HourRule.objects.aggregate(last=Max("version"))["last"] or 0
    rule = HourRule.objects.create(version=last + 1, effective_from=effective_from, **terms)
    audit.record(
        "study.hour_rule_added",
        actor=by,
        subject=rule,
        fields={"effective_from": str(effective_from), **terms},
    )
    if effective_from == clock.today():
        follow_rule()
    return rule


def follow_rule() -> int:
    """Write what each item pays by the rule in force today, for pages to print.

    What is booked is worked out by the rule of the day of study, never from here. Returns how
    many revisions changed.
    """
    rule, changed = rule_on(clock.today()), 0
    current = StudyItem.objects.filter(current__isnull=False).select_related("current")
    batch: list[ItemRevision] = []
    for item in current.iterator(chunk_size=PORTION):
        revision = item.current
        award = hours.award_of(
            rule,
            kind=item.kind,
            timed=revision.axis != ItemRevision.Axis.NONE,
            study_ms=revision.study_ms,
            own_award=revision.own_award,
        )
        if award != revision.award:
            revision.award = award
            batch.append(revision)
    for start in range(0, len(batch), PORTION):
        changed += ItemRevision.objects.bulk_update(batch[start : start + PORTION], ["award"])
    return changed
