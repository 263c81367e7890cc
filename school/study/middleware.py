"""Reports of study through the buffered sink: answered before any session or member is read."""

from collections.abc import Callable

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.urls import reverse

from school.core.middleware import ChosenLanguageMiddleware
from school.study.views.evidence import report

Handler = Callable[[HttpRequest], HttpResponse]


class ReportMiddleware:
    """Takes a report past all that stands between the first middleware and the view.

    The token in the body is the proof, so neither session nor member nor CSRF token is asked for;
    the headers are those of every other answer. They are the same for all reports, so they are
    worked out once.
    """

    def __init__(self, get_response: Handler) -> None:
        if settings.STUDY_SINK != "buffered":
            raise MiddlewareNotUsed
        self.get_response = get_response
        self.path = ""
        self.headers: dict[str, str] = {}
        self.in_words = ChosenLanguageMiddleware(report)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Addresses are known only once everything is loaded.
        self.path = self.path or reverse("study:report")
        if request.path_info != self.path:
            return self.get_response(request)
        request.get_host()  # refuses a host that is not ours
        response = self.in_words(request)
        self.headers = self.headers or _headers(request)
        for name, value in self.headers.items():
            response.headers.setdefault(name, value)
        return response


def _headers(request: HttpRequest) -> dict[str, str]:
    """What the middlewares of security put on an answer."""
    plain = XFrameOptionsMiddleware(CSPMiddleware(lambda _request: HttpResponse()))(request)
    return {name: value for name, value in plain.headers.items() if name != "Content-Type"}
