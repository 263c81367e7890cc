"""What a change of the tree would do, worked out before anything is written.

The same ``TreeChange`` is shown as the preview and carried out by the services, so what was
confirmed is what happens. Everything that stands against a change is refused here.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db.models import F, Q
from django.utils.translation import gettext as _

from school.core import clock
from school.core.errors import Conflict
from school.members.models import (
    Branch,
    BranchPlacement,
    Member,
    Membership,
    PostHolding,
    RoleGrant,
    Section,
    Transfer,
)
from school.members.rules.tree import Placements, Stay, first_loop, is_usual_place

CREATED, EDITED, MOVED = "created", "edited", "moved"
MERGED, SPLIT, DISSOLVED = "merged", "split", "dissolved"
EDITABLE = ("code", "name", "short_name", "kind")


@dataclass(frozen=True)
class Placing:
    """A branch that changes its place; ``new`` None: it ends."""

    branch: Branch
    stay: BranchPlacement
    new: Branch | None

    @property
    def old(self) -> Branch | None:
        """The branch above so far."""
        return self.stay.parent


@dataclass(frozen=True)
class TreeChange:
    """All that a change does from a day on.

    Args:
        branch: what it is about; for a split the branch that is divided.
        target: the new parent (move, create, split) or the branch that takes it in (merge).
        values: the new branch of a split or a creation; the new values of an edit.
        homes: home memberships that go to ``target`` (merge) or to the new branch (split).
        attached: attached memberships that end; those of ``carried`` start again at the target.
        gains, loses: grants that begin or cease to reach what moves.
    """

    kind: str
    branch: Branch | None
    on: date
    target: Branch | None = None
    values: dict = field(default_factory=dict)
    placings: tuple[Placing, ...] = ()
    homes: tuple[Membership, ...] = ()
    attached: tuple[Membership, ...] = ()
    carried: tuple[Membership, ...] = ()
    posts: tuple[PostHolding, ...] = ()
    grants: tuple[RoleGrant, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    sections: tuple[Section, ...] = ()
    gains: tuple[RoleGrant, ...] = ()
    loses: tuple[RoleGrant, ...] = ()
    below: int = 0
    people_below: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Changes when anything that was shown does: a preview is confirmed only as it was."""
        rows = [
            [self.kind, self.branch and self.branch.pk, self.on, self.target and self.target.pk],
            sorted(self.values.items()),
            [(each.branch.pk, each.stay.pk, each.new and each.new.pk) for each in self.placings],
            *(
                sorted(row.pk for row in rows)
                for rows in (
                    self.homes,
                    self.attached,
                    self.posts,
                    self.grants,
                    self.transfers,
                    self.sections,
                    self.gains,
                    self.loses,
                )
            ),
        ]
        return hashlib.sha256(repr(rows).encode()).hexdigest()[:20]


# -- creation and edits -------------------------------------------------------------------------


def plan_create(*, parent: Branch | None, values: dict, on: date) -> TreeChange:
    """A new branch under a parent.

    Raises:
        Conflict: the code is taken, the day is in the future, or the parent does not hold it.
    """
    _require_day(on)
    _require_free_code(values["code"])
    if parent is not None:
        _require_room(parent, on)
    warnings = _place_warnings(values["kind"], parent) + _name_warnings(values["name"], None)
    return TreeChange(CREATED, None, on, target=parent, values=values, warnings=warnings)


def plan_edit(*, branch: Branch, values: dict) -> TreeChange:
    """Other names, another code or kind, from now on.

    Raises:
        Conflict: nothing would change, the code is taken, or the branch is dissolved.
    """
    _require_living(branch)
    changed = {k: v for k, v in values.items() if k in EDITABLE and getattr(branch, k) != v}
    if not changed:
        raise Conflict(_("没有要修改的内容。"))
    if "code" in changed:
        _require_free_code(changed["code"])
    stay = branch.placements.open().select_related("parent").get()
    warnings: tuple[str, ...] = ()
    if "kind" in changed:
        warnings += _place_warnings(changed["kind"], stay.parent)
    if "name" in changed:
        warnings += _name_warnings(changed["name"], branch)
    return TreeChange(EDITED, branch, clock.today(), values=changed, warnings=warnings)


# -- move, merge, split, dissolve ---------------------------------------------------------------


