"""The only writer of filings: file, return, confirm."""

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import Conflict, DomainError
from school.members.models import Branch, Member
from school.reports.models import Filing, FilingRow, FilingSnapshot
from school.reports.rules import period_start
from school.reports.selectors.filings import draft, frozen
from school.study.selectors.rules import rule_on

State = Filing.State


@transaction.atomic
def file_period(
    *, branch: Branch, period: str, starts_on: date, by: Member, note: str = ""
) -> FilingSnapshot:
    """Tell the branch above how a period stands; freezes every row.

    Raises:
        DomainError: the period has not begun, or there is nothing to tell.
        Conflict: it has been filed and was not returned.
    """
    if starts_on != period_start(period, starts_on) or starts_on > clock.today():
        raise DomainError(_("这个周期还没有开始，不能上报。"))
    filing, _made = Filing.objects.select_for_update(of=("self",)).get_or_create(
        branch=branch, period=period, starts_on=starts_on
    )
    if filing.state not in (State.OPEN, State.RETURNED):
        raise Conflict(_("本期已经上报。如需改报，请联系上级退回。"))
    told = draft(branch, period, starts_on)
    if not told.totals:
        raise DomainError(_("本期没有可以上报的数据：没有学习计划，或下级都还没有上报。"))
    rule = rule_on(told.as_of)
    snapshot = FilingSnapshot.objects.create(
        filing=filing,
        attempt=filing.snapshots.count() + 1,
        as_of=told.as_of,
        taken_at=clock.now(),
        filed_by=by,
        rule_version=rule.version if rule else None,
        plan_versions={str(line.plan.pk): line.plan.version for line in told.totals},
        note=note[:200],
    )
    FilingRow.objects.bulk_create(
        [
            FilingRow(
                snapshot=snapshot,
                kind=line.kind,
                plan=line.plan,
                label=line.label,
                branch_id=line.branch_id,
                member_id=line.member_id,
                figures=frozen(line.figures),
            )
            for line in told.lines
        ],
        batch_size=200,
    )
    filing.state, filing.reason = State.FILED, ""
    filing.save(update_fields=["state", "reason"])
    _record("reports.filed", filing, by, attempt=snapshot.attempt)
    return snapshot


@transaction.atomic
def return_filing(*, filing: Filing, reason: str, by: Member) -> Filing:
    """Send a filing back with a reason; it may be filed again.

    Raises:
        DomainError: no reason.
        Conflict: it is not filed, or already confirmed.
    """
    if not reason.strip():
        raise DomainError(_("请写明退回原因，让支部知道改什么。"), field="reason")
    filing = _held(filing)
    if filing.state != State.FILED:
        raise Conflict(_("只有已上报、未确认的才能退回。"))
    return _decide(filing, State.RETURNED, by, reason.strip()[:200])


@transaction.atomic
def confirm_filing(*, filing: Filing, by: Member) -> Filing:
    """Accept a filing; after that it no longer changes.

    Raises:
        Conflict: it is not filed.
    """
    filing = _held(filing)
    if filing.state != State.FILED:
        raise Conflict(_("只有已上报的才能确认。"))
    return _decide(filing, State.CONFIRMED, by)


def _held(filing: Filing) -> Filing:
    return Filing.objects.select_for_update(of=("self",)).get(pk=filing.pk)


def _decide(filing: Filing, state: str, by: Member, reason: str = "") -> Filing:
    filing.state, filing.reason = state, reason
    filing.decided_by, filing.decided_at = by, clock.now()
    filing.save(update_fields=["state", "reason", "decided_by", "decided_at"])
    _record(f"reports.{state}", filing, by, reason=reason)
    return filing


def _record(action: str, filing: Filing, by: Member, **fields) -> None:
    audit.record(
        action,
        actor=by,
        subject=filing,
        fields={"branch": filing.branch.code, "period": str(filing.starts_on), **fields},
    )
