"""Views of no app in particular: health, CSP reports, language, letter size, error pages."""

import json
import logging

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from school.core import example
from school.core.addresses import own_path

logger = logging.getLogger(__name__)
YEAR_SECONDS = 365 * 24 * 3600


@require_GET
def health(request: HttpRequest) -> JsonResponse:
    """Whether the process serves and its database answers; no secrets, no counts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


@csrf_exempt
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Log what a browser refused to load; the body is hostile and cut short."""
    try:
        report = json.loads(request.body[:8192]).get("csp-report", {})
        logger.warning(
            "CSP report: %r blocked %r",
            str(report.get("violated-directive"))[:100],
            str(report.get("blocked-uri"))[:200],
        )
    except (ValueError, AttributeError, RecursionError):
        return HttpResponse(status=400)
    return HttpResponse(status=204)


def _back(request: HttpRequest) -> HttpResponseRedirect:
    return HttpResponseRedirect(own_path(request, request.POST.get("next")))


@require_POST
def letter_size(request: HttpRequest) -> HttpResponse:
    """Switch 长辈版 on or off on this device."""
    response = _back(request)
    elder = "1" if request.POST.get("elder") == "1" else "0"
    response.set_cookie("elder", elder, max_age=YEAR_SECONDS, samesite="Lax", httponly=True)
    return response


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Switch the language of the interface on this device."""
    response = _back(request)
    code = request.POST.get("language", "")
    if code in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, code, max_age=YEAR_SECONDS, samesite="Lax"
        )
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's token is missing or old: say what to do."""
    message = "页面打开太久，安全校验已过期。请返回上一页刷新后再提交，已填写的内容请先复制保存。"
    return render(request, "core/refused.html", {"message": message}, status=403)


@require_GET
def patterns(request: HttpRequest) -> HttpResponse:
    """Every component with example content; switched on in development only."""
    return render(request, "core/patterns.html", {"example": example.content()})
