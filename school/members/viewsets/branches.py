"""The tree of branches in the admin: look at it on any day, change it step by step.

Every change goes form → preview → confirmation; the preview is the worked-out change itself, and
is confirmed only as it was shown.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe
from wagtail.admin.menu import MenuItem
from wagtail.admin.viewsets.base import ViewSet

from school.core import clock
from school.core.audit import names
from school.core.errors import DomainError, NotAllowed, NotFound
from school.core.models import AuditEntry
from school.members.forms import branches as forms
from school.members.models import Branch, Membership
from school.members.permissions import scope_for
from school.members.permissions.tree import TreeAccess
from school.members.rules.tree import size_fault
from school.members.selectors import tree_changes
from school.members.selectors.tree_changes import TreeChange
from school.members.selectors.tree_page import (
    TreeRow,
    find_branches,
    level_below,
    line_names,
    size_limits,
    sizes_of,
    top_level,
)
from school.members.selectors.tree_preview import preview_parts, warnings_of
from school.members.services import branches as services

HISTORY_ROWS = 30
FIRST_YEAR = 1921


def _page(request: HttpRequest, name: str, title: str, context: dict, *above) -> HttpResponse:
    """One page of the tree, with crumbs; ``above``: pairs of address and label."""
    crumbs = [
        {"url": reverse("wagtailadmin_home"), "label": _("首页")},
        {"url": reverse("branches:index"), "label": _("组织架构")},
        *({"url": url, "label": label} for url, label in above),
    ]
    if name != "branch_tree":
        crumbs.append({"url": "", "label": title})
    furniture = {"header_title": title, "header_icon": "group", "breadcrumbs_items": crumbs}
    return render(request, f"members/admin/{name}.html", furniture | context)


def _access(request: HttpRequest) -> TreeAccess:
    access = TreeAccess(scope_for(request.user))
    if not access.has_part:
        raise NotAllowed(_("没有查看组织架构的权限，请联系系统管理员。"))
    return access


def _asked(request: HttpRequest) -> dict:
    """Day and switch of the address; what makes no sense is refused with a word."""
    today = day = clock.today()
    if text := request.GET.get("on", "").strip():
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise DomainError(_("日期的格式应为 2026-06-30，请重新选择。")) from None
        if day.year < FIRST_YEAR:
            raise DomainError(_("这一天太早，平台没有记录，请重新选择。"))
    return {"day": min(day, today), "with_dissolved": request.GET.get("dissolved") == "1"}


def _query(asked: dict) -> str:
    parts = []
    if asked["day"] != clock.today():
        parts.append(f"on={asked['day'].isoformat()}")
    if asked["with_dissolved"]:
        parts.append("dissolved=1")
    return "&".join(parts)


# -- looking ------------------------------------------------------------------------------------


@require_safe
def tree(request: HttpRequest) -> HttpResponse:
    """The top nodes with their first level, or what was searched for, or one node (``at``)."""
    access, asked = _access(request), _asked(request)
    day = asked["day"]
    text = request.GET.get("q", "").strip()[:80]
    context = {
        **asked,
        "today": clock.today(),
        "is_today": day == clock.today(),
        "q": text,
        "keep": _query(asked),
        "may_found_top": access.scope.is_superuser,
    }
    if text:
        rows = find_branches(access.branches, text, **asked)
        lines = line_names(row.branch for row in rows)
        context["found"] = [(row, lines[row.branch.pk]) for row in rows]
    else:
        context |= _opened(request, access, asked)
        rows = [*context["level"].rows]
        rows += [row for below in context.get("below", {}).values() for row in below.rows]
    context |= _rights(access, rows, day)
    return _page(request, "branch_tree", _("组织架构"), context)


def _opened(request: HttpRequest, access: TreeAccess, asked: dict) -> dict:
    """The level to show: below the node of the address, else the tops and the first's children."""
    day = asked["day"]
    at = request.GET.get("at", "")
    if at.isdecimal() and len(at) < 19:
        node = access.branch_or_404(int(at))
        return {
            "at": node,
            "above": access.branches.filter(path__in=_paths_above(node)),
            "level": level_below(node, start=_start(request), **asked),
        }
    tops = [top for top in access.tops if top.founded_on <= day]
    highest, below = top_level(tops, **asked)
    return {"level": highest, "below": below}


def _paths_above(node: Branch) -> list[str]:
    return [node.path[:end] for end in range(Branch.steplen, len(node.path), Branch.steplen)]


def _start(request: HttpRequest) -> int:
    text = request.GET.get("start", "")
    return int(text) if text.isdecimal() and len(text) < 7 else 0


@require_safe
def level(request: HttpRequest, pk: int) -> HttpResponse:
    """The children of one node, as a fragment for the page."""
    access, asked = _access(request), _asked(request)
    node = access.branch_or_404(pk)
    context = {
        **asked,
        "parent": node,
        "level": level_below(node, start=_start(request), **asked),
        "keep": _query(asked),
    }
    context |= _rights(access, context["level"].rows, asked["day"])
    return render(request, "members/admin/branch_level.html", context)


