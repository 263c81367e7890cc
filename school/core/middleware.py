"""Turns a DomainError into a page (or JSON); speaks the language this device has chosen.

Tells the audit trail which request is being answered.
"""

import functools
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import trans_real

from school.core.audit import coming_from
from school.core.errors import DomainError


class DomainErrorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        if request.headers.get("Accept", "").startswith("application/json"):
            return JsonResponse({"error": error.message}, status=error.status)
        return render(request, "core/refused.html", {"message": error.message}, status=error.status)


def remember_words(code: str) -> None:
    """Look each sentence of a language up once in a process.

    Django asks the catalogues of all packages in turn, some thirty of them, and a Chinese sentence
    of ours is in none: a page of a hundred sentences paid for three thousand looks.
    """
    words = trans_real.translation(code)
    if not hasattr(words.gettext, "cache_info"):
        words.gettext = functools.lru_cache(maxsize=8192)(words.gettext)


class ChosenLanguageMiddleware:
    """The school's own language unless this device has chosen another one in the footer.

    What a browser asks for is often only its maker's preset, so ``Accept-Language`` is not read.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        for code, _name in settings.LANGUAGES:
            remember_words(code)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        code = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        request.LANGUAGE_CODE = code
        with translation.override(code):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", code)
        return response


class OriginMiddleware:
    """What is done while a request is answered comes from there (``audit.coming_from``).

    Only the request is kept at hand; its address is worked out when an entry is written.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with coming_from(request):
            return self.get_response(request)
