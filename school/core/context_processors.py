"""What every template may use: the host's settings, and how large the letters are."""

from django.conf import settings
from django.http import HttpRequest

from school.core.models import HostSettings


def school(request: HttpRequest) -> dict:
    """``host`` (HostSettings, fetched once a request, lazily), ``elder``, ``release``."""
    return {
        "host": _LazyHost(request),
        "elder": request.COOKIES.get("elder") == "1",
        "release": settings.VERSION,
        "pattern_page": settings.PATTERN_PAGE,
    }


class _LazyHost:
    """Reads the settings row only when a template asks for one of its fields."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    def __getattr__(self, name: str):
        return getattr(HostSettings.for_request(self._request), name)
