"""The member's own data."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from school.core.errors import DomainError
from school.members.forms.records import AskForm
from school.members.models import MemberRecord
from school.members.permissions import member_required, scope_for
from school.members.rules.masks import mask_numbers
from school.members.selectors.people import (
    home_branch,
    membership_history,
    open_transfer,
    post_history,
    standing_history,
)
from school.members.services.corrections import FIELD_LABELS, ask_correction
from school.members.views.corrections import asked_value
from school.members.views.person import record_facts

SHOWN = 5


@never_cache
@sensitive_post_parameters("value", "text")
@member_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Own data, masked; a correction is asked for, never made here."""
    member = request.user
    form = AskForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            ask_correction(member=member, **form.values())
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, _("已提交，支部处理后会发消息告知。"))
            return redirect("members:profile")
    record = MemberRecord.objects.filter(member=member).first()
    standings = standing_history(member)
    context = {
        "crumbs": [{"label": _("我的"), "url": "/me/"}, {"label": _("个人信息"), "url": ""}],
        "form": form,
        "branch": home_branch(member),
        "holds_role": bool(scope_for(member).roles),
        "standing": standings[0] if standings else None,
        "facts": record_facts(member, record),
        "standings": standings,
        "memberships": membership_history(member),
        "posts": post_history(member),
        "transfer": open_transfer(member),
        "corrections": [
            {
                "asked": asked,
                "label": FIELD_LABELS.get(asked.field, _("其他")),
                "value": asked_value(asked),
                "text": mask_numbers(asked.text),
            }
            for asked in member.corrections.all()[:SHOWN]
        ],
        "devices": member.devices.order_by("-last_seen_at")[:SHOWN],
    }
    return render(request, "members/profile.html", context)
