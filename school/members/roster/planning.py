"""What the rows of a file would change: each is compared with the school, nothing is written."""

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from school.core import clock, crypto
from school.members.models import (
    Branch,
    Member,
    MemberRecord,
    Membership,
    MemberStanding,
    Post,
)
from school.members.permissions import numbers_out_of_reach
from school.members.roster import columns
from school.members.roster.branches import BranchFinder, BranchKey, BranchUnknown
from school.members.roster.columns import BY_KEY
from school.members.roster.judging import Judge, Judged
from school.members.roster.people import People
from school.members.roster.reading import Table
from school.members.roster.twins import find_twins
from school.members.rules.masks import mask_identity, mask_mobile, mask_numbers
from school.members.rules.numbers import fold_name

CHUNK = 500

# Columns that are fields of the record, under the same name.
RECORD = (
    "sex",
    "ethnicity",
    "born_on",
    "native_place",
    "education",
    "degree",
    "graduated_from",
    "employed_on",
    "workplace",
    "job_title",
    "joined_on",
    "confirmed_on",
    "sponsors",
    "application_number",
    "police_station",
    "veteran",
    "merits",
    "remark",
)


class Outcome(TextChoices):
    """What becomes of a row."""

    CREATED = "created", gettext_lazy("新增")
    CHANGED = "changed", gettext_lazy("更改")
    MOVED = "moved", gettext_lazy("转入")
    UNCHANGED = "unchanged", gettext_lazy("无变化")
    REJECTED = "rejected", gettext_lazy("有错误")


@dataclass(slots=True)
class RowPlan:
    """What one row would do.

    ``changes`` are (label, before, after) for people to read, numbers masked; ``fields`` the names
    of what differs. ``branch`` is where the member goes (new) or moves to.
    """

    judged: Judged
    outcome: str = Outcome.REJECTED
    member: Member | None = None
    branch: BranchKey | None = None
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)
    posts: list[int] = field(default_factory=list)

    @property
    def row(self) -> int:
        return self.judged.row

    def refuse(self, key: str, message: str) -> None:
        """Note an error; a row with errors is not imported."""
        self.judged.errors.append((key, message))

    def change(self, key: str, before: object, after: object) -> None:
        """Note a difference."""
        self.fields.add(key)
        self.changes.append((str(BY_KEY[key].label), shown(before), shown(after)))


def shown(value: object) -> str:
    """A value as the preview writes it."""
    if value is None or value == "":
        return "—"
    if value is True or value is False:
        return _("是") if value else _("否")
    return str(getattr(value, "label", value))


def said(findings: Iterable[tuple[str, str]]) -> list[str]:
    """Findings as sentences: 「手机号码」手机号应为 …; numbers that cells held are masked."""
    return [f"「{BY_KEY[key].label}」{mask_numbers(message)}" for key, message in findings]


