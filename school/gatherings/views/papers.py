"""Papers of a gathering: the sheet to print, the workbook out and in, files of evidence."""

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from school.core import audit
from school.core.errors import DomainError, NotFound
from school.gatherings import sheets
from school.gatherings.forms import FileForm
from school.gatherings.models import EvidenceFile, Gathering
from school.gatherings.permissions import gathering_or_404
from school.gatherings.selectors import gathering_page
from school.gatherings.services import evidence
from school.gatherings.services.imports import read_sheet
from school.gatherings.views.desk import crumbs_of
from school.members.permissions import board_required

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TYPES = {EvidenceFile.Kind.PICTURE: "image/jpeg", EvidenceFile.Kind.PDF: "application/pdf"}
SHOWN_ERRORS = 50


@never_cache
@board_required
@require_GET
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The attendance sheet for A4, with room for signatures."""
    gathering = gathering_or_404(request.user, pk)
    context = {
        "gathering": gathering,
        "page": gathering_page(gathering),
        "items": gathering.items.select_related("item"),
        "crumbs": crumbs_of(gathering, _("签到表")),
    }
    return render(request, "gatherings/sheet.html", context)


@never_cache
@board_required
@require_GET
def template(request: HttpRequest, pk: int) -> HttpResponse:
    """The workbook to fill in, with the names in it."""
    gathering = gathering_or_404(request.user, pk, write=True)
    response = HttpResponse(sheets.template(gathering_page(gathering)), content_type=XLSX)
    name = _("%(title)s 签到表.xlsx") % {"title": gathering.title}
    response["Content-Disposition"] = content_disposition_header(True, name)
    return response


@never_cache
@board_required
@require_http_methods(["GET", "POST"])
def read_in(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a filled-in workbook over; with errors nothing is taken, each row is named."""
    gathering = gathering_or_404(request.user, pk, write=True)
    form = FileForm(request.POST or None, request.FILES or None)
    errors: list[str] = []
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                changed, errors = read_sheet(
                    gathering=gathering, upload=form.cleaned_data["file"], by=request.user
                )
            except DomainError as error:
                form.add_error("file", error.message)
                status = error.status
            else:
                if not errors:
                    messages.success(request, _said(changed))
                    return redirect("gatherings:detail", pk)
    context = {
        "gathering": gathering,
        "form": form,
        "errors": errors[:SHOWN_ERRORS],
        "more": max(0, len(errors) - SHOWN_ERRORS),
        "entering": gathering.state in {Gathering.State.RUNNING, Gathering.State.OPEN},
        "crumbs": crumbs_of(gathering, _("导入签到表")),
    }
    return render(request, "gatherings/read_in.html", context, status=status)


def _said(changed: int) -> str:
    if not changed:
        return _("签到表与已登记的一致，没有变动。")
    return _("已导入，%(rows)d 条到会情况有变动。") % {"rows": changed}


@board_required
@require_POST
def file_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a photo or a PDF."""
    gathering = gathering_or_404(request.user, pk, write=True)
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        raise DomainError(_("请选择照片或 PDF 文件。"))
    evidence.add_file(gathering=gathering, upload=form.cleaned_data["file"], by=request.user)
    messages.success(request, _("材料已上传。"))
    return redirect("gatherings:detail", pk)


def _file_or_404(gathering: Gathering, file_id: int) -> EvidenceFile:
    file = gathering.files.filter(pk=file_id).first()
    if file is None:
        raise NotFound(_("没有找到这份材料，可能已移除。"))
    return file


@never_cache
@board_required
@require_GET
def file(request: HttpRequest, pk: int, file_id: int) -> HttpResponse:
    """A file for whoever may see the gathering; a PDF is only ever saved, never opened here."""
    gathering = gathering_or_404(request.user, pk)
    found = _file_or_404(gathering, file_id)
    path = evidence.path_of(found)
    if not path.is_file():
        raise NotFound(_("这份材料的文件不在了，请联系系统管理员从备份恢复。"))
    audit.record(
        "gatherings.file_seen", actor=request.user, subject=gathering, fields={"name": found.name}
    )
    response = FileResponse(path.open("rb"), content_type=TYPES[found.kind])
    away = found.kind == EvidenceFile.Kind.PDF
    response["Content-Disposition"] = content_disposition_header(away, found.name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@board_required
@require_POST
def file_remove(request: HttpRequest, pk: int, file_id: int) -> HttpResponse:
    """Remove a file that nothing rests on yet."""
    gathering = gathering_or_404(request.user, pk, write=True)
    evidence.remove_file(file=_file_or_404(gathering, file_id), by=request.user)
    return redirect("gatherings:detail", pk)
