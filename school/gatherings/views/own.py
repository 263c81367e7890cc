"""The member's own page: what is on, check in, ask for leave, where one has been."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from school.core import clock
from school.core.errors import DomainError
from school.gatherings import services
from school.gatherings.models import Gathering
from school.gatherings.permissions import own_attendance_or_404
from school.gatherings.rules import folded_code
from school.gatherings.selectors.member import own_gatherings, own_line, running_lines
from school.members.permissions import member_required, signed_in


def _crumbs(*more: dict) -> list[dict]:
    return [{"label": _("我的"), "url": "/me/"}, *more]


@never_cache
@member_required
@require_GET
def own(request: HttpRequest) -> HttpResponse:
    """Gatherings one is expected at, and where one has been."""
    member = signed_in(request)
    running = running_lines(member.pk)
    past = own_gatherings(member.pk).exclude(pk__in=[line.attendance.pk for line in running])
    context = {
        "running": running,
        "page": Paginator(past, 20).get_page(request.GET.get("page")),
        "crumbs": _crumbs({"label": _("集体学习"), "url": ""}),
    }
    return render(request, "gatherings/own.html", context)


@never_cache
@member_required
@require_http_methods(["GET", "POST"])
def check_in(request: HttpRequest, pk: int) -> HttpResponse:
    """The six digits on the screen, typed or brought along by the QR code; one press."""
    member = signed_in(request)
    attendance = own_attendance_or_404(member, pk)
    error, status = "", 200
    given = folded_code(request.POST.get("code") or request.GET.get("code", ""))
    if request.method == "POST":
        try:
            services.check_in(member=member, attendance=attendance, code=given)
        except DomainError as refusal:
            error, status, given = refusal.message, refusal.status, ""
        else:
            return redirect("gatherings:check_in", pk)
    line = own_line(own_attendance_or_404(member, pk))
    context = {
        "line": line,
        "gathering": line.gathering,
        "given": given if given.isdecimal() else "",
        "error": error,
        "later": line.gathering.state == Gathering.State.RUNNING
        and clock.now() < line.gathering.starts_at,
        "crumbs": _crumbs(
            {"label": _("集体学习"), "url": "/gatherings/"}, {"label": _("签到"), "url": ""}
        ),
    }
    return render(request, "gatherings/check_in.html", context, status=status)


@member_required
@require_POST
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for leave, with a reason."""
    attendance = own_attendance_or_404(signed_in(request), pk)
    services.ask_leave(attendance=attendance, excuse=request.POST.get("excuse", ""))
    messages.success(request, _("已请假。会后请按期限补学。"))
    return redirect("gatherings:own")
