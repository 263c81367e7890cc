"""The inbox."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from school.members.permissions import member_required
from school.notices.selectors import inbox
from school.notices.services import mark_read


@member_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Messages, newest first; the unread ones are marked until the member says so."""
    page = Paginator(inbox(request.user.pk), 20).get_page(request.GET.get("page"))
    return render(request, "notices/inbox.html", {"page": page})


@member_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything read."""
    mark_read(member=request.user)
    return redirect("notices:inbox")
