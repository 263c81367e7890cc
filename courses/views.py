"""The catalogue. Pages of the tree serve themselves."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from courses.selectors import catalogue as selector
from school.members.permissions import member_required


@require_safe
@member_required
def catalogue(request: HttpRequest) -> HttpResponse:
    """Everything the member may study, with filters."""
    found = selector.catalogue(request.user, request.GET)
    return render(request, "courses/catalogue.html", {"catalogue": found})
