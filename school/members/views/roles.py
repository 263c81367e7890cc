"""Own roles, and who may act for a branch."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
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
    return render(request, "members/own_roles.html", {"rows": rows})


@board_required
@require_safe
def branch_roles(request: HttpRequest, branch_id: int) -> HttpResponse:
    """Who may do what for a branch: its own people first, then those of the branches above."""
    branch = scope_for(request.user).branch_or_404(branch_id)
    groups: dict = {}
    for grant in roles.who_may_act(branch):
        place = grant.branch or grant.section
        groups.setdefault(place, []).append(grant)
    context = {"branch": branch, "groups": list(groups.items())}
    return render(request, "members/branch_roles.html", context)
