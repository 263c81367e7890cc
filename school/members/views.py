"""Signing in and out, the first run, the member's own data, one-time codes."""

from django.conf import settings
from django.contrib.auth import logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from school.core.addresses import own_path, with_next
from school.core.errors import DomainError, NotAllowed
from school.core.models import HostSettings
from school.core.views import YEAR_SECONDS
from school.members.forms import CorrectionForm, PasswordForm, SignInForm
from school.members.models import Member
from school.members.permissions import board_required, member_required, scope_for
from school.members.selectors.people import home_branch, standing_on
from school.members.services import first_run, signin
from school.members.services.codes import issue_code


def _target(request: HttpRequest) -> str:
    """Where to go afterwards: a path of this site, else the home page."""
    return own_path(request, request.POST.get("next") or request.GET.get("next"))


@never_cache
@sensitive_post_parameters("secret")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page; every refusal reads the same and costs the same."""
    if request.user.is_authenticated:
        return redirect(_target(request))
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
    context = {"form": form, "next": _target(request)}
    return render(request, "members/sign_in.html", context, status=status)


def _signed_in(request: HttpRequest, done: signin.SignIn) -> HttpResponse:
    response = redirect(_target(request))
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


@never_cache
@sensitive_post_parameters("password", "again")
@member_required
@require_http_methods(["GET", "POST"])
def first_run_step(request: HttpRequest) -> HttpResponse:
    """Shows the first step that is not done yet, takes its answer, and goes on."""
    host = HostSettings.for_request(request)
    step = first_run.next_step(request.user, host)
    if step is None:
        return redirect(_target(request))
    form = _STEP_FORMS.get(step, lambda data: None)(request.POST or None)
    if request.method == "POST" and request.POST.get("step") == step:
        try:
            response = _TAKE[step](request, host, form)
        except DomainError as error:
            form.add_error(error.field, error.message)
            response = None
        if response is not None:
            return response
    return render(request, "members/first_run.html", _step_context(request, host, step, form))


_STEP_FORMS = {first_run.PASSWORD: PasswordForm, first_run.PROFILE: CorrectionForm}


def _again(request: HttpRequest) -> HttpResponse:
    return redirect(with_next(request.path, _target(request)))


def _take_notice(request: HttpRequest, host: HostSettings, form) -> HttpResponse:
    first_run.agree(member=request.user, host=host)
    return _again(request)


def _take_password(request: HttpRequest, host: HostSettings, form) -> HttpResponse | None:
    if not form.is_valid():
        return None
    first_run.choose_password(member=request.user, password=form.cleaned_data["password"])
    update_session_auth_hash(request, request.user)
    return _again(request)


def _take_profile(request: HttpRequest, host: HostSettings, form) -> HttpResponse | None:
    if not form.is_valid():
        return None
    first_run.confirm_profile(member=request.user, correction=form.cleaned_data["correction"])
    return _again(request)


def _take_letters(request: HttpRequest, host: HostSettings, form) -> HttpResponse:
    size = request.POST.get("size", "")
    first_run.choose_letters(member=request.user, size=size)
    response = redirect(_target(request))
    elder = "1" if size == Member.TextSize.ELDER else "0"
    response.set_cookie("elder", elder, max_age=YEAR_SECONDS, samesite="Lax", httponly=True)
    return response


_TAKE = {
    first_run.NOTICE: _take_notice,
    first_run.PASSWORD: _take_password,
    first_run.PROFILE: _take_profile,
    first_run.LETTERS: _take_letters,
}


def _step_context(request: HttpRequest, host: HostSettings, step: str, form) -> dict:
    labels = {
        first_run.NOTICE: _("个人信息告知"),
        first_run.PASSWORD: _("新密码"),
        first_run.PROFILE: _("核对信息"),
        first_run.LETTERS: _("字号"),
    }
    at = first_run.STEPS.index(step)
    states = ["done" if i < at else "current" if i == at else "todo" for i in range(4)]
    return {
        "step": step,
        "steps": [
            {"label": labels[name], "state": state}
            for name, state in zip(first_run.STEPS, states, strict=True)
        ],
        "form": form,
        "next": _target(request),
        "notice": first_run.notice_text(host) if step == first_run.NOTICE else "",
        "branch": home_branch(request.user) if step == first_run.PROFILE else None,
        "standing": standing_on(request.user) if step == first_run.PROFILE else None,
    }


@member_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Own data, masked; a correction is asked for, never made here."""
    form = CorrectionForm(request.POST or None)
    form.fields["correction"].required = True
    if request.method == "POST" and form.is_valid():
        first_run.confirm_profile(member=request.user, correction=form.cleaned_data["correction"])
        return redirect("members:profile")
    context = {
        "form": form,
        "branch": home_branch(request.user),
        "standing": standing_on(request.user),
        "corrections": request.user.corrections.all()[:5],
        "devices": request.user.devices.order_by("-last_seen_at")[:5],
    }
    return render(request, "members/profile.html", context)


@never_cache
@board_required
@require_GET
def code_form(request: HttpRequest, member_id: int) -> HttpResponse:
    """Before a code is issued: whom it is for, and what will happen."""
    scope = scope_for(request.user)
    member = scope.member_or_404(member_id)
    branch = home_branch(member)
    context = {
        "who": member,
        "branch": branch,
        "may_issue": (branch is None or scope.may_write(branch)) and scope.may_vouch_for(member),
    }
    return render(request, "members/code.html", context)


@never_cache
@board_required
@require_POST
def code_issue(request: HttpRequest, member_id: int) -> HttpResponse:
    """Issue a one-time code and show it once."""
    scope = scope_for(request.user)
    member = scope.member_or_404(member_id)
    branch = home_branch(member)
    if branch is not None:
        scope.writable_branch_or_404(branch.pk)
    if not scope.may_vouch_for(member):
        raise NotAllowed("不能给本人或权限更大的人员发放登录码，请联系上级管理员。")
    code = issue_code(member=member, by=request.user)
    context = {
        "who": member,
        "branch": branch,
        "code": code,
        "hours": settings.SIGN_IN_ONE_TIME_CODE_HOURS,
    }
    return render(request, "members/code.html", context)