def plan_move(*, branch: Branch, parent: Branch, on: date) -> TreeChange:
    """A branch with all that lies below it under another parent.

    Raises:
        Conflict: below itself, where it already is, or on a day that the record does not allow.
    """
    _require_day(on)
    _require_living(branch)
    stay = branch.placements.open().select_related("parent").get()
    if parent.path.startswith(branch.path):
        raise Conflict(_("不能把党组织移到自己或自己的下级之下。"), field="parent")
    if stay.parent_id == parent.pk:
        raise Conflict(_("该党组织已在“%(parent)s”之下。") % {"parent": parent}, field="parent")
    _require_room(parent, on)
    _require_since(on, stay.since)
    _require_no_loop([branch], parent, on)
    gains, loses = _reach(stay.parent, parent, inside=branch)
    return TreeChange(
        MOVED,
        branch,
        on,
        target=parent,
        placings=(Placing(branch, stay, parent),),
        gains=gains,
        loses=loses,
        below=_living_below(branch),
        people_below=_people_below(branch),
        warnings=_place_warnings(branch.kind, parent) + _past_warning(on),
    )


def plan_merge(*, branch: Branch, into: Branch, on: date) -> TreeChange:
    """A branch goes up in another one: people and children move, posts and roles end.

    Raises:
        Conflict: into itself, its own subtree or a dissolved branch; or a day before something
            happened in the branch.
    """
    _require_day(on)
    _require_living(branch)
    if into.path.startswith(branch.path):
        raise Conflict(_("不能并入自己或自己的下级。"), field="into")
    stay = branch.placements.open().select_related("parent").get()
    if stay.parent_id is None:
        raise Conflict(_("顶层党组织不能并入其他党组织。"))
    _require_room(into, on)
    _require_quiet(branch, stay, on)
    children = _children(branch)
    _require_no_loop([each.branch for each in children], into, on)
    homes = _open_rows(Membership.Kind.HOME, branch)
    attached, carried = _attached_of_merge(branch, into, {row.member_id for row in homes})
    gains, loses = _reach(stay.parent, into, inside=branch)
    return TreeChange(
        MERGED,
        branch,
        on,
        target=into,
        placings=(
            *(Placing(child.branch, child, into) for child in children),
            Placing(branch, stay, None),
        ),
        homes=homes,
        attached=attached,
        carried=carried,
        posts=_posts(branch),
        grants=_grants(branch),
        transfers=tuple(_open_transfers(branch)),
        sections=tuple(branch.sections.all()),
        gains=gains,
        loses=loses,
        below=len(children),
        people_below=len(homes),
        warnings=_past_warning(on),
    )


def plan_split(
    *,
    branch: Branch,
    values: dict,
    on: date,
    members: Iterable[Member] = (),
    children: Iterable[Branch] = (),
    parent: Branch | None = None,
) -> TreeChange:
    """A new branch beside (or under ``parent``), with some members and children of an old one.

    Raises:
        Conflict: nobody and nothing is chosen, a choice is not of this branch, the code is taken,
            or the day lies before somebody came.
    """
    _require_day(on)
    _require_living(branch)
    _require_free_code(values["code"])
    stay = branch.placements.open().select_related("parent").get()
    parent = parent or stay.parent
    if parent is None:
        raise Conflict(_("请选择新党组织的上级。"), field="parent")
    _require_room(parent, on)
    wanted = {member.pk for member in members}
    homes = tuple(r for r in _open_rows(Membership.Kind.HOME, branch) if r.member_id in wanted)
    chosen = {child.pk for child in children}
    stays = [row for row in _children(branch) if row.branch_id in chosen]
    if len(homes) != len(wanted) or len(stays) != len(chosen):
        raise Conflict(_("所选人员或下级已不在该党组织，请重新选择。"))
    if not homes and not stays:
        raise Conflict(_("请至少选择一名党员或一个下级党组织。"))
    for row in (*homes, *stays):
        _require_since(on, row.since)
    if any(parent.path.startswith(row.branch.path) for row in stays):
        raise Conflict(_("新党组织的上级不能是要划出的下级。"), field="parent")
    _require_no_loop([row.branch for row in stays], parent, on)
    moving = {row.member_id for row in homes}
    return TreeChange(
        SPLIT,
        branch,
        on,
        target=parent,
        values=values,
        placings=tuple(Placing(row.branch, row, None) for row in stays),
        homes=homes,
        posts=tuple(p for p in _posts(branch) if p.member_id in moving),
        grants=tuple(g for g in _grants(branch) if g.member_id in moving),
        transfers=tuple(
            t for t in _open_transfers(branch) if t.sender_id == branch.pk and t.member_id in moving
        ),
        below=len(stays),
        people_below=len(homes),
        warnings=_place_warnings(values["kind"], parent)
        + _name_warnings(values["name"], None)
        + _past_warning(on),
    )


