"""待核实: the list of a node, and one row with its evidence for who judges it."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from school.core.errors import NotAllowed, NotFound
from school.members.permissions import board_required, scope_for
from school.study.forms.anomalies import AnomalyFilter, JudgementForm
from school.study.models import Anomaly
from school.study.permissions import may_correct, may_read_ledger
from school.study.selectors import anomalies as read
from school.study.services.anomalies import judge_anomaly

ROWS = 20


@never_cache
@require_GET
@board_required
def listed(request: HttpRequest, branch_id: int) -> HttpResponse:
    """What waits for somebody to look at it, at a node and below."""
    node = scope_for(request.user).branch_or_404(branch_id)
    if not read.may_look(request.user, node):
        raise NotAllowed(_("只能查看该党组织，不能代为办理。"))
    form = AnomalyFilter(request.GET or None, node=node)
    asked = form.chosen if form.is_bound else {}
    rows = read.anomalies_below(request.user, asked.get("branch") or node)
    for name in ("kind", "state"):
        if name in asked:
            rows = rows.filter(**{name: asked[name]})
    context = {
        "node": node,
        "form": form,
        "asked": asked,
        "page": Paginator(read.in_order(rows), ROWS).get_page(request.GET.get("page")),
        "crumbs": [{"label": _("支部"), "url": "/branch/"}, {"label": _("待核实")}],
    }
    return render(request, "study/anomalies.html", context)


@never_cache
@require_GET
@board_required
def detail(request: HttpRequest, anomaly_id: int) -> HttpResponse:
    """One row with its evidence."""
    return _show(request, _or_404(request, anomaly_id))


@never_cache
@require_POST
@board_required
def judge(request: HttpRequest, anomaly_id: int) -> HttpResponse:
    """The verdict, of one row or of the whole pattern."""
    anomaly = _or_404(request, anomaly_id)
    if not anomaly.is_open:
        messages.info(request, _("这条记录已有人核实。"))
        return redirect("study:anomaly", anomaly.pk)
    if not read.may_judge(request.user, anomaly):
        raise NotAllowed(_("由教务核实；可以查看，不能代为办理。"))
    rest = read.rest_of_party(request.user, anomaly)
    form = JudgementForm(request.POST, rest=len(rest))
    if not form.is_valid():
        return _show(request, anomaly, form, status=400)
    together = rest if form.cleaned_data.get("whole") else []
    with transaction.atomic():
        for each in [anomaly, *together]:
            judge_anomaly(
                anomaly=each,
                verdict=form.cleaned_data["verdict"],
                note=form.cleaned_data["note"],
                by=request.user,
            )
    messages.success(request, _("已核实 %(count)d 条。") % {"count": 1 + len(together)})
    return redirect("study:anomaly", anomaly.pk)


def _show(request: HttpRequest, anomaly: Anomaly, form=None, status: int = 200) -> HttpResponse:
    judges = read.may_judge(request.user, anomaly)
    if form is None and judges:
        form = JudgementForm(rest=len(read.rest_of_party(request.user, anomaly)))
    crumbs = [{"label": _("支部"), "url": "/branch/"}]
    if anomaly.branch:
        url = reverse("study:anomalies", args=[anomaly.branch_id])
        crumbs.append({"label": _("待核实"), "url": url})
    context = {
        "anomaly": anomaly,
        "shown": read.shown(request.user, anomaly),
        "entries": _entries(request, anomaly),
        "judges": judges,
        "form": form,
        "crumbs": [*crumbs, {"label": anomaly.member.name}],
    }
    return render(request, "study/anomaly.html", context, status=status)


def _entries(request: HttpRequest, anomaly: Anomaly) -> list[dict]:
    """The day's lines of the ledger, with the way to the desk where one is corrected."""
    reads = may_read_ledger(request.user)
    rows = read.entries_of(anomaly)
    corrected = {row.reverses_id for row in rows}
    corrects = bool(rows) and may_correct(request.user, rows[0])
    return [
        {
            "entry": row,
            "inspect": reads and reverse("hour_entries:inspect", args=[row.pk]),
            "correct": corrects
            and not row.reverses_id
            and row.pk not in corrected
            and reverse("hour_entries:correct", args=[row.pk]),
        }
        for row in rows
    ]


def _or_404(request: HttpRequest, pk: int) -> Anomaly:
    found = read.anomaly_within(request.user, pk)
    if found is None:
        raise NotFound(_("没有找到这条记录，或不在管理范围内。"))
    return found
