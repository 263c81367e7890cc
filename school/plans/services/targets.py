"""Writes of yearly targets and exemptions."""

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import Conflict, DomainError
from school.members.models import Member, PostHolding
from school.plans.models import AnnualTarget, Exemption, StudyPlan
from school.plans.selectors.plans import counting_plans
from school.plans.services.counting import settle


@transaction.atomic
def set_targets(
    *,
    members: Iterable[Member],
    year: int,
    name: str,
    credit: int,
    sources: Iterable[str] = (),
    basis: str = "",
    by: Member | None = None,
) -> int:
    """Ask hours of members in a year; the same name is rewritten. Returns how many were set.

    Args:
        credit: hundredths of 学时.
        sources: HourEntry sources that count; empty means all.
    """
    ids = [member.pk for member in members]
    if credit <= 0:
        raise DomainError(_("应修学时要大于 0。"), field="credit")
    posts: dict[int, str] = {}
    for member, post in (
        PostHolding.objects.on(clock.today())
        .filter(member_id__in=ids)
        .order_by("-post__rank")
        .values_list("member_id", "post__name")
    ):
        posts[member] = post
    AnnualTarget.objects.bulk_create(
        [
            AnnualTarget(
                member_id=pk,
                year=year,
                name=name,
                credit=credit,
                sources=sorted(sources),
                basis=basis,
                post_snapshot=posts.get(pk, ""),
            )
            for pk in ids
        ],
        update_conflicts=True,
        unique_fields=["member", "year", "name"],
        update_fields=["credit", "sources", "basis", "post_snapshot"],
        batch_size=200,
    )
    settle(member_ids=ids, plans=[p for p in counting_plans() if p.ends_on.year == year])
    audit.record(
        "plans.targets_set",
        actor=by,
        label=f"{year} {name}",
        fields={"members": len(ids), "credit": credit},
    )
    return len(ids)


@transaction.atomic
def exempt(
    *,
    member: Member,
    reason: str,
    by: Member,
    plan: StudyPlan | None = None,
    target: AnnualTarget | None = None,
    since: date | None = None,
    until: date | None = None,
) -> Exemption:
    """Let a member off from a plan or from a year's target (免学).

    Args:
        since: first day; None means the first day of the plan or of the year.
        until: first day on which it no longer holds; None means to the end.

    Raises:
        DomainError: neither or both of plan and target, or no reason.
        Conflict: the member is already let off.
    """
    if (plan is None) == (target is None):
        raise DomainError(_("免学要针对一个学习计划或一项年度应修学时。"))
    if not reason.strip():
        raise DomainError(_("请填写免学原因。"), field="reason")
    first = plan.starts_on if plan else date(target.year, 1, 1)
    if Exemption.objects.filter(member=member, plan=plan, target=target, until=None).exists():
        raise Conflict(_("%(name)s 已经免学，不需要重复办理。") % {"name": member.name})
    row = Exemption.objects.create(
        member=member,
        plan=plan,
        target=target,
        reason=reason.strip()[:200],
        approver=by,
        since=since or first,
        until=until,
        recorded_at=clock.now(),
    )
    settle(member_ids=[member.pk], plans=[plan] if plan else counting_plans())
    audit.record(
        "plans.exempted",
        actor=by,
        subject=member,
        fields={"plan": plan.pk if plan else None, "target": target.pk if target else None},
    )
    return row


@transaction.atomic
def end_exemption(*, exemption: Exemption, on: date, by: Member) -> Exemption:
    """End an exemption: the member is asked again from a day on."""
    exemption.until = max(on, exemption.since)
    exemption.save(update_fields=["until"])
    plans = [exemption.plan] if exemption.plan else counting_plans()
    settle(member_ids=[exemption.member_id], plans=plans)
    audit.record("plans.exemption_ended", actor=by, subject=exemption.member)
    return exemption
