"""Writes of plans: create, change, publish, end, withdraw or replace an item."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import Conflict, DomainError
from school.members.models import Audience, AudienceRule, Branch, Member, Post
from school.plans.models import PlanItem, StudyPlan
from school.plans.services.counting import settle_plan
from school.study.models import StudyItem
from school.study.rules.policy import NO_WISH, Wish

State = StudyPlan.State


@transaction.atomic
def create_plan(
    *,
    title: str,
    owner: Branch,
    starts_on: date,
    ends_on: date,
    items: Iterable[tuple[StudyItem, bool]],
    audience: Audience | None = None,
    make_up_until: date | None = None,
    hour_target: int | None = None,
    wish: Wish = NO_WISH,
    by: Member | None = None,
) -> StudyPlan:
    """A draft plan.

    Args:
        items: (study item, required) in order.
        audience: None means all members of the school.
        hour_target: hundredths of 学时 to earn within the window, or None.
        wish: how what it requires is to be studied the first time, where stricter than usual.

    Raises:
        ValidationError: the dates contradict each other.
    """
    plan = StudyPlan(
        title=title.strip(),
        owner=owner,
        audience=audience,
        starts_on=starts_on,
        ends_on=ends_on,
        make_up_until=make_up_until,
        hour_target=hour_target,
        created_by=by,
        created_at=clock.now(),
        **asdict(wish),
    )
    plan.full_clean(exclude=["created_by"])
    plan.save()
    _write_items(plan, items)
    audit.record("plans.created", actor=by, subject=plan)
    return plan


def _write_items(plan: StudyPlan, items: Iterable[tuple[StudyItem, bool]]) -> None:
    PlanItem.objects.bulk_create(
        PlanItem(plan=plan, item=item, required=required, order=order)
        for order, (item, required) in enumerate(items, start=1)
    )


@transaction.atomic
def change_draft(
    *, plan: StudyPlan, items: Iterable[tuple[StudyItem, bool]], by: Member | None, **fields
) -> StudyPlan:
    """Rewrite a draft: ``fields`` as in ``create_plan``.

    Raises:
        Conflict: the plan has been published.
    """
    plan = StudyPlan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
    _must_be(plan, State.DRAFT, _("计划已发布，内容不能整体改写；可以撤下或替换其中一项。"))
    for name, value in fields.items():
        setattr(plan, name, value)
    plan.version += 1
    plan.full_clean(exclude=["created_by"])
    plan.save()
    plan.items.all().delete()
    _write_items(plan, items)
    audit.record("plans.changed", actor=by, subject=plan)
    return plan


def _must_be(plan: StudyPlan, state: str, message: str) -> None:
    if plan.state != state:
        raise Conflict(message)


@transaction.atomic
def publish_plan(*, plan: StudyPlan, by: Member | None = None) -> StudyPlan:
    """Make a draft count: everybody in its audience is asked from its first day.

    Raises:
        Conflict: it is not a draft.
        DomainError: nothing is required in it.
    """
    plan = StudyPlan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
    _must_be(plan, State.DRAFT, _("这个计划已经发布过。"))
    if not plan.items.filter(required=True).exists() and plan.hour_target is None:
        raise DomainError(_("计划里至少要有一项必修内容，或填写学时要求。"))
    plan.state = State.PUBLISHED
    plan.published_at = clock.now()
    plan.save(update_fields=["state", "published_at"])
    settle_plan(plan=plan)
    audit.record("plans.published", actor=by, subject=plan)
    return plan


@transaction.atomic
def end_plan(*, plan: StudyPlan, on: date | None = None, by: Member | None = None) -> StudyPlan:
    """Close a plan: after that day nothing in its figures changes any more.

    Raises:
        Conflict: it is not running.
    """
    plan = StudyPlan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
    _must_be(plan, State.PUBLISHED, _("只有进行中的计划可以结束。"))
    plan.state = State.ENDED
    plan.ended_on = on or clock.today()
    plan.save(update_fields=["state", "ended_on"])
    settle_plan(plan=plan)
    audit.record("plans.ended", actor=by, subject=plan, fields={"on": str(plan.ended_on)})
    return plan


@transaction.atomic
def withdraw_item(
    *,
    plan_item: PlanItem,
    replacement: StudyItem | None = None,
    on: date | None = None,
    by: Member | None = None,
) -> PlanItem:
    """Take an item out of a running plan, or put another in its place, from a day on.

    Finished stays finished: who had finished it keeps it and is not asked for the replacement.

    Raises:
        Conflict: it has been withdrawn before, or the replacement already is in the plan.
    """
    plan = StudyPlan.objects.select_for_update(of=("self",)).get(pk=plan_item.plan_id)
    plan_item = PlanItem.objects.select_for_update(of=("self",)).get(pk=plan_item.pk)
    day = on or clock.today()
    if plan_item.withdrawn_on:
        raise Conflict(_("这一项已经撤下。"))
    if replacement:
        if plan.items.filter(item=replacement).exists():
            raise Conflict(_("替换的内容已在计划里，请另选一项。"))
        plan_item.replaced_by = PlanItem.objects.create(
            plan=plan,
            item=replacement,
            required=plan_item.required,
            order=plan_item.order,
            added_on=day,
        )
    plan_item.withdrawn_on = day
    plan_item.save(update_fields=["withdrawn_on", "replaced_by"])
    StudyPlan.objects.filter(pk=plan.pk).update(version=plan.version + 1)
    if plan.state != State.DRAFT:
        settle_plan(plan=plan)
    audit.record(
        "plans.item_withdrawn",
        actor=by,
        subject=plan,
        fields={"item": plan_item.item_id, "replaced_by": replacement.pk if replacement else None},
    )
    return plan_item


@transaction.atomic
def plan_audience(
    *,
    plan_title: str,
    branches: Iterable[Branch],
    kinds: Iterable[str] = (),
    post: Post | None = None,
) -> Audience:
    """An audience for one plan: any branch × any kind, holding the post if one is given."""
    stem = f"计划：{plan_title}"[:48]
    audience = Audience.objects.create(
        name=f"{stem} {clock.to_ms(clock.now()) % 10**9}", scope=Audience.Scope.RULES
    )
    AudienceRule.objects.bulk_create(
        AudienceRule(audience=audience, branch=branch, kind=kind, post=post)
        for branch in branches
        for kind in (list(kinds) or [""])
    )
    return audience
