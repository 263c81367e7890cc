"""Where one can go: apps register their places, the frame of every page lists them.

Lower layers know nothing of the apps above, so ``base.html`` never names a URL of theirs. An app
registers in ``AppConfig.ready()``::

    navigation.register(
        Place("courses", _("课程"), "courses:catalogue", icon="courses", order=20)
    )

A place whose URL does not resolve, or whose ``visible`` says no, is simply not shown.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse

MAIN, TOOL, MENU = "main", "tool", "menu"
KEPT = "_places"  # on a request: its links by slot; the frame and a page may ask for the same


def _signed_in(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return bool(user and user.is_authenticated)


def anyone(request: HttpRequest) -> bool:
    """Visible to guests and members."""
    return True


def guests(request: HttpRequest) -> bool:
    """Visible to guests only."""
    return not _signed_in(request)


def members(request: HttpRequest) -> bool:
    """Visible to signed-in members only."""
    return _signed_in(request)


def no_badge(request: HttpRequest) -> int | None:
    """No number beside the place."""
    return None


@dataclass(frozen=True, slots=True)
class Place:
    """One place to go.

    ``url_name`` is a URL name or, when it starts with ``/``, a path. ``slot`` says where it stands:
    ``main`` (bar of places and bottom bar), ``tool`` (top right: ``search``, ``inbox``,
    ``sign_in``), ``menu`` (the member's menu). ``badge`` gives the number beside it or None.
    ``post`` makes it a form button (signing out). ``prefixes`` are further paths under which the
    place counts as current.
    """

    name: str
    label: str
    url_name: str
    icon: str = ""
    order: int = 100
    visible: Callable[[HttpRequest], bool] = members
    badge: Callable[[HttpRequest], int | None] = no_badge
    slot: str = MAIN
    post: bool = False
    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A place as one request sees it."""

    name: str
    label: str
    url: str
    icon: str
    badge: int | None
    current: bool
    post: bool


_places: dict[str, Place] = {}


def register(place: Place) -> None:
    """Add a place; registering the same name again replaces it."""
    _places[place.name] = place


def unregister(name: str) -> None:
    """Remove a place, if it is there."""
    _places.pop(name, None)


def address(place: Place) -> str | None:
    """The place's path, or None while what is behind it does not exist."""
    if place.url_name.startswith("/"):
        return place.url_name
    return _reversed(place.url_name, get_urlconf() or settings.ROOT_URLCONF, get_script_prefix())


@functools.lru_cache(maxsize=256)
def _reversed(name: str, urlconf: str, prefix: str) -> str | None:
    """A path by its name; the addresses of a process never change, so it is looked up once."""
    try:
        return reverse(name, urlconf)
    except NoReverseMatch:
        return None


def is_current(path: str, url: str, prefixes: tuple[str, ...] = ()) -> bool:
    """Whether ``path`` lies at or below ``url`` or a prefix; the root only matches itself."""
    return any(
        path == start or (start != "/" and path.startswith(start)) for start in (url, *prefixes)
    )


def links(request: HttpRequest, slot: str) -> list[Link]:
    """The places of a slot that this request may see, in order; at most one is current."""
    kept = request.__dict__.setdefault(KEPT, {})
    if slot not in kept:
        kept[slot] = [
            Link(
                place.name,
                place.label,
                url,
                place.icon,
                place.badge(request),
                is_current(request.path, url, place.prefixes),
                place.post,
            )
            for place in sorted(_places.values(), key=lambda each: (each.order, each.name))
            if place.slot == slot and place.visible(request) and (url := address(place)) is not None
        ]
    return list(kept[slot])
