"""The code on the wall: six digits and a QR code that turn, with how many have come."""

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from school.core import clock
from school.core.errors import Conflict
from school.gatherings.models import Attendance, Gathering
from school.gatherings.permissions import gathering_or_404
from school.gatherings.rules import left_of_window
from school.gatherings.selectors.sessions import open_session
from school.gatherings.services.checkin import code_now
from school.members.permissions import board_required


@never_cache
@board_required
@require_GET
def code(request: HttpRequest, pk: int) -> HttpResponse:
    """The screen for a projector or a phone; htmx asks for the middle of it again and again."""
    gathering = gathering_or_404(request.user, pk, write=True)
    if gathering.state != Gathering.State.RUNNING:
        raise Conflict(_("这次集体学习不在进行中，没有签到码。"))
    now = clock.authority()
    session = open_session(gathering, now)
    digits = code_now(gathering) if session else ""
    states = gathering.attendances.values_list("state", flat=True)
    context = {
        "gathering": gathering,
        "session": session,
        "code": digits,
        "groups": (digits[:3], digits[3:]),
        "qr": _qr(request, gathering, digits) if session else "",
        "left": left_of_window(clock.to_ms(now), settings.GATHERING_CODE_SECONDS),
        "before": settings.GATHERING_CHECK_IN_BEFORE_MINUTES,
        "present": sum(1 for state in states if state == Attendance.State.PRESENT),
        "expected": len(states),
    }
    template = "gatherings/code_now.html" if request.htmx else "gatherings/code.html"
    return render(request, template, context)


def _qr(request: HttpRequest, gathering: Gathering, digits: str) -> str:
    """An SVG of the address where the digits are filled in; who opens it still has to press."""
    path = reverse("gatherings:check_in", args=[gathering.pk])
    address = request.build_absolute_uri(f"{path}?code={digits}")
    drawn = segno.make(address, error="m", micro=False)
    # The library draws it from our own address; nothing in it comes from a person.
    return mark_safe(  # noqa: S308
        drawn.svg_inline(scale=8, border=2, omitsize=True, svgclass="code__qr", lineclass=None)
    )
