"""Addresses to go on to: only paths of this site."""

from urllib.parse import quote

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def own_path(request: HttpRequest, target: str | None) -> str:
    """The target if it is a path of this site, else the home page."""
    target = target or "/"
    safe = target.startswith("/") and url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}
    )
    return target if safe else "/"


def with_next(address: str, target: str) -> str:
    """An address that carries where to go afterwards, query and all."""
    return f"{address}?next={quote(target, safe='/')}"