def _rights(access: TreeAccess, rows: list[TreeRow], day: date) -> dict:
    """Which of the shown branches may get children, which may be placed; none on a past day."""
    shown = [row.branch for row in rows] if day == clock.today() else []
    living = [branch for branch in shown if branch.dissolved_on is None]
    return {
        "managed": {branch.pk for branch in living if access.scope.may_manage(branch)},
        "placed": {branch.pk for branch in living if access.may_place(branch)},
    }


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One branch: facts, sizes, where it stood, who acts there, what was done to it."""
    access = _access(request)
    branch = access.branch_or_404(pk)
    today = clock.today()
    size = sizes_of([branch], today).get(branch.pk)
    fault = ""
    if size and branch.dissolved_on is None:
        fault = size_fault(branch.kind, full=size.full, people=size.party, limits=size_limits())
    entries = AuditEntry.objects.filter(
        subject_type=Branch._meta.label_lower, subject_id=str(branch.pk)
    ).order_by("-pk")
    homes = Membership.objects.open().filter(branch=branch, kind=Membership.Kind.HOME)
    context = {
        "branch": branch,
        "line": line_names([branch])[branch.pk],
        "size": size,
        "own": homes.count(),
        "fault": fault,
        "limits": size_limits(),
        "stays": branch.placements.select_related("parent").order_by("-since", "-pk"),
        "posts": branch.post_holdings.on(today).select_related("member", "post"),
        "grants": branch.grants.on(today).select_related("member"),
        "predecessors": branch.predecessors.all(),
        "entries": [(each, names.action_name(each.action)) for each in entries[:HISTORY_ROWS]],
        "operations": _offered(access, branch),
    }
    return _page(request, "branch_detail", branch.short_name, context)


# -- changing -----------------------------------------------------------------------------------


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


def _offered(access: TreeAccess, branch: Branch) -> list[Operation]:
    """What may be done to a branch by this person."""
    if branch.dissolved_on is not None or not access.scope.may_manage(branch):
        return []
    placed = access.may_place(branch)
    return [each for each in OPERATIONS.values() if placed or not each.places]


@require_http_methods(["GET", "HEAD", "POST"])
def operate(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Form, preview and confirmation of one change of one branch.

    With all its values in the address (a branch was dragged onto another) the form opens on the
    preview; nothing is written before the confirmation is posted.
    """
    access = _access(request)
    operation = OPERATIONS.get(name)
    if operation is None:
        raise NotFound(_("没有找到这个页面。"))
    branch = access.branch_or_404(pk)
    if not access.scope.may_manage(branch):
        raise NotAllowed(_("只能查看该党组织，不能调整。"))
    if operation.places:
        branch = access.placeable_or_refuse(pk)
    given = _given(request)
    form = operation.form(given, branch=branch, access=access)
    change = _worked_out(operation, branch, form) if given and form.is_valid() else None
    shown = change if request.POST.get("step") != "back" else None
    if change and request.POST.get("step") == "confirm":
        if request.POST.get("digest") == change.digest:
            return _carry_out(request, operation, branch, form)
        messages.warning(request, _("确认前情况有变化，请按新的内容重新核对。"))
    context = {
        "branch": branch,
        "operation": operation,
        "form": form,
        "change": shown,
        "parts": preview_parts(shown) if shown else [],
        "warnings": warnings_of(shown) if shown else [],
        "given": [(k, v) for k, vs in given.lists() for v in vs if k not in HIDDEN]
        if given
        else [],
    }
    above = (reverse("branches:detail", args=[branch.pk]), branch.short_name)
    return _page(request, "branch_change", operation.title, context, above)


def _given(request: HttpRequest) -> QueryDict | None:
    """What was posted, or the values of the address; there the day is today unless it says so."""
    if request.method == "POST":
        return request.POST
    if not request.GET:
        return None
    given = request.GET.copy()
    given.setdefault("on", clock.today().isoformat())
    return given


HIDDEN = {"csrfmiddlewaretoken", "step", "digest"}


def _kept(given: QueryDict) -> list[tuple[str, str]]:
    """The values as hidden fields of the confirmation."""
    return [(k, v) for k, values in given.lists() for v in values if k not in HIDDEN]


def _worked_out(operation: Operation, branch: Branch, form) -> TreeChange | None:
    """The change, or None with the refusal put at its field."""
    try:
        return operation.work_out(branch, form)
    except DomainError as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        return None


def _carry_out(request: HttpRequest, operation: Operation, branch: Branch, form) -> HttpResponse:
    document = form.cleaned_data.get("document", "")
    try:
        result = operation.carry_out(branch, form, document=document, by=request.user)
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return redirect("branches:operate", branch.pk, operation.name)
    messages.success(request, operation.done % result.short_name)
    return redirect("branches:detail", result.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def found_top(request: HttpRequest) -> HttpResponse:
    """The first branch of a new school; only the one who set the school up."""
    access = _access(request)
    if not access.scope.is_superuser:
        raise NotFound(_("没有找到这个页面。"))
    form = forms.CreateForm(request.POST or None, branch=None, access=access)
    del form.fields["parent"]
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_branch(
                parent=None,
                founded_on=form.cleaned_data["on"],
                document=form.cleaned_data["document"],
                by=request.user,
                **form.names,
            )
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            messages.success(request, _("已新建“%s”。") % made.short_name)
            return redirect("branches:detail", made.pk)
    return _page(request, "branch_top", _("新建顶层党组织"), {"form": form})


# -- registration -------------------------------------------------------------------------------


class BranchMenuItem(MenuItem):
    """Shown to those who have a part in the tree."""

    def is_shown(self, request) -> bool:
        return TreeAccess(scope_for(request.user)).has_part


class BranchViewSet(ViewSet):
    """The tree of branches."""

    name = "branches"
    icon = "group"
    menu_label = gettext_lazy("组织架构")
    menu_order = 300
    add_to_admin_menu = True
    menu_name = "branches"
    menu_item_class = BranchMenuItem

    def get_urlpatterns(self):
        return [
            path("", tree, name="index"),
            path("new/", found_top, name="found_top"),
            path("<int:pk>/", detail, name="detail"),
            path("<int:pk>/level/", level, name="level"),
            path("<int:pk>/<slug:name>/", operate, name="operate"),
        ]