def plan_dissolve(*, branch: Branch, on: date) -> TreeChange:
    """The end of an empty branch; its history stays.

    Raises:
        Conflict: it still has members, children, people on the way to it, or sections; or a day
            before something happened in it.
    """
    _require_day(on)
    _require_living(branch)
    stay = branch.placements.open().select_related("parent").get()
    if stay.parent_id is None:
        raise Conflict(_("顶层党组织不能撤销。"))
    if children := len(_children(branch)):
        raise Conflict(_("还有 %(n)d 个下级党组织，请先移动、合并或撤销下级。") % {"n": children})
    if people := len(_open_rows(Membership.Kind.HOME, branch)):
        raise Conflict(_("还有 %(n)d 人的组织关系在这里，请先转出或改用合并。") % {"n": people})
    if _open_transfers(branch):
        raise Conflict(_("还有未办结的组织关系转接，请先接收、退回或撤回。"))
    if branch.sections.exists():
        raise Conflict(_("该党组织还主管栏目，请先改由其他党组织主管。"))
    _require_quiet(branch, stay, on)
    return TreeChange(
        DISSOLVED,
        branch,
        on,
        placings=(Placing(branch, stay, None),),
        attached=_open_rows(Membership.Kind.ATTACHED, branch),
        posts=_posts(branch),
        grants=_grants(branch),
        warnings=_past_warning(on),
    )


# -- what stands against it ---------------------------------------------------------------------


def _require_day(on: date) -> None:
    if on > clock.today():
        raise Conflict(_("生效日期不能晚于今天；将来的调整请到当天办理。"), field="on")


def _require_living(branch: Branch) -> None:
    if branch.dissolved_on is not None:
        raise Conflict(
            _("“%(branch)s”已于 %(day)s 撤销，不能再调整。")
            % {"branch": branch, "day": branch.dissolved_on}
        )


def _require_free_code(code: str) -> None:
    if Branch.objects.filter(code=code).exists():
        raise Conflict(_("组织编码 %(code)s 已被使用，请换一个。") % {"code": code}, field="code")


def _require_room(parent: Branch, on: date) -> None:
    """The parent exists from the day on."""
    if parent.dissolved_on is not None:
        raise Conflict(
            _("“%(branch)s”已于 %(day)s 撤销，请另选。")
            % {"branch": parent, "day": parent.dissolved_on},
            field="parent",
        )
    if on < parent.founded_on:
        raise Conflict(
            _("生效日期不能早于“%(branch)s”的成立日期 %(day)s。")
            % {"branch": parent, "day": parent.founded_on},
            field="on",
        )


def _require_since(on: date, since: date) -> None:
    if on < since:
        raise Conflict(
            _("生效日期不能早于现隶属关系的起始日期 %(day)s。") % {"day": since}, field="on"
        )


def _require_quiet(branch: Branch, stay: BranchPlacement, on: date) -> None:
    """Nobody came or went, and no child did, after the day on which the branch is to end."""
    held = Q(until=None) | Q(until__gt=F("since"))
    rows = [
        *Membership.objects.filter(held, branch=branch).values_list("since", "until"),
        *BranchPlacement.objects.filter(held, parent=branch).values_list("since", "until"),
    ]
    last = max([stay.since, *(until or since for since, until in rows)])
    if on < last:
        raise Conflict(
            _("生效日期不能早于 %(day)s：那天该党组织还有人员或下级变动。") % {"day": last},
            field="on",
        )


def _require_no_loop(branches: list[Branch], parent: Branch, on: date) -> None:
    """On no day from ``on`` would a branch stand below itself."""
    if not branches:
        return
    placements = load_placements([parent.pk])
    for branch in branches:
        day = first_loop(placements, branch=branch.pk, parent=parent.pk, on=on)
        if day is not None:
            raise Conflict(
                _("%(day)s 时“%(parent)s”还在“%(branch)s”之下，请选更晚的生效日期。")
                % {"day": day, "parent": parent, "branch": branch},
                field="on",
            )


# -- what it touches ----------------------------------------------------------------------------


