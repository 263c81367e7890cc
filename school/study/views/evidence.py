"""The two addresses a studying page talks to."""

import json
from dataclasses import asdict
from importlib import import_module

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from school.core import audit
from school.core.devices import member_key
from school.core.errors import Conflict, DomainError, NotFound
from school.members.permissions import member_required
from school.members.services.signin import browser_of
from school.study.models import StudyItem
from school.study.services.reports import BadReport, Kept, accept_report
from school.study.services.sessions import open_session
from school.study.services.sinks import buffered
from school.study.services.sinks.batches import signed_in_member
from school.study.services.sinks.pending import post_pending


def _body(request: HttpRequest) -> dict:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise BadReport(_("请求内容不是有效的数据，请刷新页面。")) from error
    if not isinstance(body, dict):
        raise BadReport(_("请求内容不是有效的数据，请刷新页面。"))
    return body


def _refusal(error: DomainError) -> JsonResponse:
    answer = JsonResponse({"error": error.message}, status=error.status)
    if wait := getattr(error, "retry_after", 0):
        answer["Retry-After"] = str(wait)
    return answer


@require_POST
@member_required
def open_item(request: HttpRequest) -> JsonResponse:
    """Open a session: ``{"item": 12}`` → token and where the member stands.

    ``"take": false`` opens it without superseding the member's other pages. ``"member"``: for whom
    the page was made; nobody studies on a page that another member left open.
    """
    try:
        body = _body(request)
        if body.get("member") not in (None, member_key(request.user.pk)):
            raise Conflict(_("这台设备上已由另一名党员登录，请刷新页面后再学习。"))
        pk = body.get("item")
        if type(pk) is not int or not 0 < pk < 2**63:
            raise BadReport(_("缺少学习内容编号。"))
        item = StudyItem.objects.select_related("current", "audience").filter(pk=pk).first()
        if item is None:
            raise NotFound(_("没有找到这项学习内容。"))
        post_pending(request.user.pk)  # the page shows what was studied a moment ago
        opened = open_session(
            member=request.user,
            item=item,
            device=request.headers.get("User-Agent", ""),
            address=audit.address_prefix(request),
            browser=browser_of(request),
            session_key=request.session.session_key,
            take=body.get("take") is not False,
        )
    except DomainError as error:
        return _refusal(error)
    return JsonResponse(asdict(opened))


# The token in the body is the proof, so a beacon sent while the page closes needs no header.
@csrf_exempt
@require_POST
def report(request: HttpRequest) -> HttpResponse:
    """Take in one batch: ``{"token", "seq", "segments", "answers"}`` → the server's numbers."""
    if int(request.headers.get("Content-Length") or 0) > settings.STUDY_REPORT_BYTES:
        return JsonResponse({"error": _("学习上报过大。")}, status=413)
    try:
        body = _body(request)
        if settings.STUDY_SINK == "buffered":
            answer = buffered.accept(body, _session(request))
            if isinstance(answer, bytes):
                return HttpResponse(answer, content_type="application/json")
            return JsonResponse(answer.payload(), status=202)
        accepted = accept_report(
            token=body.get("token"),
            seq=body.get("seq"),
            segments=body.get("segments"),
            answers=body.get("answers"),
            member_id=signed_in_member(_session(request)),
        )
    except DomainError as error:
        return _refusal(error)
    status = 202 if isinstance(accepted, Kept) else 200
    return JsonResponse(accepted.payload(), status=status)


def _session(request: HttpRequest) -> SessionBase:
    """The browser's session, not read yet; before the session middleware it is made here."""
    if hasattr(request, "session"):
        return request.session
    store = import_module(settings.SESSION_ENGINE).SessionStore
    return store(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
