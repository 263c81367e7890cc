"""One-time codes, issued by those who answer for a branch."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from school.core.errors import NotAllowed
from school.members.permissions import board_required, scope_for
from school.members.selectors.people import home_branch
from school.members.services.codes import issue_code


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
