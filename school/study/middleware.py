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
    the headers are those of every other answer.
    """

    def __init__(self, get_response: Handler) -> None:
        if settings.STUDY_SINK != "buffered":
            raise MiddlewareNotUsed
        self.get_response = get_response
        self.path = ""
        self.report = ChosenLanguageMiddleware(XFrameOptionsMiddleware(CSPMiddleware(report)))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Addresses are known only once everything is loaded.
        self.path = self.path or reverse("study:report")
        if request.path_info != self.path:
            return self.get_response(request)
        request.get_host()  # refuses a host that is not ours
        return self.report(request)
