"""A worked-out change of the tree as sentences: what the page of confirmation shows."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from school.members.models import Branch, RoleGrant
from school.members.registry import tree_notes
from school.members.rules.tree import LARGE, SMALL, size_fault
from school.members.selectors import tree_changes as changes
from school.members.selectors.tree_changes import TreeChange
from school.members.selectors.tree_page import Size, size_limits, size_of_homes, sizes_of

SHOWN_NAMES = 30


@dataclass(frozen=True)
class Part:
    """One heading of the preview and its lines; ``rest``: how many more there are."""

    title: str
    lines: list[str]
    rest: int = 0


def preview_parts(change: TreeChange) -> list[Part]:
    """What changes, heading by heading; headings without lines are left out."""
    parts = [
        Part(_("隶属关系"), _placing_lines(change)),
        Part(_("修改内容"), _edit_lines(change)),
        _people(_("组织关系转到“%(to)s”") % {"to": _receiver(change)}, change.homes),
        _people(_("双重组织生活结束"), change.attached),
        Part(
            _("任职终止"),
            [f"{row.member.name}　{row.branch.short_name}{row.post.name}" for row in change.posts],
        ),
        Part(_("角色终止"), [_grant(row) for row in change.grants]),
        Part(_("转接改道"), [f"{row.member.name}　{row}" for row in change.transfers]),
        Part(_("主管栏目转移"), [row.title for row in change.sections]),
        _shortened(_("以下角色开始能管理"), [_grant(row) for row in change.gains]),
        _shortened(_("以下角色不再能管理"), [_grant(row) for row in change.loses]),
        Part(_("统计变动"), list(tree_notes(change))),
    ]
    return [part for part in parts if part.lines]


def warnings_of(change: TreeChange) -> list[str]:
    """What to look at twice, sizes after the change included."""
    return [*change.warnings, *_size_lines(change)]


def _receiver(change: TreeChange) -> str:
    """Where people go: the branch that takes in, or the new one of a split."""
    if change.kind == changes.SPLIT:
        return change.values["short_name"]
    return change.target.short_name if change.target else ""


def _grant(row: RoleGrant) -> str:
    return f"{row.member.name}　{row.get_role_display()}（{row.branch.short_name}）"


def _people(title: str, rows: Iterable) -> Part:
    rows = list(rows)
    names = [f"{row.member.name}　{row.member.staff_number}" for row in rows[:SHOWN_NAMES]]
    if names:
        title = _("%(title)s（%(n)d 人）") % {"title": title, "n": len(rows)}
    return Part(title, names, max(0, len(rows) - SHOWN_NAMES))


def _shortened(title: str, lines: list[str]) -> Part:
    return Part(title, lines[:SHOWN_NAMES], max(0, len(lines) - SHOWN_NAMES))


def _placing_lines(change: TreeChange) -> list[str]:
    day, lines = change.on, []
    new = change.values.get("short_name", "")
    if change.kind in (changes.CREATED, changes.SPLIT):
        above = change.target.short_name if change.target else _("顶层")
        lines.append(
            _("新设“%(new)s”，上级为“%(above)s”，自 %(day)s 起")
            % {"new": new, "above": above, "day": day}
        )
    for placing in change.placings:
        above = placing.new.short_name if placing.new else new
        values = {"branch": placing.branch, "old": placing.old, "new": above, "day": day}
        if placing.new is None and change.kind == changes.MERGED:
            values["new"] = change.target
            lines.append(_("“%(branch)s”自 %(day)s 起并入“%(new)s”，历史记录保留") % values)
        elif placing.new is None and change.kind == changes.DISSOLVED:
            lines.append(_("“%(branch)s”自 %(day)s 起撤销，历史记录保留") % values)
        else:
            lines.append(_("“%(branch)s”由“%(old)s”移到“%(new)s”，自 %(day)s 起") % values)
    if change.kind == changes.MOVED:
        lines.append(
            _("随之移动：下级党组织 %(below)d 个，组织关系 %(people)d 人")
            % {"below": change.below, "people": change.people_below}
        )
    return lines


def _edit_lines(change: TreeChange) -> list[str]:
    if change.kind != changes.EDITED:
        return []
    lines = []
    for field, value in change.values.items():
        old = getattr(change.branch, field)
        if field == "kind":
            old, value = Branch.Kind(old).label, Branch.Kind(value).label
        label = Branch._meta.get_field(field).verbose_name
        lines.append(f"{label}：{old} → {value}")
    return lines


def _size_lines(change: TreeChange) -> list[str]:
    """Sizes of the branches that give and take people, as they will be."""
    if change.kind == changes.MERGED:
        sizes = sizes_of([change.branch, change.target], change.on)
        after = sizes.get(change.target.pk, Size())
        # A branch that lies below the one that takes it in is counted there already.
        if not change.branch.path.startswith(change.target.path):
            after += sizes.get(change.branch.pk, Size())
        return _fault_line(change.target.short_name, change.target.kind, after)
    if change.kind == changes.SPLIT:
        moved = size_of_homes(change.homes, change.on)
        below = [placing.branch for placing in change.placings]
        sizes = sizes_of([change.branch, *below], change.on)
        moved = sum((sizes.get(branch.pk, Size()) for branch in below), moved)
        lines = _fault_line(change.values["short_name"], change.values["kind"], moved)
        # The new one below the old one: nothing leaves it.
        if change.target.path.startswith(change.branch.path):
            return lines
        left = sizes.get(change.branch.pk, Size()) - moved
        return lines + _fault_line(change.branch.short_name, change.branch.kind, left)
    return []


def _fault_line(name: str, kind: str, size: Size) -> list[str]:
    fault = size_fault(kind, full=size.full, people=size.party, limits=size_limits())
    values = {"branch": name, "full": size.full, "people": size.party}
    if fault == LARGE:
        return [_("“%(branch)s”将有党员 %(people)d 名，多于该类党组织的一般规模。") % values]
    if fault == SMALL and kind == Branch.Kind.BRANCH:
        return [_("“%(branch)s”将有正式党员 %(full)d 名，少于该类党组织的一般规模。") % values]
    if fault == SMALL:
        return [_("“%(branch)s”将有党员 %(people)d 名，少于该类党组织的一般规模。") % values]
    return []
