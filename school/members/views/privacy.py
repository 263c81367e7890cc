"""Full numbers for who may see them; the own data for everybody."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from school.core import clock
from school.core.errors import DomainError, NotAllowed
from school.core.models import HostSettings
from school.members.forms.privacy import RevealForm
from school.members.permissions import board_required, member_required, scope_for
from school.members.selectors.notices import notices_shown_to
from school.members.selectors.people import home_branch
from school.members.services import dossier, privacy
from school.members.views.security import fresh_required


@sensitive_variables("value")
@never_cache
@require_http_methods(["GET", "POST"])
@board_required
def reveal(request: HttpRequest, member_id: int) -> HttpResponse:
    """Ask why, then show one full number, once."""
    scope = scope_for(request.user)
    member = scope.member_or_404(member_id)
    branch = home_branch(member)
    if not _may_reveal(scope, branch):
        raise NotAllowed(_("只能查看该党组织，不能查看完整号码。"))
    known = privacy.revealable(member)
    form = RevealForm(request.POST or None, known=known)
    context = {"who": member, "branch": branch, "known": known, "form": form}
    context["crumbs"] = [
        {"label": member.name, "url": reverse("members:person", args=[member.pk])},
        {"label": _("查看完整号码")},
    ]
    status = 200
    if request.method == "POST" and form.is_valid():
        field = form.cleaned_data["field"]
        try:
            value = privacy.reveal(
                member=member,
                field=field,
                reason=form.cleaned_data["reason"],
                by=request.user,
                request=request,
            )
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
            status = error.status
        else:
            context |= {"value": value, "label": privacy.FIELDS[field]}
    elif request.method == "POST":
        status = 400
    return render(request, "members/reveal.html", context, status=status)


def _may_reveal(scope, branch) -> bool:
    return scope.is_superuser or (branch is not None and scope.may_write(branch))


@require_safe
@member_required
def notices(request: HttpRequest) -> HttpResponse:
    """The notice on personal information, every version of it, and which one agreed to when."""
    host = HostSettings.for_request(request)
    context = {
        "notices": notices_shown_to(request.user, in_force=host.privacy_version),
        "crumbs": [
            {"label": _("我的"), "url": "/me/"},
            {"label": _("个人信息"), "url": reverse("members:profile")},
            {"label": _("个人信息处理告知")},
        ],
    }
    return render(request, "members/notices.html", context)


@require_http_methods(["GET", "POST"])
@fresh_required
def own_data(request: HttpRequest) -> HttpResponse:
    """What is held about oneself, to be taken along; the password was given a moment ago."""
    if request.method == "GET":
        crumbs = [
            {"label": _("我的"), "url": "/me/"},
            {"label": _("个人信息"), "url": reverse("members:profile")},
            {"label": _("导出我的信息")},
        ]
        return render(request, "members/own_data.html", {"crumbs": crumbs})
    content = dossier.export_own(member=request.user, request=request)
    response = HttpResponse(content, content_type="application/zip")
    name = f"my-data-{clock.today():%Y%m%d}.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
