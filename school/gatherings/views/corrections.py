"""One person of a registered gathering put right."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from school.core.errors import Conflict, DomainError, NotFound
from school.gatherings import services
from school.gatherings.models import Gathering
from school.gatherings.permissions import gathering_or_404
from school.gatherings.selectors import gathering_page
from school.gatherings.views.desk import crumbs_of, marks_of
from school.members.permissions import board_required


@never_cache
@board_required
@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, pk: int, attendance_id: int) -> HttpResponse:
    """Present, on leave or absent, late and early, with the reason; the others stay as they are."""
    gathering = gathering_or_404(request.user, pk, write=True)
    row = _row(gathering, attendance_id)
    error = None
    if request.method == "POST":
        marks = {
            session_id: mark
            for (attendance, session_id), mark in marks_of(request).items()
            if attendance == attendance_id
        }
        try:
            services.correct_attendance(
                gathering=gathering,
                attendance_id=attendance_id,
                marks=marks,
                reason=request.POST.get("reason", ""),
                by=request.user,
            )
        except DomainError as refusal:
            if refusal.status >= 403:
                raise
            error = refusal.message
        else:
            name = row.attendance.member.name
            messages.success(request, _("已更正%(name)s的到会情况。") % {"name": name})
            return redirect("gatherings:detail", pk)
    context = {
        "gathering": gathering,
        "row": row,
        "error": error,
        "reason": request.POST.get("reason", ""),
        "crumbs": crumbs_of(gathering, _("更正到会情况")),
    }
    status = 400 if error else 200
    return render(request, "gatherings/correct.html", context, status=status)


def _row(gathering: Gathering, attendance_id: int):
    if gathering.state != Gathering.State.CLOSED:
        raise Conflict(_("只有已登记的集体学习可以更正一人的到会情况。"))
    rows = gathering_page(gathering).rows
    row = next((each for each in rows if each.attendance.pk == attendance_id), None)
    if row is None:
        raise NotFound(_("名单里没有这个人，请刷新页面。"))
    return row
