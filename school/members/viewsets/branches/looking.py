"""Look at the tree on any day, and at one branch."""

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from school.core import clock
from school.core.audit import names
from school.core.errors import DomainError
from school.core.models import AuditEntry
from school.members.models import Branch, Membership
from school.members.permissions.tree import TreeAccess
from school.members.rules.tree import size_fault
from school.members.selectors.tree_page import (
    TreeRow,
    find_branches,
    level_below,
    line_names,
    size_limits,
    sizes_of,
    top_level,
)
from school.members.viewsets.branches.frame import access_of, page
from school.members.viewsets.branches.operations import offered

HISTORY_ROWS = 30
FIRST_YEAR = 1921


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


@require_safe
def tree(request: HttpRequest) -> HttpResponse:
    """The top nodes with their first level, or what was searched for, or one node (``at``)."""
    access, asked = access_of(request), _asked(request)
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
    return page(request, "branch_tree", _("组织架构"), context)


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
    access, asked = access_of(request), _asked(request)
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
    access = access_of(request)
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
        "operations": offered(access, branch),
    }
    return page(request, "branch_detail", branch.short_name, context)
