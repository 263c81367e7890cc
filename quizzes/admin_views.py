"""Admin views for sheets of questions: import, export, template."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from quizzes.forms import SheetForm
from quizzes.permissions import authoring_for
from quizzes.services import exchange
from school.core import audit
from school.core.errors import NotAllowed

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_http_methods(["GET", "HEAD", "POST"])
def import_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Upload a sheet into a bank; wrong rows are listed and nothing is stored."""
    bank = authoring_for(request.user).bank_or_404(pk)
    form = SheetForm(request.POST or None, request.FILES or None)
    context = {"bank": bank, "form": form, "template_url": reverse("question_banks:template")}
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            if upload.size > exchange.MAX_BYTES:
                raise exchange.RefusedSheet(_("文件超过 5 MB，请分成几个文件。"))
            outcome = exchange.import_questions(
                data=upload.read(),
                bank=bank,
                by=request.user,
                dry_run=form.cleaned_data["dry_run"],
            )
        except exchange.RefusedSheet as error:
            context |= {"refusal": error.message, "errors": error.errors}
            return render(request, "quizzes/admin/import.html", context, status=400)
        if not outcome.dry_run:
            messages.success(request, _summary(outcome))
            return redirect("question_banks:index")
        context["checked"] = _summary(outcome)
    return render(request, "quizzes/admin/import.html", context)


def _summary(outcome: exchange.Imported) -> str:
    counts = {
        "created": outcome.created,
        "revised": outcome.revised,
        "unchanged": outcome.unchanged,
    }
    if outcome.dry_run:
        return (
            _("检查通过：将新增 %(created)d 题，更新 %(revised)d 题，未变 %(unchanged)d 题。")
            % counts
        )
    return _("已新增 %(created)d 题，更新 %(revised)d 题，未变 %(unchanged)d 题。") % counts


@require_safe
def export_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The questions of a bank as a sheet that can be imported again."""
    bank = authoring_for(request.user).bank_or_404(pk)
    audit.record("quizzes.questions_exported", actor=request.user, subject=bank)
    return _download(exchange.export_questions(bank=bank), f"{bank.title}.xlsx")


@require_safe
def template_sheet(request: HttpRequest) -> HttpResponse:
    """An empty sheet with one example of each kind."""
    if not authoring_for(request.user).is_author:
        raise NotAllowed(_("没有编写试题的权限。"))
    return _download(exchange.template(), "试题模板.xlsx")


def _download(data: bytes, name: str) -> HttpResponse:
    reply = HttpResponse(data, content_type=XLSX)
    reply.headers["Content-Disposition"] = content_disposition_header(
        True, get_valid_filename(name)
    )
    return reply