class Planner:
    """Plans the rows of one file against the school of today.

    Args:
        top: the branch imported to; rows may name it and what stands below it.
        scope: ids of all branches the importer may act for.
        creating: whether branches the school does not have are to be made.
        by: who imports; None for the machine's operator, who may change everybody.
    """

    def __init__(
        self,
        table: Table,
        top: Branch,
        scope: set[int],
        *,
        creating: bool,
        by: Member | None = None,
    ) -> None:
        self.table, self.top, self.scope, self.by = table, top, scope, by
        self.today: date = clock.today()
        # Members that rows planned so far would change.
        self.to_change: set[int] = set()
        self.branches = BranchFinder(top, creating=creating)
        self.posts = {fold_name(name): pk for pk, name in Post.objects.values_list("pk", "name")}
        self.judge = Judge(table.head, self.today, table.merged, table.formulas)

    def chunks(self, start: int = 0) -> Iterator[list[tuple[int, list]]]:
        """The rows in chunks, in the order of the file, without the first ``start``."""
        rows = islice(self.table.rows(), start, None)
        while chunk := list(islice(rows, CHUNK)):
            yield chunk

    def planned(self, chunk: list[tuple[int, list]]) -> list[RowPlan]:
        """Plans of a chunk of rows as they came; rows without a member are left out."""
        return self.plan([j for number, cells in chunk if (j := self.judge(number, cells))])

    def plan(self, rows: list[Judged]) -> list[RowPlan]:
        """Plans of some judged rows; a fixed number of queries."""
        plans = [RowPlan(judged) for judged in rows]
        known = People([plan.judged.values for plan in plans])
        for plan in plans:
            for key, other in self.twins.get(plan.row, ()):
                plan.refuse(key, _("与第 %(row)d 行相同，请只保留一行。") % {"row": other})
            self._place(plan)
            self._posts(plan)
            self._recognise(plan, known)
            self._guard(plan)
            if plan.judged.errors:
                plan.outcome = Outcome.REJECTED
            elif plan.fields:
                self.to_change.add(plan.member.pk)
        return plans

    @functools.cached_property
    def twins(self) -> dict[int, list[tuple[str, int]]]:
        """Rows that share a number with another: row → (column, the other row). Found once."""
        return find_twins(self.table)

    @functools.cached_property
    def above(self) -> set[int]:
        """Ids of the members whose numbers the importer may not change."""
        return numbers_out_of_reach(self.by)

    # -- one row -----------------------------------------------------------------------------

    def _place(self, plan: RowPlan) -> None:
        values = plan.judged.values
        try:
            plan.branch = self.branches.find(
                values.get(columns.BRANCH, ""), values.get(columns.BRANCH_CODE, "")
            )
        except BranchUnknown as error:
            plan.refuse(columns.BRANCH, error.message)

    def _posts(self, plan: RowPlan) -> None:
        text = plan.judged.values.get(columns.POST, "")
        for mark in "，,;；/":
            text = text.replace(mark, "、")
        for name in filter(None, (fold_name(part) for part in text.split("、"))):
            pk = self.posts.get(name)
            if pk and pk not in plan.posts:
                plan.posts.append(pk)
            elif not pk:
                shown_name = mask_numbers(name)[:20]
                plan.refuse(columns.POST, _("“%(name)s”不在职务表里。") % {"name": shown_name})

    def _recognise(self, plan: RowPlan, known: People) -> None:
        values = plan.judged.values
        by_staff = known.by_staff.get(values.get(columns.STAFF, ""))
        by_identity = known.with_identity(values.get(columns.IDENTITY, ""))
        by_mobile = known.with_mobile(values.get(columns.MOBILE, ""))
        owners = [owner for owner in (by_staff, by_identity, by_mobile) if owner is not None]
        if not all(self._within(owner, known) for owner in owners):
            # One answer, whosever and whichever number it is: else rows would be questions.
            return plan.refuse(
                columns.STAFF if columns.STAFF in values else columns.IDENTITY,
                _(
                    "这一行的工号、身份证号或手机号已在平台登记，但不在本次导入的范围内。"
                    "请核对；确属转入的，请办理组织关系转接。"
                ),
            )
        member = by_staff or by_identity
        if by_staff and by_identity and by_staff is not by_identity:
            return plan.refuse(columns.IDENTITY, _("已登记在另一名党员名下，请核对工号和号码。"))
        if by_mobile is not None and by_mobile is not member:
            return plan.refuse(columns.MOBILE, _("已登记在另一名党员名下，请核对。"))
        if member is None:
            return self._new(plan)
        return self._old(plan, member, known, by_identity is member)

    def _within(self, member: Member, known: People) -> bool:
        """Whether a member belongs to those the importer acts for."""
        home = known.homes.get(member.pk)
        return home is not None and home.branch_id in self.scope and member.is_active

    def _guard(self, plan: RowPlan) -> None:
        """What the pages refuse a roster does not do either."""
        if self.by is None or plan.member is None or not plan.fields:
            return
        if plan.member.pk == self.by.pk and not self.by.is_superuser:
            plan.refuse(
                columns.NAME,
                _("是经办人本人。本人的信息由其他管理人员或上级更改，请删去这一行。"),
            )
        elif plan.member.pk in self.above:
            for key in sorted(plan.fields & {columns.IDENTITY, columns.MOBILE}):
                plan.refuse(key, _("这名人员的管理权限大于经办人，身份证号和手机号由上级更改。"))

    def _new(self, plan: RowPlan) -> None:
        judged = plan.judged
        if columns.STAFF not in judged.values:
            if not any(key == columns.STAFF for key, _message in judged.errors):
                plan.refuse(columns.STAFF, _("新党员要填工号，登录时使用。"))
            return
        if columns.KIND not in {*judged.values, *(key for key, _message in judged.errors)}:
            judged.warnings.append((columns.KIND, _("没有填写，按正式党员登记。")))
        plan.branch = plan.branch if plan.branch is not None else self.top.pk
        plan.outcome = Outcome.CREATED

    def _old(self, plan: RowPlan, member: Member, known: People, sure: bool) -> None:
        plan.member = member
        if not self._is_same_person(plan, member, sure):
            return
        self._compare_person(plan, member)
        self._compare_record(plan, member, known)
        self._compare_standing(plan, member, known)
        held = known.posts[member.pk]
        plan.posts = [post for post in plan.posts if post not in held]
        if plan.posts:
            plan.change(columns.POST, "", plan.judged.values[columns.POST])
        plan.outcome = Outcome.CHANGED if plan.fields else Outcome.UNCHANGED
        self._compare_home(plan, known.homes[member.pk], known)

    def _is_same_person(self, plan: RowPlan, member: Member, sure: bool) -> bool:
        values = plan.judged.values
        if values.get(columns.STAFF, member.staff_number) != member.staff_number:
            plan.refuse(
                columns.STAFF,
                _("与该身份证号登记的工号不同。换工号请在党员档案中办理。"),
            )
        elif not sure and values.get(columns.NAME) not in {None, fold_name(member.name)}:
            plan.refuse(
                columns.NAME,
                _(
                    "与该工号登记的姓名不同。如是改名，请同时填写登记的身份证号；如是另一人，请核对工号。"
                ),
            )
        return not plan.judged.errors

    def _compare_person(self, plan: RowPlan, member: Member) -> None:
        values = plan.judged.values
        name = values.get(columns.NAME, member.name)
        if name != member.name:
            plan.change(columns.NAME, member.name, name)
        for key, index, mask, before in (
            (columns.IDENTITY, member.identity_index, mask_identity, "masked_identity"),
            (columns.MOBILE, member.mobile_index, mask_mobile, "masked_mobile"),
        ):
            given = values.get(key)
            if given and index not in crypto.blind_indexes(given):
                plan.change(key, getattr(member, before), mask(given))
                if index and key == columns.IDENTITY:
                    plan.judged.warnings.append((key, _("与登记的号码不同，将改为表中的号码。")))

    def _compare_record(self, plan: RowPlan, member: Member, known: People) -> None:
        record = known.records.get(member.pk) or MemberRecord(member=member)
        record.member = member
        for key in RECORD:
            old = getattr(record, key)
            given = plan.judged.values.get(key)
            if given is None and old in {None, ""}:
                given = plan.judged.derived.get(key)
            if given is not None and given != old:
                before = _readable(key, old)
                plan.change(key, before, _readable(key, given))
        given = plan.judged.values.get(columns.ADDRESS)
        if given and given != record.address:
            plan.change(columns.ADDRESS, record.masked_address, _("（新住址）"))

    def _compare_standing(self, plan: RowPlan, member: Member, known: People) -> None:
        standing = known.standings.get(member.pk)
        for key in (columns.KIND, columns.STATE):
            given = plan.judged.values.get(key)
            old = getattr(standing, key) if standing else ""
            if given and given != old:
                choices = MemberStanding.Kind if key == columns.KIND else MemberStanding.State
                plan.change(key, choices(old).label if old else "", choices(given).label)

    def _compare_home(self, plan: RowPlan, home: Membership, known: People) -> None:
        inside = home.branch_id in self.branches.paths
        wanted = plan.branch if plan.branch is not None else None if inside else self.top.pk
        if wanted is None or wanted == home.branch_id:
            plan.branch = None
            return
        plan.branch = wanted
        if plan.member.pk in known.travelling:
            plan.refuse(columns.BRANCH, _("组织关系正在转接，请先办结转接。"))
        elif home.since >= self.today:
            plan.refuse(columns.BRANCH, _("今天刚转入现在的党组织，明天起才能再转。"))
        else:
            plan.change(columns.BRANCH, home.branch.short_name, self.branches.name_of(wanted))
            plan.outcome = Outcome.MOVED


def _readable(key: str, value: object) -> object:
    """A value of the record as people read it."""
    if key == "sex" and value:
        return MemberRecord.Sex(value).label
    return value
