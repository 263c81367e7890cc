"""The peer of every request: session authentication, one indexed SELECT, a small JSON answer."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from school.study.models import StudyItem


@csrf_exempt
def view(request: HttpRequest, pk: int) -> HttpResponse:
    """One study item by its key, for whoever is signed in."""
    if not request.user.is_authenticated:
        return HttpResponse(status=403)
    row = StudyItem.objects.filter(pk=pk).values("id", "title").first()
    return JsonResponse(row or {})
