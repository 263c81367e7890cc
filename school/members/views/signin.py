"""Signing in, the second step of it, and signing out."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import formats
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from school.core import clock
from school.core.addresses import own_path, with_next
from school.core.errors import DomainError, NotAllowed
from school.core.views import YEAR_SECONDS
from school.members import registry
from school.members.forms.signin import SecondStepForm, SignInForm
from school.members.models import Member
from school.members.services import second_step, sessions, signin
from school.members.services.codes import tell_of_codes


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
            return admitted(request, done, target_of(request))
    target = target_of(request)
    context = {"form": form, "next": target, "doors": registry.doors(request, target)}
    return render(request, "members/sign_in.html", context, status=status)


def admitted(request: HttpRequest, done: signin.SignIn | None, target: str) -> HttpResponse:
    """On to the page that was asked for, or to the second step before it."""
    if done is None:
        return redirect(with_next("/sign-in/second-step/", target))
    _tell_of_codes(request, done)
    response = redirect(target)
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


def _tell_of_codes(request: HttpRequest, done: signin.SignIn) -> None:
    """Whoever has got a code issued learns by whom."""
    for code in tell_of_codes(member=done.member, with_code=done.with_code):
        who = code.issued_by.name if code.issued_by else _("系统管理员")
        when = formats.date_format(code.issued_at.astimezone(clock.LOCAL), "Y-m-d H:i")
        words = _("登录码由 %(who)s 于 %(when)s 发放。不是本人领取的，请改密码并告诉支部。")
        messages.info(request, words % {"who": who, "when": when})


@never_cache
@sensitive_post_parameters("code", "credential")
@require_http_methods(["GET", "POST"])
def second_sign_in(request: HttpRequest) -> HttpResponse:
    """The second step: digits, a recovery code or a passkey; the session opens only then."""
    if request.user.is_authenticated:
        return redirect(target_of(request))
    member = signin.member_at_the_door(request)
    if member is None:
        return redirect(with_next("/sign-in/", target_of(request)))
    form = SecondStepForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            done = signin.second_sign_in(request=request, proof=form.proof)
        except DomainError as error:
            form.add_error("code", error.message)
            status = error.status
        else:
            return admitted(request, done, target_of(request))
    means = second_step.authenticators(member)
    context = {"form": form, "next": target_of(request), "means": means}
    return render(request, "members/second_sign_in.html", context, status=status)


@never_cache
@require_POST
def second_sign_in_options(request: HttpRequest) -> JsonResponse:
    """The challenge for a passkey of the member at the door, made when it is asked for."""
    member = signin.member_at_the_door(request)
    if member is None:
        raise NotAllowed(_("等候时间过长，请重新输入账号和密码。"))
    return JsonResponse(second_step.passkey_options(member))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session on this device."""
    sessions.end_own(request=request, why=sessions.End.SIGNED_OUT)
    logout(request)
    return redirect("members:sign_in")
