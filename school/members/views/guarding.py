"""What the security administrator does for the sign-ins of others."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from school.members.permissions import member_required, vouching_for
from school.members.selectors.people import home_branch
from school.members.selectors.security import security_of
from school.members.services import second_step, sessions


@never_cache
@member_required
@require_GET
def guarded(request: HttpRequest, member_id: int) -> HttpResponse:
    """One member's door: browsers, second steps, codes."""
    member = vouching_for(request.user).guarded_member_or_404(member_id)
    context = {"who": member, "branch": home_branch(member), "security": security_of(member)}
    return render(request, "members/guarded.html", context)


@never_cache
@member_required
@require_POST
def end_all_sessions(request: HttpRequest, member_id: int) -> HttpResponse:
    """Sign a member out everywhere."""
    member = vouching_for(request.user).guarded_member_or_404(member_id)
    count = sessions.end_sessions(member=member, by=request.user, why=sessions.End.ADMINISTRATOR)
    messages.success(request, _("已退出 %(count)d 台设备。") % {"count": count})
    return redirect("members:guarded", member.pk)


@never_cache
@member_required
@require_POST
def reset_second_step(request: HttpRequest, member_id: int) -> HttpResponse:
    """Recovery of who has lost phone and recovery codes; ends the open sessions too."""
    member = vouching_for(request.user).guarded_member_or_404(member_id)
    second_step.reset(member=member, by=request.user)
    sessions.end_sessions(member=member, by=request.user, why=sessions.End.ADMINISTRATOR)
    messages.success(request, _("两步验证已清除，本人下次登录时重新设置。"))
    return redirect("members:guarded", member.pk)
