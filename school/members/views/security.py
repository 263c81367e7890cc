"""账号安全: last sign-in, own password, second step, browsers that are signed in."""

import base64
import functools
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from school.core.addresses import with_next
from school.core.errors import DomainError
from school.members.forms.signin import AppForm, ChangePasswordForm, PasskeyForm, ProveForm
from school.members.permissions import member_required
from school.members.selectors.security import security_of
from school.members.services import passwords, second_step, sessions
from school.members.views.signin import target_of

HOME = "members:security"


def _crumbs(label: str = "") -> list[dict]:
    security = {"label": _("账号安全"), "url": "/me/security/"}
    if not label:
        return [{"label": _("我的"), "url": "/me/"}, {"label": security["label"]}]
    return [{"label": _("我的"), "url": "/me/"}, security, {"label": label}]


def fresh_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The password was given a short while ago; else it is asked for, and one comes back."""

    @never_cache
    @member_required
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not sessions.is_fresh(request):
            back = request.get_full_path() if request.method == "GET" else "/me/security/"
            return redirect(with_next("/me/security/prove/", back))
        return view(request, *args, **kwargs)

    return guarded


@never_cache
@member_required
@require_GET
def security(request: HttpRequest) -> HttpResponse:
    """Everything about the own door on one page."""
    context = {"security": security_of(request.user), "crumbs": _crumbs()}
    context["own_key"] = request.session.session_key
    return render(request, "members/security.html", context)


@never_cache
@sensitive_post_parameters("password")
@member_required
@require_http_methods(["GET", "POST"])
def prove(request: HttpRequest) -> HttpResponse:
    """The password once more before the door is changed."""
    form = ProveForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            passwords.prove_password(request=request, password=form.cleaned_data["password"])
        except DomainError as error:
            form.add_error("password", error.message)
            status = error.status
        else:
            return redirect(target_of(request))
    context = {"form": form, "next": target_of(request), "crumbs": _crumbs(_("确认密码"))}
    return render(request, "members/prove.html", context, status=status)


@never_cache
@sensitive_post_parameters("present", "password", "again")
@member_required
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """A new password; the present one is asked for, other browsers are signed out."""
    form = ChangePasswordForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            passwords.change_password(
                request=request,
                present=form.cleaned_data["present"],
                password=form.cleaned_data["password"],
            )
        except DomainError as error:
            form.add_error(error.field, error.message)
            status = error.status
        else:
            messages.success(request, _("密码已更改，其他设备已退出登录。"))
            return redirect(HOME)
    context = {"form": form, "crumbs": _crumbs(_("修改密码"))}
    return render(request, "members/password.html", context, status=status)


@never_cache
@member_required
@require_POST
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """Sign one of one's own browsers out."""
    sessions.end_session(member=request.user, session_id=session_id, by=request.user)
    messages.success(request, _("这台设备已退出登录。"))
    return redirect(HOME)


@never_cache
@member_required
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Sign all other browsers out."""
    count = sessions.end_sessions(
        member=request.user,
        by=request.user,
        why=sessions.End.REVOKED,
        but=request.session.session_key,
    )
    messages.success(request, _("已退出 %(count)d 台设备。") % {"count": count})
    return redirect(HOME)


# -- second step ---------------------------------------------------------------------------------


def _asked_for(request: HttpRequest) -> str:
    """The page that was asked for before a second step had to be set up; empty when there is none.

    It travels in the address, from the middleware to the button after the recovery codes.
    """
    return target_of(request) if request.POST.get("next") or request.GET.get("next") else ""


@require_GET
@fresh_required
def second_step_home(request: HttpRequest) -> HttpResponse:
    """Which second steps there are, and adding one."""
    asked_for = _asked_for(request)
    context = {
        "means": second_step.authenticators(request.user),
        "owed": second_step.is_owed(request),
        "add_app_url": _carrying("members:add_app", asked_for),
        "add_passkey_url": _carrying("members:add_passkey", asked_for),
        "crumbs": _crumbs(_("两步验证")),
    }
    return render(request, "members/second_step.html", context)


@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@fresh_required
def add_app(request: HttpRequest) -> HttpResponse:
    """Scan a secret, confirm it with the first six digits."""
    form = AppForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            codes = second_step.add_app(request=request, code=form.cleaned_data["code"])
        except DomainError as error:
            form.add_error("code", error.message)
            status = error.status
        else:
            return _after_adding(request, codes)
    secret = second_step.app_secret(request)
    context = {
        "form": form,
        "secret": secret,
        "qr": base64.b64encode(secret.qr.encode()).decode(),
        "crumbs": _crumbs(_("添加验证器")),
    }
    return render(request, "members/add_app.html", context, status=status)


@sensitive_post_parameters("credential")
@require_http_methods(["GET", "POST"])
@fresh_required
def add_passkey(request: HttpRequest) -> HttpResponse:
    """Make a passkey in this browser."""
    form = PasskeyForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            codes = second_step.add_passkey(request=request, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, error.message)
            status = error.status
        else:
            return _after_adding(request, codes)
    context = {"form": form, "crumbs": _crumbs(_("添加通行密钥"))}
    return render(request, "members/add_passkey.html", context, status=status)


@require_POST
@fresh_required
def passkey_options(request: HttpRequest) -> JsonResponse:
    """The challenge for a new passkey, made when it is asked for."""
    return JsonResponse(second_step.new_passkey_options(request.user))


@require_POST
@fresh_required
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """New recovery codes, shown once."""
    return _show_codes(request, second_step.renew_recovery_codes(member=request.user))


@require_POST
@fresh_required
def remove_authenticator(request: HttpRequest, authenticator_id: int) -> HttpResponse:
    """Take an app or a passkey away."""
    second_step.remove(member=request.user, authenticator_id=authenticator_id)
    messages.success(request, _("已删除。"))
    return redirect("members:second_step")


def _carrying(name: str, asked_for: str) -> str:
    """An address that keeps the page that was asked for."""
    return with_next(reverse(name), asked_for) if asked_for else reverse(name)


def _after_adding(request: HttpRequest, codes: list[str]) -> HttpResponse:
    messages.success(request, _("两步验证已添加。"))
    if codes:
        return _show_codes(request, codes)
    return redirect(_asked_for(request) or "members:second_step")


def _show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    context = {
        "codes": codes,
        "further": _asked_for(request) or reverse(HOME),
        "crumbs": _crumbs(_("恢复码")),
    }
    return render(request, "members/recovery_codes.html", context)
