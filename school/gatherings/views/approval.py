"""The branch above answers: yes, or back with a reason."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from school.gatherings import services
from school.gatherings.permissions import gathering_or_404
from school.members.permissions import board_required


@board_required
@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Book what was entered."""
    gathering = gathering_or_404(request.user, pk, write=True)
    services.approve_gathering(gathering=gathering, by=request.user)
    messages.success(request, _("已审核通过，学时已计入。"))
    return redirect("gatherings:detail", pk)


@board_required
@require_POST
def send_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Send it back to be entered again."""
    gathering = gathering_or_404(request.user, pk, write=True)
    services.send_back_gathering(
        gathering=gathering, reason=request.POST.get("reason", ""), by=request.user
    )
    messages.success(request, _("已退回。"))
    return redirect("gatherings:detail", pk)


@board_required
@require_POST
def confirm(request: HttpRequest, pk: int, attendance_id: int) -> HttpResponse:
    """Book what an organiser entered for himself."""
    gathering = gathering_or_404(request.user, pk, write=True)
    services.confirm_own(gathering=gathering, attendance_id=attendance_id, by=request.user)
    messages.success(request, _("已核定，学时已计入。"))
    return redirect("gatherings:detail", pk)


@board_required
@require_POST
def decline(request: HttpRequest, pk: int, attendance_id: int) -> HttpResponse:
    """Say that he was not there."""
    gathering = gathering_or_404(request.user, pk, write=True)
    services.decline_own(
        gathering=gathering,
        attendance_id=attendance_id,
        reason=request.POST.get("reason", ""),
        by=request.user,
    )
    messages.success(request, _("已记为缺席。"))
    return redirect("gatherings:detail", pk)
