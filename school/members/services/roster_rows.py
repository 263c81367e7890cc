"""Writes planned rows of a roster, a chunk at a time: set-based, in one transaction each."""

import secrets
from collections.abc import Callable, Iterable
from datetime import date

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import connection, transaction
from django.utils.translation import gettext as _

from school.core import clock
from school.core.audit.entries import origin
from school.core.errors import Conflict
from school.core.models import AuditEntry
from school.members.models import (
    Branch,
    Member,
    MemberRecord,
    Membership,
    MemberStanding,
    PostHolding,
    RosterImport,
)
from school.members.roster import columns
from school.members.roster.branches import BranchFinder, NewBranch, kind_of
from school.members.roster.planning import RECORD, Outcome, RowPlan
from school.members.services.branches.founding import create_branch
from school.members.services.transfers import receive_transfer, send_transfer
from school.members.services.tree_lock import lock_tree
from school.members.signals import memberships_changed

BATCH = 500
ACTIONS: dict[str, str] = {
    Outcome.CREATED: "members.enrolled",
    Outcome.CHANGED: "members.roster_changed",
    Outcome.MOVED: "members.roster_moved",
}
MEMBER_FIELDS = ("name", "identity_cipher", "identity_index", "mobile_cipher", "mobile_index")


@transaction.atomic
def write_rows(
    *,
    plans: Iterable[RowPlan],
    branches: BranchFinder,
    source: RosterImport,
    by: Member | None,
    tell: Callable[[], None] | None = None,
) -> set[int]:
    """Write what some planned rows say. Rejected and unchanged ones are passed over.

    Inside a transaction and ``branches.forgetting()``: what is taken back is made again.

    Args:
        source: the import they belong to, for the trail.
        tell: called before the counters of the apps above are brought in step.

    Returns:
        Ids of the members written.
    """
    wanted = [p for p in plans if p.outcome in {Outcome.CREATED, Outcome.CHANGED, Outcome.MOVED}]
    if not wanted:
        return set()
    on = clock.today()
    _found_branches(wanted, branches, on, by)
    _hold_living({plan.branch for plan in wanted if plan.branch is not None})
    created = [plan for plan in wanted if plan.outcome == Outcome.CREATED]
    old = [plan for plan in wanted if plan.outcome != Outcome.CREATED]
    if created:
        _enrol(created, on)
    if old:
        lock_members(_ids(old))
        _change(old, on)
        _move([plan for plan in old if plan.outcome == Outcome.MOVED], on, by)
    _hold_posts(wanted, on)
    _record(wanted, source, by)
    ids = {plan.member.pk for plan in wanted}
    if tell:
        tell()
    if counted := {p.member.pk for p in wanted if _counts(p)}:
        memberships_changed.send(sender=Member, member_ids=sorted(counted), on=on)
    return ids


def _counts(plan: RowPlan) -> bool:
    """Whether a row may alter how the member is counted; a transfer has told so itself."""
    return plan.outcome == Outcome.CREATED or bool(
        plan.fields & {columns.KIND, columns.STATE, columns.POST}
    )


# -- new members ---------------------------------------------------------------------------------


def _enrol(plans: list[RowPlan], on: date) -> None:
    for plan in plans:
        plan.member = _new_member(plan.judged.values)
    members = Member.objects.bulk_create([plan.member for plan in plans], batch_size=BATCH)
    for plan, member in zip(plans, members, strict=True):
        plan.member = member
    MemberStanding.objects.bulk_create(
        [
            MemberStanding(
                member=plan.member,
                kind=plan.judged.values.get(columns.KIND, MemberStanding.Kind.FULL),
                state=plan.judged.values.get(columns.STATE, MemberStanding.State.NORMAL),
                since=on,
            )
            for plan in plans
        ],
        batch_size=BATCH,
    )
    Membership.objects.bulk_create(
        [Membership(member=plan.member, branch_id=plan.branch, since=on) for plan in plans],
        batch_size=BATCH,
    )
    records = [record for plan in plans if (record := _new_record(plan)) is not None]
    MemberRecord.objects.bulk_create(records, batch_size=BATCH)


