"""The search page and the suggestions; open to guests, who find public things only."""

from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from school.members.selectors.audiences import audience_tokens
from search import forms, selectors
from search.query import clean
from search.services import search as service


@require_safe
@vary_on_headers("HX-Request")
def page(request: HttpRequest) -> HttpResponse:
    """Results for ``?q=``; HTMX gets the part below the box, while typing."""
    parameters = forms.read(request.GET)
    results = service.search(
        parameters.text, request.user, kind=parameters.kind, page=parameters.page
    )
    context = {
        "results": results,
        "search_query": results.query.text,
        "chips": _chips(results),
        "groups": [(group, _address(results.query.text, group.kind)) for group in results.groups],
        "pager": Paginator(range(results.pages), 1).page(min(results.number, results.pages)),
        "examples": _examples() if results.is_empty else [],
    }
    partial = request.htmx and not request.htmx.history_restore_request
    template = "search/_results.html" if partial else "search/page.html"
    return render(request, template, context)


@require_safe
def suggest(request: HttpRequest) -> JsonResponse:
    """Terms and titles that begin with ``?q=``."""
    text, _shortened = clean(request.GET.get("q", ""))
    return JsonResponse({"terms": selectors.suggestions(text, audience_tokens(request.user))})


def _address(text: str, kind: str = "") -> str:
    parts = {"q": text} | ({"kind": kind} if kind else {})
    return "?" + urlencode(parts)


def _chips(results: service.SearchPage) -> list[dict]:
    text = results.query.text
    chips = [
        {
            "label": _("全部"),
            "url": _address(text),
            "current": not results.kind,
            "count": results.all_total,
        }
    ]
    for counted in results.kinds:
        chips.append(
            {
                "label": counted.name,
                "url": _address(text, counted.kind),
                "current": results.kind == counted.kind,
                "count": counted.count,
            }
        )
    return chips if len(chips) > 2 or results.kind else []


def _examples() -> list[dict]:
    """A few glossary terms to try, where nothing was found or asked."""
    return [{"label": term, "url": _address(term)} for term in selectors.popular_terms()]
