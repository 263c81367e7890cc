"""Screens of a quiz and of the mistake book. Every button works without scripts."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quizzes.models import Attempt, Question
from quizzes.rules import sheets
from quizzes.selectors import taking
from quizzes.selectors.mistakes import mistake_for, mistakes_of
from quizzes.services import attempts as services
from quizzes.services.mistakes import clear_mistake, redo_mistake
from school.core import clock
from school.core.errors import Conflict
from school.members.permissions import member_required

PER_PAGE = 20


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def start(request: HttpRequest, paper_id: int) -> HttpResponse:
    """Rules and own results; POST starts or goes on."""
    paper = taking.paper_for(request.user, paper_id)
    if request.method == "POST":
        attempt = services.start_attempt(member=request.user, paper=paper)
        return redirect(attempt)
    intro = taking.introduction(request.user, paper)
    lesson = intro.lessons[:1]
    crumbs = [{"label": each["title"], "url": each["url"]} for each in lesson]
    if crumbs:
        crumbs.append({"label": paper.title})
    return render(request, "quizzes/start.html", {"intro": intro, "paper": paper, "crumbs": crumbs})


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _closed(attempt: Attempt) -> bool:
    """Whether it takes no more answers; hands it in first if only the clock has run out."""
    if attempt.is_open and sheets.is_over(attempt.deadline_at, clock.authority()):
        services.close_attempt(attempt_id=attempt.pk)
        return True
    return not attempt.is_open


@never_cache
@require_safe
@member_required
def attempt(request: HttpRequest, attempt_id: int) -> HttpResponse:
    """To where the member stopped, or to the result."""
    found = taking.attempt_for(request.user, attempt_id)
    if _closed(found):
        return redirect("quizzes:result", found.pk)
    return redirect("quizzes:question", found.pk, taking.first_unanswered(found))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def question(request: HttpRequest, attempt_id: int, position: int) -> HttpResponse:
    """One question; POST saves its answer (JSON for the script, else on to the next view)."""
    if request.method == "POST":
        return _save(request, attempt_id, position)
    found = taking.attempt_for(request.user, attempt_id)
    if _closed(found):
        return redirect("quizzes:result", found.pk)
    return render(request, "quizzes/question.html", taking.question_page(found, position))


def _save(request: HttpRequest, attempt_id: int, position: int) -> HttpResponse:
    try:
        answer = services.save_answer(
            attempt_id=attempt_id,
            member=request.user,
            position=position,
            given=request.POST.getlist("answer"),
        )
    except Conflict as error:
        if _wants_json(request):
            raise
        messages.warning(request, error.message)
        return redirect("quizzes:attempt", attempt_id)
    if _wants_json(request):
        saved = answer.saved_at.astimezone(clock.LOCAL)
        return JsonResponse(
            {
                "saved_at": saved.strftime("%H:%M:%S"),
                "saved_ms": clock.to_ms(answer.saved_at),
                "answered": bool(answer.given),
                "left_ms": taking.left_ms(answer.attempt),
            }
        )
    return _onwards(request, answer.attempt, position)


def _onwards(request: HttpRequest, found: Attempt, position: int) -> HttpResponse:
    goto = request.POST.get("goto", "")
    if goto == "submit":
        return redirect("quizzes:submit", found.pk)
    if goto.isascii() and goto.isdigit() and 1 <= int(goto[:4]) <= len(found.questions):
        position = int(goto[:4])
    return redirect("quizzes:question", found.pk, position)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def submit(request: HttpRequest, attempt_id: int) -> HttpResponse:
    """Asks once more, saying what is unanswered; POST hands in."""
    if request.method == "POST":
        done = services.submit_attempt(attempt_id=attempt_id, member=request.user)
        return redirect("quizzes:result", done.pk)
    found = taking.attempt_for(request.user, attempt_id)
    if _closed(found):
        return redirect("quizzes:result", found.pk)
    page = taking.question_page(found, taking.first_unanswered(found))
    empty = [cell for cell in page["cells"] if cell["state"] == "empty"]
    for cell in page["cells"]:
        cell["current"] = False
    return render(request, "quizzes/submit.html", {**page, "empty": empty})


@never_cache
@require_safe
@member_required
def result(request: HttpRequest, attempt_id: int) -> HttpResponse:
    """Score, and each question with own answer, key and explanation."""
    found = taking.attempt_for(request.user, attempt_id)
    if not _closed(found):
        return redirect("quizzes:question", found.pk, taking.first_unanswered(found))
    found = taking.attempt_for(request.user, attempt_id)
    context = taking.result_page(found)
    context["intro"] = taking.introduction(request.user, found.paper)
    context["crumbs"] = [
        {"label": found.paper.title, "url": found.paper.get_absolute_url()},
        {"label": _("结果")},
    ]
    return render(request, "quizzes/result.html", context)


@never_cache
@require_safe
@member_required
def mistakes(request: HttpRequest) -> HttpResponse:
    """The mistake book, newest first."""
    page = Paginator(mistakes_of(request.user), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "crumbs": [{"label": _("错题本")}]}
    return render(request, "quizzes/mistakes.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def redo(request: HttpRequest, mistake_id: int) -> HttpResponse:
    """One wrong question again; POST marks it on the spot."""
    mistake = mistake_for(request.user, mistake_id)
    version = mistake.version
    order = [option["id"] for option in version.options]
    context = {
        "mistake": mistake,
        "version": version,
        "kind": version.question.get_kind_display(),
        "multiple": version.question.kind == Question.Kind.MULTIPLE,
        "options": taking.shown_options(version, order, []),
        "blanks": taking.shown_blanks(version, []),
        "crumbs": [{"label": _("错题本"), "url": "../"}, {"label": _("重做")}],
    }
    if request.method == "POST":
        given = services.checked_answer(version, order, request.POST.getlist("answer"))
        marked = redo_mistake(mistake=mistake, given=given)
        context |= {
            "marked": marked,
            "options": taking.verdicts(version, order, given),
            "blanks": taking.shown_blanks(version, given),
            "key": taking.printed_key(version, order),
            "chosen": taking.printed_choice(version, order, given),
        }
    return render(request, "quizzes/redo.html", context)


@require_POST
@member_required
def clear(request: HttpRequest, mistake_id: int) -> HttpResponse:
    """移出错题本."""
    clear_mistake(mistake_id=mistake_id, member=request.user)
    messages.success(request, _("已移出错题本。"))
    return redirect("quizzes:mistakes")
