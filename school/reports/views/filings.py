"""上报: preview and file a month; see who below has filed; return or confirm."""

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from school.core import clock
from school.core.errors import NotAllowed, NotFound
from school.members.models import Branch, BranchPlacement
from school.members.permissions import Scope, board_required, scope_for
from school.reports.models import Filing, FilingRow
from school.reports.rules import parse_month, previous_start
from school.reports.selectors.filings import Line, draft, drift, figures_of
from school.reports.services import filings as services
from school.reports.views.boards import crumbs_to

MONTH = Filing.Period.MONTH


def _month(text: str) -> date:
    start = parse_month(text)
    if start is None or start > clock.today() or start.year < 2000:
        raise NotFound(_("没有这个上报周期。"))
    return start


@require_GET
@board_required
def filing(request: HttpRequest, branch_id: int, month: str) -> HttpResponse:
    """One node and one month: what would be filed, or what was filed and how it differs now."""
    scope = scope_for(request.user)
    node = scope.branch_or_404(branch_id)
    start = _month(month)
    found = Filing.objects.filter(branch=node, period=MONTH, starts_on=start).first()
    snapshot = found.snapshots.select_related("filed_by").last() if found else None
    told = bool(found) and found.state in (Filing.State.FILED, Filing.State.CONFIRMED)
    now = draft(node, MONTH, start, lines=not told)
    title = _("%(y)d 年 %(m)d 月上报") % {"y": start.year, "m": start.month}
    context = {
        "title": title,
        "node": node,
        "month": month,
        "start": start,
        "filing": found,
        "snapshot": snapshot,
        "told": told,
        "draft": now,
        "groups": _groups(_filed_lines(snapshot) if told else now.lines),
        "drifts": drift(node, snapshot) if told and not now.children else [],
        # The level above reads what it has done, the branch what it has to do.
        "returned": _("已退回，等待重新上报")
        if _parent_writable(scope, node)
        else _("上级已退回，请核对后重新上报"),
        "may_file": scope.may_write(node) and not told,
        "may_decide": bool(found)
        and found.state == Filing.State.FILED
        and _parent_writable(scope, node),
        "earlier": f"{previous_start(MONTH, start):%Y-%m}",
        "later": _later(start),
        "crumbs": crumbs_to(
            scope, node, _("%(y)d 年 %(m)d 月上报") % {"y": start.year, "m": start.month}
        ),
    }
    return render(request, "reports/filing.html", context)


def _later(start: date) -> str:
    following = date(start.year + start.month // 12, start.month % 12 + 1, 1)
    return f"{following:%Y-%m}" if following <= clock.today() else ""


def _filed_lines(snapshot) -> list[Line]:
    return [
        Line(row.kind, row.plan, row.label, figures_of(row), row.branch_id, row.member_id)
        for row in snapshot.rows.select_related("plan")
    ]


def _groups(lines: list[Line]) -> list[dict]:
    """One group a plan: its total and its rows."""
    groups: dict[int, dict] = {}
    for line in lines:
        group = groups.setdefault(line.plan.pk, {"plan": line.plan, "total": None, "rows": []})
        if line.kind == FilingRow.Kind.TOTAL:
            group["total"] = line
        else:
            group["rows"].append(line)
    return list(groups.values())


def _parent_writable(scope: Scope, node: Branch) -> bool:
    """Only the branch above decides on what it was told."""
    placement = (
        BranchPlacement.objects.on(clock.today())
        .filter(branch=node)
        .select_related("parent")
        .first()
    )
    return bool(placement and placement.parent and scope.may_write(placement.parent))


@require_POST
@board_required
def file_month(request: HttpRequest, branch_id: int, month: str) -> HttpResponse:
    """上报."""
    node = scope_for(request.user).writable_branch_or_404(branch_id)
    services.file_period(
        branch=node,
        period=MONTH,
        starts_on=_month(month),
        by=request.user,
        note=request.POST.get("note", ""),
    )
    messages.success(request, _("已上报。上级确认前如有变动，可请上级退回后重新上报。"))
    return redirect("reports:filing", node.pk, month)


def _decidable(request: HttpRequest, branch_id: int, month: str) -> Filing:
    scope = scope_for(request.user)
    node = scope.branch_or_404(branch_id)
    found = Filing.objects.filter(branch=node, period=MONTH, starts_on=_month(month)).first()
    if found is None:
        raise NotFound(_("这个党组织本期还没有上报。"))
    if not _parent_writable(scope, node):
        raise NotAllowed(_("只有上级党组织可以退回或确认。"))
    return found


@require_POST
@board_required
def return_month(request: HttpRequest, branch_id: int, month: str) -> HttpResponse:
    """退回, with a reason."""
    found = _decidable(request, branch_id, month)
    services.return_filing(filing=found, reason=request.POST.get("reason", ""), by=request.user)
    messages.success(request, _("已退回，支部可以重新上报。"))
    return redirect("reports:filing", branch_id, month)


@require_POST
@board_required
def confirm_month(request: HttpRequest, branch_id: int, month: str) -> HttpResponse:
    """确认."""
    found = _decidable(request, branch_id, month)
    services.confirm_filing(filing=found, by=request.user)
    messages.success(request, _("已确认。"))
    return redirect("reports:filing", branch_id, month)
