"""Form, preview and confirmation of each change; the first branch of a new school."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from school.core import clock
from school.core.errors import DomainError, NotAllowed, NotFound
from school.members.forms import branches as forms
from school.members.models import Branch
from school.members.selectors.tree_changes import TreeChange
from school.members.selectors.tree_preview import preview_parts, warnings_of
from school.members.services import branches as services
from school.members.viewsets.branches.frame import access_of, page
from school.members.viewsets.branches.operations import OPERATIONS, Operation


@require_http_methods(["GET", "HEAD", "POST"])
def operate(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Form, preview and confirmation of one change of one branch.

    With all its values in the address (a branch was dragged onto another) the form opens on the
    preview; nothing is written before the confirmation is posted.
    """
    access = access_of(request)
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
    return page(request, "branch_change", operation.title, context, above)


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
    access = access_of(request)
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
    return page(request, "branch_top", _("新建顶层党组织"), {"form": form})
