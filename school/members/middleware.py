"""Keeps a member in the first run until it is done."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from school.core.addresses import with_next

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


class FirstRunMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(OPEN_PREFIXES):
            return self.get_response(request)
        member = request.user
        if member.is_authenticated and (
            member.first_run_done_at is None or member.must_set_password
        ):
            target = request.get_full_path() if request.method == "GET" else request.path
            return redirect(with_next("/first-run/", target))
        return self.get_response(request)
