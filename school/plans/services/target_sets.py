"""Writes of sets of yearly targets: draft, change, copy, publish, withdraw."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import Conflict, DomainError
from school.core.jobs import enqueue
from school.core.models import Job
from school.members.models import Audience, AudienceRule, Branch, Member, MemberStanding, Post
from school.plans.models import AnnualTarget, TargetRung, TargetSet
from school.plans.selectors.target_people import rungs_of
from school.plans.selectors.target_sets import counting_sources
from school.study.selectors.rules import year_closed

State = TargetSet.State
SETTLE = "plans.settle_targets"


@dataclass(frozen=True)
class RungDraft:
    """One rung as it is entered; empty parts mean any. ``credit``: hundredths for a whole year."""

    label: str
    credit: int
    branches: tuple[Branch, ...] = ()
    posts: tuple[Post, ...] = ()
    kinds: tuple[str, ...] = ()
    training: bool = False
    new_post_months: int | None = None

    @property
    def kind_labels(self) -> list[str]:
        """Kinds of people in words."""
        return [str(MemberStanding.Kind(kind).label) for kind in self.kinds]


@dataclass(frozen=True)
class SetDraft:
    """A set as it is entered; ``solo_counts`` None: not answered yet."""

    year: int
    name: str
    solo_counts: bool | None
    rungs: tuple[RungDraft, ...]
    basis: str = ""
    sources: tuple[str, ...] = ()
    change: str = TargetSet.Change.MONTHS
    joiners: str = TargetSet.Joiners.MONTHS


@transaction.atomic
def draft_set(*, draft: SetDraft, by: Member, version: int = 1) -> TargetSet:
    """Write a draft; nobody is asked anything until it is published.

    Raises:
        DomainError: something in it contradicts itself.
        Conflict: the year is closed.
    """
    _check(draft)
    row = TargetSet.objects.create(
        year=draft.year,
        name=draft.name.strip(),
        basis=draft.basis.strip(),
        solo_counts=draft.solo_counts,
        sources=sorted(draft.sources),
        change=draft.change,
        joiners=draft.joiners,
        version=version,
        created_by=by,
        created_at=clock.now(),
    )
    _write_rungs(row, draft.rungs)
    audit.record("plans.target_set_drafted", actor=by, subject=row)
    return row


@transaction.atomic
def change_draft_set(*, wanted: TargetSet, draft: SetDraft, by: Member) -> TargetSet:
    """Rewrite a draft.

    Raises:
        Conflict: it is no draft any more.
        DomainError: something in it contradicts itself.
    """
    row = TargetSet.objects.select_for_update(of=("self",)).get(pk=wanted.pk)
    _must_be(row, State.DRAFT)
    _check(draft)
    if row.version > 1 and (draft.year, draft.name.strip()) != (row.year, row.name):
        raise DomainError(_("修订已发布的要求时，年度和名称不能改动。"), field="name")
    row.year, row.name = draft.year, draft.name.strip()
    row.basis, row.solo_counts = draft.basis.strip(), draft.solo_counts
    row.sources = sorted(draft.sources)
    row.change, row.joiners = draft.change, draft.joiners
    row.save()
    _drop_rungs(row)
    _write_rungs(row, draft.rungs)
    audit.record("plans.target_set_drafted", actor=by, subject=row)
    return row


def _must_be(row: TargetSet, state: str) -> None:
    if row.state != state:
        raise Conflict(
            _("这项要求现在是“%(state)s”，不能这样办理，请刷新后重试。")
            % {"state": row.get_state_display()}
        )


def _check(draft: SetDraft) -> None:
    if not draft.name.strip():
        raise DomainError(_("请填写名称。"), field="name")
    if not draft.rungs:
        raise DomainError(_("请至少填写一档要求。"))
    if any(rung.credit <= 0 for rung in draft.rungs):
        raise DomainError(_("应修学时要大于 0。"))
    if draft.solo_counts is False and not draft.sources:
        raise DomainError(_("没有任何计入来源，无法达标；请至少选择一种来源。"), field="sources")
    labels = [rung.label.strip() for rung in draft.rungs]
    if len(set(labels)) != len(labels):
        raise DomainError(_("各档的名称不能重复。"))
    if any(rung.new_post_months and not rung.posts for rung in draft.rungs):
        raise DomainError(_("填写新任职培训期限的一档，要指定党内职务。"))
    if year_closed(draft.year):
        raise Conflict(_("%(year)s 年度已封账，不能再设学时要求。") % {"year": draft.year})


def _write_rungs(row: TargetSet, rungs: Iterable[RungDraft]) -> None:
    for order, rung in enumerate(rungs, start=1):
        TargetRung.objects.create(
            set=row,
            order=order,
            label=rung.label.strip(),
            credit=rung.credit,
            audience=_audience(row, order, rung),
            training=rung.training,
            new_post_months=rung.new_post_months,
        )


def _audience(row: TargetSet, order: int, rung: RungDraft) -> Audience:
    audience = Audience.objects.create(
        name=f"学时要求 {row.pk}-{order} {clock.to_ms(clock.now()) % 10**9}",
        scope=Audience.Scope.RULES,
    )
    AudienceRule.objects.bulk_create(
        AudienceRule(audience=audience, branch=branch, post=post, kind=kind)
        for branch in rung.branches or (None,)
        for post in rung.posts or (None,)
        for kind in rung.kinds or ("",)
    )
    return audience


def _drop_rungs(row: TargetSet) -> None:
    audiences = list(row.rungs.values_list("audience_id", flat=True))
    row.rungs.all().delete()
    Audience.objects.filter(pk__in=audiences).delete()


@transaction.atomic
def discard_set(*, wanted: TargetSet, by: Member) -> None:
    """Throw a draft away.

    Raises:
        Conflict: it is no draft any more.
    """
    row = TargetSet.objects.select_for_update(of=("self",)).get(pk=wanted.pk)
    _must_be(row, State.DRAFT)
    audit.record("plans.target_set_discarded", actor=by, subject=row)
    _drop_rungs(row)
    row.delete()


def drafted(wanted: TargetSet) -> SetDraft:
    """A stored set as it is entered. Two queries, none where its rungs have been read."""
    rungs = []
    for row in rungs_of(wanted):
        named = list(row.audience.rules.all())
        rungs.append(
            RungDraft(
                label=row.label,
                credit=row.credit,
                branches=tuple({r.branch_id: r.branch for r in named if r.branch}.values()),
                posts=tuple({r.post_id: r.post for r in named if r.post}.values()),
                kinds=tuple(sorted({r.kind for r in named if r.kind})),
                training=row.training,
                new_post_months=row.new_post_months,
            )
        )
    return SetDraft(
        year=wanted.year,
        name=wanted.name,
        solo_counts=wanted.solo_counts,
        rungs=tuple(rungs),
        basis=wanted.basis,
        sources=tuple(wanted.sources),
        change=wanted.change,
        joiners=wanted.joiners,
    )


@transaction.atomic
def revise_set(*, wanted: TargetSet, by: Member) -> TargetSet:
    """A draft that will take the place of a published set; the one that is open, if there is one.

    Raises:
        Conflict: the set is not in force.
    """
    _must_be(wanted, State.PUBLISHED)
    drafts = TargetSet.objects.filter(year=wanted.year, name=wanted.name, state=State.DRAFT)
    return drafts.first() or draft_set(draft=drafted(wanted), by=by, version=wanted.version + 1)


@transaction.atomic
def copy_sets(*, source: int, target: int, by: Member) -> list[TargetSet]:
    """Drafts for a year from the sets in force in another; those that have one are left alone.

    Whether study alone counts is asked anew: the drafts come without the answer.

    Raises:
        DomainError: the source year has none.
    """
    known = set(
        TargetSet.objects.filter(year=target)
        .exclude(state=State.WITHDRAWN)
        .values_list("name", flat=True)
    )
    rows = TargetSet.objects.filter(year=source, state=State.PUBLISHED).order_by("pk")
    if not rows.exists():
        raise DomainError(_("%(year)s 年度没有执行中的要求可以复制。") % {"year": source})
    copies = []
    for row in rows:
        if row.name not in known:
            given = replace(drafted(row), year=target, solo_counts=None)
            copies.append(draft_set(draft=given, by=by))
    return copies


@transaction.atomic
def publish_set(*, wanted: TargetSet, by: Member) -> Job:
    """Put a draft in force; targets follow in a job, whose row says how far it is.

    The set of the same year and name that was in force is replaced.

    Raises:
        Conflict: it is no draft, or the year is closed.
        DomainError: it is not said whether study alone counts.
    """
    row = TargetSet.objects.select_for_update(of=("self",)).get(pk=wanted.pk)
    _must_be(row, State.DRAFT)
    if row.solo_counts is None:
        raise DomainError(_("请先回答网上自学是否计入，再发布。"), field="solo_counts")
    if year_closed(row.year):
        raise Conflict(_("%(year)s 年度已封账，不能再设学时要求。") % {"year": row.year})
    same = TargetSet.objects.filter(year=row.year, name=row.name, state=State.PUBLISHED)
    same.update(state=State.REPLACED)
    row.state = State.PUBLISHED
    row.published_at = clock.now()
    row.save(update_fields=["state", "published_at"])
    audit.record(
        "plans.target_set_published",
        actor=by,
        subject=row,
        fields={"version": row.version, "sources": "、".join(counting_sources(row))},
    )
    return enqueue(SETTLE, subject=row, title=str(row), payload={"set": row.pk}, by=by)


@transaction.atomic
def withdraw_set(*, wanted: TargetSet, by: Member, reason: str) -> int:
    """End a set: its targets are asked no more. Returns how many members that concerns.

    Raises:
        Conflict: it is not in force, or its year is closed.
        DomainError: no reason.
    """
    row = TargetSet.objects.select_for_update(of=("self",)).get(pk=wanted.pk)
    _must_be(row, State.PUBLISHED)
    if not reason.strip():
        raise DomainError(_("请填写撤销原因。"), field="reason")
    if year_closed(row.year):
        raise Conflict(_("%(year)s 年度已封账，不能撤销。") % {"year": row.year})
    row.state = State.WITHDRAWN
    row.save(update_fields=["state"])
    targets = AnnualTarget.objects.in_force().filter(set=row)
    members = list(targets.values_list("member_id", flat=True))
    targets.update(in_force=False, settled_at=clock.now())
    audit.record(
        "plans.target_set_withdrawn",
        actor=by,
        subject=row,
        fields={"members": len(members), "reason": reason.strip()[:200]},
    )
    enqueue(SETTLE, subject=row, title=str(row), payload={"recount": row.year}, by=by)
    return len(members)
