"""The member's own data."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from school.members.forms import CorrectionForm
from school.members.permissions import member_required
from school.members.selectors.people import home_branch, standing_on
from school.members.services import first_run


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
