"""Roster exports on the page: ask, wait, take; and the inbox of who agrees to full numbers."""

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from school.core import clock
from school.core.errors import DomainError, NotFound
from school.members.forms.rosters import ExportForm
from school.members.models import Branch, RosterExport
from school.members.permissions import board_required
from school.members.roster.columns import BY_KEY
from school.members.selectors.people import members_of
from school.members.selectors.rosters import (
    answers_exports,
    export_row_limit,
    export_to_answer_or_404,
    exports_to_answer,
    own_export_or_404,
    own_exports,
)
from school.members.services import roster_exports as services
from school.members.views.rosters import XLSX, branch_of, crumbs

State = RosterExport.State
TYPES = {"xlsx": XLSX, "csv": "text/csv; charset=utf-8"}
TONES = {State.READY: "done", State.WAITING: "info", State.WRITING: "info"}


@never_cache
@board_required
@require_http_methods(["GET", "POST"])
def exports(request: HttpRequest, branch_id: int) -> HttpResponse:
    """Ask for a roster; own exports with their states."""
    branch = branch_of(request, branch_id)
    form = ExportForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        if form.is_valid() and _asked(request, branch, form):
            return redirect("members:roster_exports", branch.pk)
        status = 400
    rows = [_line(export) for export in own_exports(request.user, branch)]
    waiting = any(row["export"].state == State.WRITING for row in rows)
    context = {
        "branch": branch,
        "form": form,
        "rows": rows,
        "waiting": waiting,
        "count": members_of(branch).count(),
        "limit": export_row_limit(request.user, branch),
        "crumbs": crumbs(branch, _("导出")),
    }
    if request.headers.get("HX-Request"):
        return render(request, "members/roster_export_rows.html", context)
    return render(request, "members/roster_exports.html", context, status=status)


def _asked(request: HttpRequest, branch: Branch, form: ExportForm) -> bool:
    asked = form.cleaned_data
    try:
        export = services.ask_export(
            branch=branch,
            keys=asked["columns"],
            reason=asked["reason"],
            by=request.user,
            full_numbers=asked["full_numbers"],
            format=asked["format"],
        )
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return False
    said = _("已提交，等待批准。") if export.state == State.WAITING else _("正在生成，请稍候。")
    messages.success(request, said)
    return True


def _line(export: RosterExport) -> dict:
    gone = export.expires_at is not None and export.expires_at <= clock.now()
    state = State.EXPIRED if export.state == State.READY and gone else State(export.state)
    return {
        "export": export,
        "label": state.label,
        "tone": TONES.get(state, "plain"),
        "ready": state == State.READY,
        "open": state in {State.WAITING, State.WRITING, State.READY},
    }


@never_cache
@board_required
@require_GET
def take(request: HttpRequest, branch_id: int, export_id: int) -> FileResponse:
    """The file of one's own export."""
    branch = branch_of(request, branch_id)
    export = own_export_or_404(request.user, branch, export_id)
    path = services.take_export(export=export, by=request.user)
    name = _("%(branch)s党员花名册-%(day)s.%(format)s") % {
        "branch": branch.short_name,
        "day": clock.local_day(export.created_at),
        "format": export.format,
    }
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=name, content_type=TYPES[export.format]
    )


@board_required
@require_POST
def withdraw(request: HttpRequest, branch_id: int, export_id: int) -> HttpResponse:
    """Take a request back, or remove a file before its time."""
    branch = branch_of(request, branch_id)
    export = own_export_or_404(request.user, branch, export_id)
    try:
        services.withdraw_export(export=export, by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("members:roster_exports", branch.pk)


@never_cache
@board_required
@require_GET
def approvals(request: HttpRequest) -> HttpResponse:
    """Exports with full numbers that wait for an answer."""
    if not answers_exports(request.user):
        raise NotFound(_("没有找到这个页面。"))
    rows = [
        {"export": export, "columns": "、".join(str(BY_KEY[k].label) for k in export.columns)}
        for export in exports_to_answer(request.user)[:100]
    ]
    context = {
        "rows": rows,
        "crumbs": [
            {"label": _("支部"), "url": "/branch/"},
            {"label": _("花名册导出审批"), "url": ""},
        ],
    }
    return render(request, "members/roster_approvals.html", context)


@board_required
@require_POST
def answer(request: HttpRequest, export_id: int) -> HttpResponse:
    """Agree or decline."""
    export = export_to_answer_or_404(request.user, export_id)
    agree = request.POST.get("agree") == "1"
    try:
        services.answer_export(export=export, agree=agree, by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("已批准。") if agree else _("已退回，不予批准。"))
    return redirect("members:roster_approvals")
