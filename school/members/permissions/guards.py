"""Doors in front of views: signed in, or overseeing something."""

import functools
from collections.abc import Callable
from typing import cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from school.core.errors import NotFound, SignedOut
from school.members.models import Member
from school.members.permissions.scope import scope_for


def signed_in(request: HttpRequest) -> Member:
    """Who asks, where a guard or the sign-in has already seen to it that somebody does."""
    return cast(Member, request.user)


def member_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Signed in, or sent to the sign-in page and back."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            if request.headers.get("Accept", "").startswith("application/json"):
                raise SignedOut(_("登录已过期，请重新登录。"))
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return guarded


def board_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Signed in and overseeing at least one branch; for everybody else the page does not exist."""

    @member_required
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not scope_for(request.user).has_board:
            raise NotFound(_("没有找到这个页面。"))
        return view(request, *args, **kwargs)

    return guarded
