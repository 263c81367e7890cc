"""What can be done to a branch: the form, how it is worked out, how it is carried out."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from school.members.forms import branches as forms
from school.members.models import Branch
from school.members.permissions.tree import TreeAccess
from school.members.selectors import tree_changes
from school.members.selectors.tree_changes import TreeChange
from school.members.services import branches as services


@dataclass(frozen=True)
class Operation:
    """One kind of change: its form, how it is worked out, how it is carried out."""

    name: str
    title: str
    lead: str
    form: type[forms.ChangeForm]
    work_out: Callable[[Branch, forms.ChangeForm], TreeChange]
    carry_out: Callable[..., Branch]
    done: str
    places: bool = True
    danger: bool = False


def _split_args(form) -> dict:
    data = form.cleaned_data
    return {
        **form.names,
        "on": data["on"],
        "parent": data["parent"],
        "members": list(data.get("members", ())),
        "children": list(data.get("children", ())),
    }


def _work_out_split(branch: Branch, form) -> TreeChange:
    given = _split_args(form)
    rest = {key: given[key] for key in ("on", "parent", "members", "children")}
    return tree_changes.plan_split(branch=branch, values=form.names, **rest)


OPERATIONS = {
    each.name: each
    for each in (
        Operation(
            "create",
            gettext_lazy("新建下级"),
            gettext_lazy("在所选上级之下新设一个党组织。"),
            forms.CreateForm,
            lambda branch, form: tree_changes.plan_create(
                parent=form.cleaned_data["parent"], values=form.names, on=form.cleaned_data["on"]
            ),
            lambda branch, form, **more: services.create_branch(
                parent=form.cleaned_data["parent"],
                founded_on=form.cleaned_data["on"],
                **form.names,
                **more,
            ),
            gettext_lazy("已新建“%s”。"),
            places=False,
        ),
        Operation(
            "edit",
            gettext_lazy("修改名称和类别"),
            gettext_lazy("名称、编码、类别改后立即生效，修改前后的内容存入审计记录。"),
            forms.EditForm,
            lambda branch, form: tree_changes.plan_edit(branch=branch, values=form.names),
            lambda branch, form, **more: services.edit_branch(branch=branch, **form.names, **more),
            gettext_lazy("已修改“%s”。"),
            places=False,
        ),
        Operation(
            "move",
            gettext_lazy("移动"),
            gettext_lazy("连同全部下级移到另一个上级之下；以前日期的统计仍按原来的隶属关系。"),
            forms.MoveForm,
            lambda branch, form: tree_changes.plan_move(
                branch=branch, parent=form.cleaned_data["parent"], on=form.cleaned_data["on"]
            ),
            lambda branch, form, **more: services.move_branch(
                branch=branch,
                parent=form.cleaned_data["parent"],
                on=form.cleaned_data["on"],
                **more,
            ),
            gettext_lazy("已移动“%s”。"),
        ),
        Operation(
            "merge",
            gettext_lazy("合并"),
            gettext_lazy("并入另一个党组织：人员和下级转过去，本组织撤销，历史记录保留。"),
            forms.MergeForm,
            lambda branch, form: tree_changes.plan_merge(
                branch=branch, into=form.cleaned_data["into"], on=form.cleaned_data["on"]
            ),
            lambda branch, form, **more: services.merge_branch(
                branch=branch, into=form.cleaned_data["into"], on=form.cleaned_data["on"], **more
            ),
            gettext_lazy("已并入“%s”。"),
            danger=True,
        ),
        Operation(
            "split",
            gettext_lazy("拆分"),
            gettext_lazy("新设一个党组织，把选定的人员和下级划过去。"),
            forms.SplitForm,
            _work_out_split,
            lambda branch, form, **more: services.split_branch(
                branch=branch, **_split_args(form), **more
            ),
            gettext_lazy("已新设“%s”。"),
        ),
        Operation(
            "dissolve",
            gettext_lazy("撤销"),
            gettext_lazy("只能撤销没有人员和下级的党组织；任职和角色随之终止，历史记录保留。"),
            forms.DissolveForm,
            lambda branch, form: tree_changes.plan_dissolve(
                branch=branch, on=form.cleaned_data["on"]
            ),
            lambda branch, form, **more: services.dissolve_branch(
                branch=branch, on=form.cleaned_data["on"], **more
            ),
            gettext_lazy("已撤销“%s”。"),
            danger=True,
        ),
    )
}


def offered(access: TreeAccess, branch: Branch) -> list[Operation]:
    """What may be done to a branch by this person."""
    if branch.dissolved_on is not None or not access.scope.may_manage(branch):
        return []
    placed = access.may_place(branch)
    return [each for each in OPERATIONS.values() if placed or not each.places]