def load_placements(branch_ids: Iterable[int]) -> Placements:
    """Placements of some branches and of all that ever stood above them; one query a level."""
    wanted, seen, stays = set(branch_ids), set(), []
    while wanted:
        seen |= wanted
        rows = BranchPlacement.objects.filter(branch_id__in=wanted)
        found = [Stay(*row) for row in rows.values_list("branch", "parent", "since", "until")]
        stays += found
        wanted = {stay.parent for stay in found if stay.parent is not None} - seen
    return Placements(stays)


def _children(branch: Branch) -> list[BranchPlacement]:
    rows = BranchPlacement.objects.open().filter(parent=branch)
    return list(rows.select_related("branch", "parent").order_by("branch__path"))


def _open_rows(kind: str, branch: Branch) -> tuple[Membership, ...]:
    rows = Membership.objects.open().filter(kind=kind, branch=branch).select_related("member")
    return tuple(rows.order_by("member__staff_number"))


def _attached_of_merge(branch: Branch, into: Branch, arriving: set[int]):
    """Attached rows that end, and those of them that go on at the other branch."""
    here = _open_rows(Membership.Kind.ATTACHED, branch)
    there = _open_rows(Membership.Kind.ATTACHED, into)
    at_home = set(
        Membership.objects.open()
        .filter(kind=Membership.Kind.HOME, branch=into, member__in=[r.member_id for r in here])
        .values_list("member_id", flat=True)
    )
    known = at_home | {row.member_id for row in there}
    carried = tuple(row for row in here if row.member_id not in known)
    return (*here, *(row for row in there if row.member_id in arriving)), carried


def _posts(branch: Branch) -> tuple[PostHolding, ...]:
    rows = PostHolding.objects.filter(Q(until=None) | Q(until__gt=clock.today()), branch=branch)
    return tuple(rows.select_related("member", "post"))


def _grants(branch: Branch) -> tuple[RoleGrant, ...]:
    rows = RoleGrant.objects.filter(Q(until=None) | Q(until__gt=clock.today()), branch=branch)
    return tuple(rows.select_related("member", "branch"))


def _open_transfers(branch: Branch) -> list[Transfer]:
    rows = Transfer.objects.filter(Q(sender=branch) | Q(receiver=branch), state=Transfer.State.SENT)
    return list(rows.select_related("member", "sender", "receiver"))


def _reach(old: Branch | None, new: Branch, *, inside: Branch):
    """Grants that begin and that cease to reach what moves from ``old`` to ``new``."""
    before, after = (_line_paths(each) for each in (old, new))
    rows = (
        RoleGrant.objects.on(clock.today())
        .filter(branch__path__in=before ^ after)
        .exclude(branch=inside)
        .select_related("member", "branch")
        .order_by("branch__path", "role")
    )
    gains = tuple(row for row in rows if row.branch.path in after)
    loses = tuple(row for row in rows if row.branch.path in before)
    return gains, loses


def _line_paths(branch: Branch | None) -> set[str]:
    if branch is None:
        return set()
    step = Branch.steplen
    return {branch.path[:end] for end in range(step, len(branch.path) + 1, step)}


def _living_below(branch: Branch) -> int:
    rows = Branch.objects.filter(path__startswith=branch.path, dissolved_on=None)
    return rows.exclude(pk=branch.pk).count()


def _people_below(branch: Branch) -> int:
    return (
        Membership.objects.open()
        .filter(kind=Membership.Kind.HOME, branch__path__startswith=branch.path)
        .count()
    )


# -- what to look at twice ----------------------------------------------------------------------


def _place_warnings(kind: str, parent: Branch | None) -> tuple[str, ...]:
    if is_usual_place(kind, parent.kind if parent else None):
        return ()
    below = Branch.Kind(kind).label
    if parent is None:
        return (_("%(kind)s一般不设在顶层。") % {"kind": below},)
    above = parent.get_kind_display()
    return (_("%(kind)s一般不设在%(above)s之下。") % {"kind": below, "above": above},)


def _name_warnings(name: str, own: Branch | None) -> tuple[str, ...]:
    same = Branch.objects.filter(name=name, dissolved_on=None)
    if own is not None:
        same = same.exclude(pk=own.pk)
    other = same.first()
    if other is None:
        return ()
    return (_("已有同名党组织，编码 %(code)s。") % {"code": other.code},)


def _past_warning(on: date) -> tuple[str, ...]:
    if on >= clock.today():
        return ()
    return (_("生效日期早于今天：已上报的数据不变，实时统计按新的隶属关系重新汇总。"),)
