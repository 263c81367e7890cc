"""逾期上传: the cases of who decides on evidence that came too late."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from school.core import wording
from school.core.errors import DomainError, NotAllowed, NotFound
from school.members.permissions import Role, board_required, scope_for
from school.study.forms.late import LateDecisionForm
from school.study.models import LateStudy
from school.study.selectors import late as read
from school.study.selectors.disputes import evidence_around
from school.study.selectors.rules import year_closed
from school.study.services import late as write
from school.study.services.sinks.pending import post_pending

ROWS = 20


@never_cache
@require_GET
@board_required
def cases(request: HttpRequest, branch_id: int) -> HttpResponse:
    """Visits of a node and below that were reported too late; what waits comes first."""
    scope = scope_for(request.user)
    node = scope.branch_or_404(branch_id)
    if not scope.may_write(node) and not scope.has(Role.AUDITOR, node):
        raise NotAllowed(_("只能查看该党组织，不能代为办理。"))
    page = Paginator(read.late_below(node), ROWS).get_page(request.GET.get("page"))
    rows = [
        {
            "study": each,
            "own": each.member_id == request.user.pk,
            "mine": read.may_decide_late(request.user, each),
        }
        for each in page
    ]
    crumbs = [{"label": _("支部"), "url": "/branch/"}, {"label": _("逾期上传")}]
    context = {
        "node": node,
        "page": page,
        "rows": rows,
        "days": settings.STUDY_EVIDENCE_DAYS,
        "crumbs": crumbs,
    }
    return render(request, "study/late_cases.html", context)


@never_cache
@require_GET
@board_required
def case(request: HttpRequest, study_id: int) -> HttpResponse:
    """One visit with what else was studied in those days, and the form of who decides."""
    return _show(request, _case_or_404(request, study_id))


def _show(
    request: HttpRequest, study: LateStudy, form: LateDecisionForm | None = None, status: int = 200
) -> HttpResponse:
    decides = read.may_decide_late(request.user, study)
    crumbs = [{"label": _("支部"), "url": "/branch/"}]
    if study.holder_id:
        listed = reverse("study:late_cases", args=[study.holder_id])
        crumbs.append({"label": _("逾期上传"), "url": listed})
    context = {
        "study": study,
        "visits": evidence_around(study),
        "year_closed": study.is_open and year_closed(study.studied_on.year),
        "decides": decides,
        "form": (form or LateDecisionForm()) if decides else None,
        "crumbs": [*crumbs, {"label": study.member.name}],
    }
    return render(request, "study/late_case.html", context, status=status)


@never_cache
@require_POST
@board_required
def decide(request: HttpRequest, study_id: int) -> HttpResponse:
    """The decision."""
    study = _case_or_404(request, study_id)
    if study.is_open and not read.may_decide_late(request.user, study):
        raise NotAllowed(_("这次学习不由您核实。"))
    form = LateDecisionForm(request.POST)
    if not form.is_valid():
        return _show(request, study, form, status=400)
    accepts = form.cleaned_data["decision"] == "accept"
    act = write.accept_late_study if accepts else write.refuse_late_study
    if accepts:
        post_pending(study.member_id)  # what came in time goes first
    try:
        study = act(study=study, by=request.user, reason=form.cleaned_data["reason"])
    except DomainError as error:
        if error.field not in form.fields:
            raise
        form.add_error(error.field, error.message)
        return _show(request, study, form, status=400)
    if accepts:
        counted = wording.duration(study.counted)
        messages.success(request, _("已认定，计入 %(time)s，并告知本人。") % {"time": counted})
    else:
        messages.success(request, _("已记为不予认定，并告知本人。"))
    return redirect("study:late_case", study.pk)


def _case_or_404(request: HttpRequest, study_id: int) -> LateStudy:
    found = read.late_studies().filter(pk=study_id).first()
    if found is None or not read.may_see_late(request.user, found):
        raise NotFound(_("没有找到这次学习，或不在管理范围内。"))
    return found
