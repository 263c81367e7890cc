"""Signing in and out."""

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from school.core.addresses import own_path
from school.core.errors import DomainError
from school.core.views import YEAR_SECONDS
from school.members.forms import SignInForm
from school.members.models import Member
from school.members.services import signin


def target_of(request: HttpRequest) -> str:
    """Where to go afterwards: a path of this site, else the home page."""
    return own_path(request, request.POST.get("next") or request.GET.get("next"))


@never_cache
@sensitive_post_parameters("secret")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page; every refusal reads the same and costs the same."""
    if request.user.is_authenticated:
        return redirect(target_of(request))
    form = SignInForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            done = signin.sign_in(
                request=request,
                account=form.cleaned_data["account"],
                secret=form.cleaned_data["secret"],
            )
        except DomainError as error:
            form.add_error(None, error.message)
            status = error.status
        else:
            return _signed_in(request, done)
    context = {"form": form, "next": target_of(request)}
    return render(request, "members/sign_in.html", context, status=status)


def _signed_in(request: HttpRequest, done: signin.SignIn) -> HttpResponse:
    response = redirect(target_of(request))
    response.set_cookie(
        signin.DEVICE_COOKIE,
        done.device,
        max_age=YEAR_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    if done.member.text_size == Member.TextSize.ELDER:
        response.set_cookie("elder", "1", max_age=YEAR_SECONDS, samesite="Lax", httponly=True)
    return response


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session on this device."""
    logout(request)
    return redirect("members:sign_in")
