"""A question in a film: the fragment that the player shows, and what becomes of an answer."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from quizzes.selectors.gates import AskedGate, gate_context, gate_for
from quizzes.services.gates import answer_gate
from school.members.permissions import member_required


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def gate(request: HttpRequest, gate_id: int) -> HttpResponse:
    """The question as a fragment; POST marks an answer: ``{"passed", "html"}``."""
    asked = gate_for(request.user, gate_id)
    if request.method == "POST":
        return _answer(request, asked)
    return render(request, "quizzes/gate.html", gate_context(asked))


def _answer(request: HttpRequest, asked: AskedGate) -> JsonResponse:
    outcome = answer_gate(member=request.user, asked=asked, given=request.POST.getlist("answer"))
    context = gate_context(asked, outcome.given) | {"outcome": outcome}
    html = render_to_string("quizzes/gate.html", context, request)
    return JsonResponse({"passed": outcome.passed, "html": html})
