"""Roster imports on the page: upload, preview, confirm, progress, result."""

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from school.core import clock
from school.core.errors import DomainError, NotFound
from school.members.forms.rosters import ConfirmForm, UploadForm
from school.members.models import Branch, RosterImport
from school.members.permissions import board_required, scope_for
from school.members.roster.planning import Outcome
from school.members.roster.sheets import template as template_sheet
from school.members.selectors.rosters import answers_exports, own_import_or_404, own_imports
from school.members.services import rosters as services
from school.members.services.roster_files import stored, told_beside

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
State = RosterImport.State
UNDER_WAY = (State.READING, State.IMPORTING)


def branch_of(request: HttpRequest, branch_id: int) -> Branch:
    """The branch of the address, for somebody who may act for it."""
    return scope_for(request.user).writable_branch_or_404(branch_id)


def crumbs(branch: Branch, last: str, *, up: bool = True) -> list[dict]:
    """Where the page stands."""
    trail = [
        {"label": _("支部"), "url": "/branch/"},
        {"label": branch.short_name, "url": reverse("members:people", args=[branch.pk])},
    ]
    if up:
        trail.append({"label": _("花名册"), "url": reverse("members:roster", args=[branch.pk])})
    return [*trail, {"label": last, "url": ""}]


@never_cache
@board_required
@require_http_methods(["GET", "POST"])
def roster(request: HttpRequest, branch_id: int) -> HttpResponse:
    """The roster's page of a branch: template, upload, earlier imports."""
    branch = branch_of(request, branch_id)
    form = UploadForm(
        request.POST if request.method == "POST" else None,
        request.FILES or None,
        may_create=scope_for(request.user).may_manage(branch),
    )
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                found = _upload(request, branch, form)
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
            else:
                return redirect("members:roster_import", branch.pk, found.pk)
        status = 400
    context = {
        "branch": branch,
        "form": form,
        "imports": own_imports(request.user, branch),
        "answers": answers_exports(request.user),
        "crumbs": crumbs(branch, _("花名册"), up=False),
    }
    return render(request, "members/roster.html", context, status=status)


def _upload(request: HttpRequest, branch: Branch, form: UploadForm) -> RosterImport:
    file = form.cleaned_data["file"]
    return services.upload_roster(
        branch=branch,
        name=file.name,
        chunks=file.chunks(),
        by=request.user,
        create_branches=form.cleaned_data.get("create_branches", False),
    )


@board_required
@require_GET
def template(request: HttpRequest, branch_id: int) -> HttpResponse:
    """The empty roster to fill in."""
    branch_of(request, branch_id)
    return attachment(template_sheet(), _("党员花名册模板.xlsx"))


def attachment(content: bytes, name: str) -> HttpResponse:
    """A workbook to keep."""
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["X-Content-Type-Options"] = "nosniff"
    return response


@never_cache
@board_required
@require_GET
def look(request: HttpRequest, branch_id: int, import_id: int) -> HttpResponse:
    """One import: progress, preview or result; the progress alone when the page asks for it."""
    branch = branch_of(request, branch_id)
    found = own_import_or_404(request.user, branch, import_id)
    under_way = found.state in UNDER_WAY and not _gave_up(found)
    if request.headers.get("HX-Request"):
        response = render(
            request,
            "members/roster_progress.html",
            {"branch": branch, "roster": found, "progress": _progress(found)},
        )
        if not under_way:
            response["HX-Refresh"] = "true"
        return response
    context = {
        "branch": branch,
        "roster": found,
        "under_way": under_way,
        "progress": _progress(found),
        "crumbs": crumbs(branch, _("导入")),
        **_result(found),
    }
    return render(request, "members/roster_import.html", context)


def _progress(found: RosterImport) -> dict:
    """How far it has come: thousandths, percent and what is being done."""
    told = told_beside(found.file) if found.state == State.IMPORTING else None
    if told is not None:
        share, step = told
        return {"value": int(share * 1000), "percent": int(share * 100), "step": step}
    job = found.job
    if job is None or job.state == "queued":
        return {"value": 0, "percent": 0, "step": _("排队中，前面的任务办完就开始。")}
    return {"value": job.progress, "percent": job.percent, "step": job.step}


def _gave_up(found: RosterImport) -> bool:
    return found.job is not None and not found.job.is_open and found.job.state != "done"


def _result(found: RosterImport) -> dict:
    """What the preview and the result show."""
    kept: dict[str, list[dict]] = {}
    for row in found.findings:
        kept.setdefault(row["kind"], []).append(row)
    counts = found.counts
    done = counts.get("done", {})
    figures = [
        {"value": counts.get(name, 0), "label": label, "tone": tone}
        for name, label, tone in (
            (Outcome.CREATED, Outcome.CREATED.label, ""),
            (Outcome.CHANGED, Outcome.CHANGED.label, ""),
            (Outcome.MOVED, _("在其他党组织"), ""),
            (Outcome.UNCHANGED, Outcome.UNCHANGED.label, ""),
            (Outcome.REJECTED, Outcome.REJECTED.label, "late"),
        )
        if name != Outcome.MOVED or counts.get(name)
    ]
    for figure in figures:
        if not figure["value"]:
            figure["tone"] = ""
    writes = sum(counts.get(name, 0) for name in (Outcome.CREATED, Outcome.CHANGED, Outcome.MOVED))
    return {
        "figures": figures,
        "failed": [message for row in kept.get("failed", []) for message in row["errors"]],
        "rejected": kept.get("rejected", []),
        "warned": kept.get("warned", []),
        "changed": kept.get("changed", []),
        "moved": kept.get("moved", []),
        "created": kept.get("created", []),
        "more": {
            name: max(0, counts.get(name, 0) - len(kept.get(name, [])))
            for name in ("rejected", "warned", "changed", "moved", "created")
        },
        "writes": writes,
        "done": done,
        "written": sum(done.get(name, 0) for name in ("created", "changed", "moved")),
        "slips_url": _slips(found),
    }


def _slips(found: RosterImport) -> str:
    """Where one-time codes for the new members are printed."""
    try:
        return reverse("members:branch_codes", args=[found.branch_id])
    except NoReverseMatch:
        return ""


@never_cache
@board_required
@require_GET
def marked(request: HttpRequest, branch_id: int, import_id: int) -> FileResponse:
    """The uploaded roster with what was found in front of each row."""
    branch = branch_of(request, branch_id)
    found = own_import_or_404(request.user, branch, import_id)
    path = stored(found.marked_file) if found.marked_file else None
    if path is None or not path.exists():
        raise NotFound(_("标注后的表已经清除，请重新上传花名册。"))
    name = _("核对结果-%(day)s.xlsx") % {"day": clock.local_day(found.created_at)}
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=XLSX)


@board_required
@require_POST
def confirm(request: HttpRequest, branch_id: int, import_id: int) -> HttpResponse:
    """Have the previewed rows written."""
    branch = branch_of(request, branch_id)
    found = own_import_or_404(request.user, branch, import_id)
    form = ConfirmForm(request.POST)
    form.is_valid()
    try:
        services.confirm_roster(
            roster=found,
            whole_only=not form.cleaned_data["good_rows_only"],
            move_members=form.cleaned_data["move_members"],
            by=request.user,
        )
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("members:roster_import", branch.pk, found.pk)


@board_required
@require_POST
def cancel(request: HttpRequest, branch_id: int, import_id: int) -> HttpResponse:
    """Give an import up."""
    branch = branch_of(request, branch_id)
    found = own_import_or_404(request.user, branch, import_id)
    try:
        services.cancel_roster(roster=found, by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("members:roster_import", branch.pk, found.pk)
