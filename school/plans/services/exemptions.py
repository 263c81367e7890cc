"""Asking for 免学 and deciding on it: never by the same person, and never by who gains."""

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import Conflict, DomainError, NotAllowed
from school.members.models import Member
from school.members.selectors.people import home_branch
from school.plans.models import AnnualTarget, Exemption, ExemptionRequest, StudyPlan
from school.plans.permissions import may_decide_exemption
from school.plans.services.targets import exempt

State = ExemptionRequest.State


@transaction.atomic
def ask_exemption(
    *,
    member: Member,
    reason: str,
    by: Member,
    plan: StudyPlan | None = None,
    target: AnnualTarget | None = None,
    since: date | None = None,
) -> ExemptionRequest:
    """Ask that a member be let off from a plan or a year's target.

    Args:
        since: first day; None means the first day of the plan or of the year.

    Raises:
        DomainError: neither or both of plan and target, no reason, or no home branch.
        Conflict: it is asked for or holds already.
    """
    if (plan is None) == (target is None):
        raise DomainError(_("免学要针对一个学习计划或一项年度应修学时。"))
    if not reason.strip():
        raise DomainError(_("请填写免学原因。"), field="reason")
    branch = home_branch(member)
    if branch is None:
        raise DomainError(_("%(name)s 尚未编入党支部，不能申请免学。") % {"name": member.name})
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    rows = {"member": member, "plan": plan, "target": target}
    if Exemption.objects.filter(**rows).unfinished(clock.today()).exists():
        raise Conflict(_("%(name)s 已经免学，不需要重复申请。") % {"name": member.name})
    if ExemptionRequest.objects.filter(state=State.OPEN, **rows).exists():
        raise Conflict(_("%(name)s 的免学申请正在等待批准。") % {"name": member.name})
    asked = ExemptionRequest.objects.create(
        branch=branch,
        reason=reason.strip()[:200],
        since=since,
        asked_by=by,
        asked_at=clock.now(),
        **rows,
    )
    audit.record(
        "plans.exemption_asked",
        actor=by,
        subject=member,
        fields={"plan": plan.pk if plan else None, "target": target.pk if target else None},
    )
    return asked


def _open(asked: ExemptionRequest) -> ExemptionRequest:
    row = ExemptionRequest.objects.select_for_update(of=("self",)).get(pk=asked.pk)
    if row.state != State.OPEN:
        raise Conflict(
            _("这项申请已经是“%(state)s”，请刷新后查看。") % {"state": row.get_state_display()}
        )
    return row


def _decide(asked: ExemptionRequest, by: Member) -> ExemptionRequest:
    row = _open(asked)
    if not may_decide_exemption(by, row):
        raise NotAllowed(_("申请人、免学人员本人和所在支部不能批准这项免学，请由上级办理。"))
    row.decided_by, row.decided_at = by, clock.now()
    return row


@transaction.atomic
def approve_exemption(*, asked: ExemptionRequest, by: Member, answer: str = "") -> Exemption:
    """Let the member off, as asked.

    Raises:
        NotAllowed: who asks or gains does not approve, nor does the branch itself.
        Conflict: it has been decided before.
    """
    row = _decide(asked, by)
    row.exemption = exempt(
        member=row.member,
        plan=row.plan,
        target=row.target,
        reason=row.reason,
        since=row.since,
        by=by,
    )
    row.state, row.answer = State.APPROVED, answer.strip()[:200]
    row.save()
    return row.exemption


@transaction.atomic
def decline_exemption(*, asked: ExemptionRequest, by: Member, answer: str) -> ExemptionRequest:
    """Do not let the member off; the reason is told to the branch.

    Raises:
        DomainError: no reason.
        NotAllowed, Conflict: as ``approve_exemption``.
    """
    if not answer.strip():
        raise DomainError(_("请填写不批准的原因。"), field="answer")
    row = _decide(asked, by)
    row.state, row.answer = State.DECLINED, answer.strip()[:200]
    row.save()
    audit.record("plans.exemption_declined", actor=by, subject=row.member)
    return row


@transaction.atomic
def withdraw_request(*, asked: ExemptionRequest, by: Member) -> ExemptionRequest:
    """Take a request back before it is decided; by the branch that asked.

    Raises:
        Conflict: it has been decided.
    """
    row = _open(asked)
    row.state, row.decided_at = State.WITHDRAWN, clock.now()
    row.save(update_fields=["state", "decided_at"])
    audit.record("plans.exemption_withdrawn", actor=by, subject=row.member)
    return row
