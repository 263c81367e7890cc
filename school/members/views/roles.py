"""Own roles, and who may act for a branch."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from school.core import clock
from school.members.permissions import board_required, member_required, scope_for
from school.members.role_words import OPENS
from school.members.selectors import roles


@member_required
@require_safe
def own_roles(request: HttpRequest) -> HttpResponse:
    """Roles the member holds or will hold: what each opens, where, until when, by whom."""
    today = clock.today()
    rows = [
        {
            "grant": grant,
            "place": grant.branch or grant.section,
            "words": OPENS[grant.role],
            "coming": grant.since > today,
        }
        for grant in roles.own_roles(request.user)
    ]
    crumbs = [{"label": _("我的"), "url": "/me/"}, {"label": _("我的角色"), "url": ""}]
    return render(request, "members/own_roles.html", {"rows": rows, "crumbs": crumbs})


@board_required
@require_safe
def branch_roles(request: HttpRequest, branch_id: int) -> HttpResponse:
    """Who may do what for a branch: its own people first, then those of the branches above."""
    branch = scope_for(request.user).branch_or_404(branch_id)
    groups: dict = {}
    for grant in roles.who_may_act(branch):
        place = grant.branch or grant.section
        groups.setdefault(place, []).append(grant)
    crumbs = [
        {"label": _("支部"), "url": "/branch/"},
        {"label": branch.short_name, "url": reverse("members:people", args=[branch.pk])},
        {"label": _("谁能办理"), "url": ""},
    ]
    context = {"branch": branch, "groups": list(groups.items()), "crumbs": crumbs}
    return render(request, "members/branch_roles.html", context)