def _new_member(values: dict) -> Member:
    member = Member(staff_number=values[columns.STAFF], name=values[columns.NAME])
    # As set_unusable_password does, which draws its forty characters one by one.
    member.password = UNUSABLE_PASSWORD_PREFIX + secrets.token_urlsafe(30)
    if number := values.get(columns.IDENTITY):
        member.set_identity(number)
    if number := values.get(columns.MOBILE):
        member.set_mobile(number)
    return member


def _new_record(plan: RowPlan) -> MemberRecord | None:
    known = {**plan.judged.derived, **plan.judged.values}
    values = {key: known[key] for key in RECORD if known.get(key) is not None}
    address = known.get(columns.ADDRESS)
    if not values and not address:
        return None
    record = MemberRecord(member=plan.member, **values)
    if address:
        record.set_address(address)
    return record


# -- members the school has ----------------------------------------------------------------------


def lock_members(ids: list[int]) -> None:
    """Hold members until the transaction ends, in the order of their keys."""
    rows = Member.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    list(rows.values_list("pk"))


def _change(plans: list[RowPlan], on: date) -> None:
    people, records, new_records = [], [], []
    kept = {row.pk: row for row in MemberRecord.objects.filter(pk__in=_ids(plans))}
    for plan in plans:
        if plan.fields & {columns.NAME, columns.IDENTITY, columns.MOBILE}:
            _change_person(plan)
            people.append(plan.member)
        if plan.fields & {*RECORD, columns.ADDRESS}:
            record = kept.get(plan.member.pk)
            (records if record else new_records).append(_changed_record(plan, record))
    Member.objects.bulk_update(people, MEMBER_FIELDS, batch_size=100)
    MemberRecord.objects.bulk_create(new_records, batch_size=BATCH)
    MemberRecord.objects.bulk_update(records, [*RECORD, "address_cipher"], batch_size=50)
    _change_standings([p for p in plans if p.fields & {columns.KIND, columns.STATE}], on)


def _change_person(plan: RowPlan) -> None:
    member, values = plan.member, plan.judged.values
    if columns.NAME in plan.fields:
        member.name = values[columns.NAME]
    if columns.IDENTITY in plan.fields:
        member.set_identity(values[columns.IDENTITY])
    if columns.MOBILE in plan.fields:
        member.set_mobile(values[columns.MOBILE])


def _changed_record(plan: RowPlan, record: MemberRecord | None) -> MemberRecord:
    record = record or MemberRecord(member=plan.member)
    record.member = plan.member
    known = {**plan.judged.derived, **plan.judged.values}
    for key in plan.fields & set(RECORD):
        setattr(record, key, known[key])
    if columns.ADDRESS in plan.fields:
        record.set_address(plan.judged.values[columns.ADDRESS])
    return record


def _change_standings(plans: list[RowPlan], on: date) -> None:
    held = {
        row.member_id: row for row in MemberStanding.objects.open().filter(member__in=_ids(plans))
    }
    closed, same_day, opened = [], [], []
    for plan in plans:
        row, values = held.get(plan.member.pk), plan.judged.values
        kind = values.get(columns.KIND, row.kind if row else MemberStanding.Kind.FULL)
        state = values.get(columns.STATE, row.state if row else MemberStanding.State.NORMAL)
        if row is not None and row.since >= on:
            row.kind, row.state = kind, state
            same_day.append(row)
            continue
        if row is not None:
            row.until = on
            closed.append(row)
        opened.append(MemberStanding(member=plan.member, kind=kind, state=state, since=on))
    MemberStanding.objects.bulk_update(closed, ["until"], batch_size=BATCH)
    MemberStanding.objects.bulk_update(same_day, ["kind", "state"], batch_size=BATCH)
    MemberStanding.objects.bulk_create(opened, batch_size=BATCH)


def _move(plans: list[RowPlan], on: date, by: Member | None) -> None:
    """Take members in from another branch, with all that a transfer ends at the sender."""
    receivers = Branch.objects.in_bulk({plan.branch for plan in plans})
    for plan in plans:
        transfer = send_transfer(
            member=plan.member, to=receivers[plan.branch], reason=_("花名册导入"), by=by
        )
        receive_transfer(transfer=transfer, on=on, by=by)


