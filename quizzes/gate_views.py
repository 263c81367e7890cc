"""A question in a film: the fragment that the player shows, and what becomes of an answer."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from quizzes.selectors.gates import AskedGate, gate_context, gate_for
from quizzes.services.gates import answer_gate
from school.core.errors import DomainError
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
    try:
        outcome = answer_gate(
            member=request.user, asked=asked, given=request.POST.getlist("answer")
        )
    except DomainError as error:
        return _said(request, gate_context(asked) | {"refusal": error.message}, error.status)
    return _said(request, gate_context(asked, outcome.given) | {"outcome": outcome})


def _said(request: HttpRequest, context: dict, status: int = 200) -> JsonResponse:
    """The fragment to show next; the member stays in the dialog also when an answer is no good."""
    outcome = context.get("outcome")
    html = render_to_string("quizzes/gate.html", context, request)
    return JsonResponse({"passed": bool(outcome and outcome.passed), "html": html}, status=status)
