"""Ends idle sessions; keeps a member in the first run, or at the second step, until it is done."""

from collections.abc import Callable

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from school.core.addresses import with_next
from school.members.services import second_step, sessions

# Evidence already gathered is never turned away, and these pages serve the first run itself.
OPEN_PREFIXES = (
    "/first-run/",
    "/sign-out/",
    "/static/",
    "/files/",
    "/v/",  # a video's files carry their permission in the address; no session is looked up
    "/study/report/",
    "/letter-size/",
    "/language/",
    "/csp-report/",
    "/health/",
)

# What a page asks by itself, whether anybody sits before it or not.
UNATTENDED_PREFIXES = ("/admin/editing-sessions/",)


class SessionMiddleware:
    """Signs out whoever has not been here for longer than the role allows."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        watched = not request.path.startswith((*OPEN_PREFIXES[2:], *UNATTENDED_PREFIXES))
        if watched and request.user.is_authenticated and not sessions.is_kept(request):
            sessions.end_own(request=request, why=sessions.End.IDLE)
            logout(request)
        return self.get_response(request)


class FirstRunMiddleware:
    """Sends to the first run, then to the second step where a role asks for one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(OPEN_PREFIXES):
            return self.get_response(request)
        member = request.user
        if not member.is_authenticated:
            return self.get_response(request)
        target = request.get_full_path() if request.method == "GET" else request.path
        if member.first_run_done_at is None or member.must_set_password:
            return redirect(with_next("/first-run/", target))
        if second_step.is_owed(request) and not request.path.startswith(second_step.PAGES):
            return redirect(with_next(second_step.ENROLMENT, target))
        return self.get_response(request)
