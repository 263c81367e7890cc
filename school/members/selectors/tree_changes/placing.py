"""A move, a merger, a split or an end of a branch, worked out."""

from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext as _

from school.core.errors import Conflict
from school.members.models import Branch, Member, Membership
from school.members.selectors.tree_changes.change import (
    DISSOLVED,
    MERGED,
    MOVED,
    SPLIT,
    Placing,
    TreeChange,
)
from school.members.selectors.tree_changes.refusals import (
    require_day,
    require_free_code,
    require_living,
    require_no_loop,
    require_quiet,
    require_room,
    require_since,
)
from school.members.selectors.tree_changes.touched import (
    attached_of_merge,
    children_of,
    grants_of,
    living_below,
    open_rows,
    open_transfers,
    people_below,
    posts_of,
    reach_of,
)
from school.members.selectors.tree_changes.warnings import (
    name_warnings,
    past_warning,
    place_warnings,
)


def plan_move(*, branch: Branch, parent: Branch, on: date) -> TreeChange:
    """A branch with all that lies below it under another parent.

    Raises:
        Conflict: below itself, where it already is, or on a day that the record does not allow.
    """
    require_day(on)
    require_living(branch)
    stay = branch.placements.open().select_related("parent").get()
    if parent.path.startswith(branch.path):
        raise Conflict(_("不能把党组织移到自己或自己的下级之下。"), field="parent")
    if stay.parent_id == parent.pk:
        raise Conflict(_("该党组织已在“%(parent)s”之下。") % {"parent": parent}, field="parent")
    require_room(parent, on)
    require_since(on, stay.since)
    require_no_loop([branch], parent, on)
    gains, loses = reach_of(stay.parent, parent, inside=branch)
    return TreeChange(
        MOVED,
        branch,
        on,
        target=parent,
        placings=(Placing(branch, stay, parent),),
        gains=gains,
        loses=loses,
        below=living_below(branch),
        people_below=people_below(branch),
        warnings=place_warnings(branch.kind, parent) + past_warning(on),
    )


def plan_merge(*, branch: Branch, into: Branch, on: date) -> TreeChange:
    """A branch goes up in another one: people and children move, posts and roles end.

    Raises:
        Conflict: into itself, its own subtree or a dissolved branch; or a day before something
            happened in the branch.
    """
    require_day(on)
    require_living(branch)
    if into.path.startswith(branch.path):
        raise Conflict(_("不能并入自己或自己的下级。"), field="into")
    stay = branch.placements.open().select_related("parent").get()
    if stay.parent_id is None:
        raise Conflict(_("顶层党组织不能并入其他党组织。"))
    require_room(into, on)
    require_quiet(branch, stay, on)
    children = children_of(branch)
    require_no_loop([each.branch for each in children], into, on)
    homes = open_rows(Membership.Kind.HOME, branch)
    attached, carried = attached_of_merge(branch, into, {row.member_id for row in homes})
    gains, loses = reach_of(stay.parent, into, inside=branch)
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
        posts=posts_of(branch),
        grants=grants_of(branch),
        transfers=tuple(open_transfers(branch)),
        sections=tuple(branch.sections.all()),
        gains=gains,
        loses=loses,
        below=len(children),
        people_below=len(homes),
        warnings=past_warning(on),
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
    require_day(on)
    require_living(branch)
    require_free_code(values["code"])
    stay = branch.placements.open().select_related("parent").get()
    parent = parent or stay.parent
    if parent is None:
        raise Conflict(_("请选择新党组织的上级。"), field="parent")
    require_room(parent, on)
    wanted = {member.pk for member in members}
    homes = tuple(r for r in open_rows(Membership.Kind.HOME, branch) if r.member_id in wanted)
    chosen = {child.pk for child in children}
    stays = [row for row in children_of(branch) if row.branch_id in chosen]
    if len(homes) != len(wanted) or len(stays) != len(chosen):
        raise Conflict(_("所选人员或下级已不在该党组织，请重新选择。"))
    if not homes and not stays:
        raise Conflict(_("请至少选择一名党员或一个下级党组织。"))
    for row in (*homes, *stays):
        require_since(on, row.since)
    if any(parent.path.startswith(row.branch.path) for row in stays):
        raise Conflict(_("新党组织的上级不能是要划出的下级。"), field="parent")
    require_no_loop([row.branch for row in stays], parent, on)
    moving = {row.member_id for row in homes}
    return TreeChange(
        SPLIT,
        branch,
        on,
        target=parent,
        values=values,
        placings=tuple(Placing(row.branch, row, None) for row in stays),
        homes=homes,
        posts=tuple(p for p in posts_of(branch) if p.member_id in moving),
        grants=tuple(g for g in grants_of(branch) if g.member_id in moving),
        transfers=tuple(
            t for t in open_transfers(branch) if t.sender_id == branch.pk and t.member_id in moving
        ),
        below=len(stays),
        people_below=len(homes),
        warnings=place_warnings(values["kind"], parent)
        + name_warnings(values["name"], None)
        + past_warning(on),
    )


def plan_dissolve(*, branch: Branch, on: date) -> TreeChange:
    """The end of an empty branch; its history stays.

    Raises:
        Conflict: it still has members, children, people on the way to it, or sections; or a day
            before something happened in it.
    """
    require_day(on)
    require_living(branch)
    stay = branch.placements.open().select_related("parent").get()
    if stay.parent_id is None:
        raise Conflict(_("顶层党组织不能撤销。"))
    if children := len(children_of(branch)):
        raise Conflict(_("还有 %(n)d 个下级党组织，请先移动、合并或撤销下级。") % {"n": children})
    if people := len(open_rows(Membership.Kind.HOME, branch)):
        raise Conflict(_("还有 %(n)d 人的组织关系在这里，请先转出或改用合并。") % {"n": people})
    if open_transfers(branch):
        raise Conflict(_("还有未办结的组织关系转接，请先接收、退回或撤回。"))
    if branch.sections.exists():
        raise Conflict(_("该党组织还主管栏目，请先改由其他党组织主管。"))
    require_quiet(branch, stay, on)
    return TreeChange(
        DISSOLVED,
        branch,
        on,
        placings=(Placing(branch, stay, None),),
        attached=open_rows(Membership.Kind.ATTACHED, branch),
        posts=posts_of(branch),
        grants=grants_of(branch),
        warnings=past_warning(on),
    )
