"""What stands against a change of the tree: each refusal with its sentence and its field."""

from datetime import date

from django.db.models import F, Q
from django.utils.translation import gettext as _

from school.core import clock
from school.core.errors import Conflict
from school.members.models import Branch, BranchPlacement, Membership
from school.members.rules.tree import first_loop
from school.members.selectors.tree_changes.touched import load_placements


def require_day(on: date) -> None:
    if on > clock.today():
        raise Conflict(_("生效日期不能晚于今天；将来的调整请到当天办理。"), field="on")


def require_living(branch: Branch) -> None:
    if branch.dissolved_on is not None:
        raise Conflict(
            _("“%(branch)s”已于 %(day)s 撤销，不能再调整。")
            % {"branch": branch, "day": branch.dissolved_on}
        )


def require_free_code(code: str) -> None:
    if Branch.objects.filter(code=code).exists():
        raise Conflict(_("组织编码 %(code)s 已被使用，请换一个。") % {"code": code}, field="code")


def require_room(parent: Branch, on: date) -> None:
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


def require_since(on: date, since: date) -> None:
    if on < since:
        raise Conflict(
            _("生效日期不能早于现隶属关系的起始日期 %(day)s。") % {"day": since}, field="on"
        )


def require_quiet(branch: Branch, stay: BranchPlacement, on: date) -> None:
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


def require_no_loop(branches: list[Branch], parent: Branch, on: date) -> None:
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
