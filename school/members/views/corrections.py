"""信息更正: what members ask to be corrected, and the branch's answers."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from school.core.errors import NotAllowed, NotFound
from school.members.models import Branch, CorrectionRequest, MemberRecord
from school.members.permissions import Scope, board_required, scope_for
from school.members.rules.masks import mask_identity, mask_mobile, mask_numbers
from school.members.selectors.directory import subtree_q
from school.members.selectors.people import corrections_of, home_branch
from school.members.services.corrections import BRANCH, FIELD_LABELS, answer_correction
from school.members.views.people import node_or_404

LIST_ROWS = 30
MASKS = {"mobile": mask_mobile, "identity": mask_identity}


@never_cache
@require_GET
@board_required
def corrections(request: HttpRequest, branch_id: int) -> HttpResponse:
    """What the members of a node ask, open ones first."""
    scope = scope_for(request.user)
    node = node_or_404(scope, branch_id)
    if not scope.may_write(node):
        raise NotAllowed(_("只能查看该党组织，不能代为办理。"))
    rows = corrections_of(Branch.objects.filter(subtree_q(node, "path")))
    page = Paginator(rows, LIST_ROWS).get_page(request.GET.get("page"))
    context = {
        "node": node,
        "page": page,
        "rows": [_line(request, each) for each in page],
        "crumbs": [
            {"label": _("支部"), "url": "/branch/"},
            {"label": node.short_name, "url": reverse("members:people", args=[node.pk])},
            {"label": _("信息更正"), "url": ""},
        ],
    }
    return render(request, "members/corrections.html", context)


def _line(request: HttpRequest, asked: CorrectionRequest) -> dict:
    """One request as the page shows it."""
    open_now = asked.state == CorrectionRequest.State.OPEN
    return {
        "asked": asked,
        "label": FIELD_LABELS.get(asked.field, _("其他")),
        "value": asked_value(asked),
        "text": mask_numbers(asked.text),
        "may_answer": open_now and asked.member_id != request.user.pk,
        "writes": bool(asked.value_cipher) and asked.field not in {"", BRANCH},
        "moves": asked.field == BRANCH,
    }


def asked_value(asked: CorrectionRequest) -> str:
    """What was asked for, in words; personal numbers masked."""
    if not asked.field:
        return ""
    value = asked.value
    if asked.field == "sex":
        return str(dict(MemberRecord.Sex.choices).get(value, value))
    return MASKS.get(asked.field, mask_numbers)(value)


@never_cache
@require_POST
@board_required
def answer(request: HttpRequest, correction_id: int) -> HttpResponse:
    """Confirm or decline one request; back to the list it was answered from."""
    scope = scope_for(request.user)
    asked = _correction_or_404(scope, correction_id)
    confirm = request.POST.get("decision") == "confirm"
    noticed = answer_correction(
        correction=asked,
        confirm=confirm,
        by=request.user,
        answer=request.POST.get("answer", ""),
    )
    messages.success(request, _("已更正，并告知本人。") if confirm else _("已答复本人。"))
    for sentence in noticed:
        messages.warning(request, sentence)
    home = home_branch(asked.member)
    node = scope.branch_or_404(_list_of(request, home))
    return redirect("members:corrections", node.pk)


def _list_of(request: HttpRequest, home: Branch) -> int:
    given = request.POST.get("node", "")
    return int(given) if given.isdecimal() and len(given) < 19 else home.pk


def _correction_or_404(scope: Scope, pk: int) -> CorrectionRequest:
    asked = CorrectionRequest.objects.select_related("member").filter(pk=pk).first()
    home = home_branch(asked.member) if asked else None
    if home is None or not scope.may_see(home):
        raise NotFound(_("没有找到这项申请，或不在管理范围内。"))
    if not scope.may_write(home):
        raise NotAllowed(_("只能查看该党组织，不能代为办理。"))
    return asked
