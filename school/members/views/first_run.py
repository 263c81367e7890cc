"""The four steps of the first run."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from school.core.addresses import with_next
from school.core.errors import DomainError
from school.core.models import HostSettings
from school.core.views import YEAR_SECONDS
from school.members.forms.signin import CorrectionForm, PasswordForm
from school.members.models import Member
from school.members.permissions import member_required
from school.members.selectors.people import home_branch, standing_on
from school.members.services import first_run
from school.members.services.passwords import choose_password
from school.members.views.signin import target_of


@never_cache
@sensitive_post_parameters("password", "again")
@member_required
@require_http_methods(["GET", "POST"])
def first_run_step(request: HttpRequest) -> HttpResponse:
    """Shows the first step that is not done yet, takes its answer, and goes on."""
    host = HostSettings.for_request(request)
    step = first_run.next_step(request.user, host)
    if step is None:
        return redirect(target_of(request))
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
    return redirect(with_next(request.path, target_of(request)))


def _take_notice(request: HttpRequest, host: HostSettings, form) -> HttpResponse:
    # A version that came into force while the page was open has not been read yet.
    if request.POST.get("version", host.privacy_version) == host.privacy_version:
        first_run.agree(member=request.user, host=host)
    return _again(request)


def _take_password(request: HttpRequest, host: HostSettings, form) -> HttpResponse | None:
    if not form.is_valid():
        return None
    choose_password(member=request.user, password=form.cleaned_data["password"], request=request)
    return _again(request)


def _take_profile(request: HttpRequest, host: HostSettings, form) -> HttpResponse | None:
    if not form.is_valid():
        return None
    first_run.confirm_profile(member=request.user, correction=form.cleaned_data["correction"])
    return _again(request)


def _take_letters(request: HttpRequest, host: HostSettings, form) -> HttpResponse:
    size = request.POST.get("size", "")
    first_run.choose_letters(member=request.user, size=size)
    response = redirect(target_of(request))
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
        "next": target_of(request),
        "notice": first_run.notice_text(host) if step == first_run.NOTICE else "",
        "branch": home_branch(request.user) if step == first_run.PROFILE else None,
        "standing": standing_on(request.user) if step == first_run.PROFILE else None,
    }
