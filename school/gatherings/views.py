"""The secretary registers a group study: what and when, then who was there."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from school.core.errors import DomainError, NotFound
from school.gatherings.forms import GatheringForm
from school.gatherings.models import Attendance, Gathering
from school.gatherings.selectors import gathering_list
from school.gatherings.services import cancel_gathering, close_gathering, open_gathering
from school.members.permissions import board_required, scope_for


def _gathering_or_404(request: HttpRequest, pk: int, *, write: bool = False) -> Gathering:
    scope = scope_for(request.user)
    found = Gathering.objects.select_related("branch", "created_by").filter(
        pk=pk, branch__in=scope.branches.values("pk")
    )
    gathering = found.first()
    if gathering is None:
        raise NotFound(_("没有找到这次集体学习，或不在管理范围内。"))
    if write:
        scope.writable_branch_or_404(gathering.branch_id)
    return gathering


@board_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Gatherings of the branches this member looks after."""
    scope = scope_for(request.user)
    page = Paginator(gathering_list(scope.branches), 20).get_page(request.GET.get("page"))
    context = {"page": page, "may_write": scope.writable_branches.exists()}
    return render(request, "gatherings/index.html", context)


@board_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """What was studied, when and where; leads to the list of names."""
    branches = scope_for(request.user).writable_branches
    initial = {"branch": request.GET.get("branch") or branches.order_by("-depth").first()}
    form = GatheringForm(request.POST or None, branches=branches, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            gathering = open_gathering(by=request.user, **form.values())
        except DomainError as error:
            field = {"ends_at": "ends"}.get(error.field, error.field)
            form.add_error(field, error.message)
        else:
            return redirect("gatherings:detail", gathering.pk)
    crumbs = [
        {"label": _("支部"), "url": "/branch/"},
        {"label": _("登记集体学习"), "url": ""},
    ]
    return render(request, "gatherings/new.html", {"form": form, "crumbs": crumbs})


@board_required
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Open: the names to tick. Closed: who was there and what was booked."""
    gathering = _gathering_or_404(request, pk)
    attendances = list(gathering.attendances.select_related("member"))
    counts = dict.fromkeys(Attendance.State.values, 0)
    for attendance in attendances:
        counts[attendance.state] += 1
    context = {
        "gathering": gathering,
        "items": gathering.items.select_related("item"),
        "attendances": attendances,
        "figures": [
            {"label": _("应到"), "value": len(attendances)},
            {"label": _("实到"), "value": counts[Attendance.State.PRESENT]},
            {"label": _("请假"), "value": counts[Attendance.State.LEAVE]},
            {"label": _("缺席"), "value": counts[Attendance.State.ABSENT]},
        ],
        "all_present": request.GET.get("all") == "present",
        "may_write": scope_for(request.user).may_write(gathering.branch),
        "crumbs": [
            {"label": _("支部"), "url": "/branch/"},
            {"label": _("集体学习"), "url": "/branch/gatherings/"},
            {"label": gathering.title, "url": ""},
        ],
    }
    return render(request, "gatherings/detail.html", context)


@board_required
@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Book the gathering from the ticked names."""
    gathering = _gathering_or_404(request, pk, write=True)
    states = {
        int(number): value
        for key, value in request.POST.items()
        if (number := key.removeprefix("state-")) != key and number.isdecimal() and len(number) < 19
    }
    close_gathering(gathering=gathering, states=states, by=request.user)
    return redirect("gatherings:detail", pk)


@board_required
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Declare the gathering void, with a reason."""
    gathering = _gathering_or_404(request, pk, write=True)
    cancel_gathering(gathering=gathering, reason=request.POST.get("reason", ""), by=request.user)
    return redirect("gatherings:detail", pk)