def _hold_posts(plans: list[RowPlan], on: date) -> None:
    homes = dict(
        Membership.objects.open()
        .filter(kind=Membership.Kind.HOME, member__in=_ids(p for p in plans if p.posts))
        .values_list("member_id", "branch_id")
    )
    PostHolding.objects.bulk_create(
        [
            PostHolding(member=plan.member, branch_id=homes[plan.member.pk], post_id=post, since=on)
            for plan in plans
            for post in plan.posts
        ],
        batch_size=BATCH,
    )


def _ids(plans: Iterable[RowPlan]) -> list[int]:
    return [plan.member.pk for plan in plans]


# -- branches and the trail ----------------------------------------------------------------------


def _found_branches(
    plans: list[RowPlan], branches: BranchFinder, on: date, by: Member | None
) -> None:
    """Found the new branches these rows need, parents first, and put their ids into the plans."""
    if not any(isinstance(plan.branch, NewBranch) for plan in plans):
        return
    # Before any member's row, as every other change of the tree does.
    lock_tree()
    made: dict[NewBranch, Branch] = {}

    def branch_of(key: NewBranch | int) -> int:
        if not isinstance(key, NewBranch):
            return key
        if key in branches.new:
            return branches.new[key]
        if key not in made:
            made[key] = _found(key, branch_of(key.parent), on, by)
        return made[key].pk

    for plan in plans:
        if isinstance(plan.branch, NewBranch):
            plan.branch = branch_of(plan.branch)
    branches.remember(made)


def _hold_living(branch_ids: set[int]) -> None:
    """Keep the branches that members enter from being dissolved until the commit."""
    if not branch_ids:
        return
    marks = ", ".join(["%s"] * len(branch_ids))
    ending = "FOR KEY SHARE" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT short_name, dissolved_on FROM {Branch._meta.db_table}"
            f" WHERE id IN ({marks}) ORDER BY id {ending}",
            sorted(branch_ids),
        )
        ended = [name for name, dissolved_on in cursor.fetchall() if dissolved_on]
    if ended:
        raise Conflict(
            _("“%(branch)s”已撤销，请改正后重新上传。") % {"branch": "、".join(ended[:3])}
        )


def _found(key: NewBranch, parent_id: int, on: date, by: Member | None) -> Branch:
    parent = Branch.objects.get(pk=parent_id)
    return create_branch(
        parent=parent,
        code=key.code or _free_code(parent),
        name=key.name,
        short_name=key.name.removesuffix("委员会")[:20],
        kind=kind_of(key.name),
        founded_on=on,
        by=by,
    )


def _free_code(parent: Branch) -> str:
    """The parent's code with the next free number behind it."""
    beginning = f"{parent.code[:34]}-"
    taken = set(Branch.objects.filter(code__startswith=beginning).values_list("code", flat=True))
    number = len(taken) + 1
    while f"{beginning}{number:02}" in taken:
        number += 1
    return f"{beginning}{number:02}"


def _record(plans: list[RowPlan], source: RosterImport, by: Member | None) -> None:
    """One entry for each member written; names of fields, never their contents."""
    now, where = clock.now(), origin()
    AuditEntry.objects.bulk_create(
        [
            AuditEntry(
                at=now,
                actor_id=by.pk if by else None,
                actor_label=by.masked_label if by else "",
                address=where,
                action=ACTIONS[plan.outcome],
                subject_type="members.member",
                subject_id=str(plan.member.pk),
                subject_label=plan.member.masked_label,
                fields={"import": source.pk, "fields": sorted(_written_fields(plan))},
            )
            for plan in plans
        ],
        batch_size=BATCH,
    )


def _written_fields(plan: RowPlan) -> set[str]:
    """What of a row went into the school: all that was filled in, or what differed."""
    if plan.outcome == Outcome.CREATED:
        return {*plan.judged.derived, *plan.judged.values}
    return plan.fields
