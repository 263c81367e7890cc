"""学时申诉: the member's own, and the cases of who verifies or decides."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from school.core.errors import DomainError, NotAllowed, NotFound
from school.members.permissions import Role, board_required, member_required, scope_for
from school.study.forms.disputes import DecisionForm, DisputeForm, FindingForm
from school.study.models import Dispute, HourEntry
from school.study.selectors import disputes as read
from school.study.services import disputes as write

ROWS = 20


def _own_crumbs(*more: str) -> list[dict]:
    trail = [
        {"label": _("我的"), "url": "/me/"},
        {"label": _("学时申诉"), "url": reverse("study:disputes")},
    ]
    return [*trail, *({"label": label} for label in more)]


@never_cache
@require_GET
@member_required
def own(request: HttpRequest) -> HttpResponse:
    """What one has objected to, and who has it."""
    page = Paginator(read.disputes_of(request.user), ROWS).get_page(request.GET.get("page"))
    rows = [{"dispute": each, "where": read.who_has_it(each)} for each in page]
    context = {"page": page, "rows": rows, "crumbs": _own_crumbs()[:1] + [{"label": _("学时申诉")}]}
    return render(request, "study/disputes.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@member_required
def new(request: HttpRequest) -> HttpResponse:
    """Object to a line of the ledger (``?entry=``) or say what is missing."""
    entry = _own_entry(request)
    items = read.disputable_items(request.user)
    initial = {"kind": Dispute.Kind.MISSING, "item": request.GET.get("item")}
    form = DisputeForm(request.POST or None, entry=entry, items=items, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = {"studied_on": entry.studied_on} if entry else {}
        try:
            dispute = write.open_dispute(
                member=request.user, entry=entry, **values | form.cleaned_data
            )
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, _("已提交，%s。") % read.who_has_it(dispute))
            return redirect("study:dispute", dispute.pk)
    context = {"form": form, "entry": entry, "crumbs": _own_crumbs(_("提交申诉"))}
    return render(request, "study/dispute_new.html", context)


def _own_entry(request: HttpRequest) -> HourEntry | None:
    asked = request.GET.get("entry", "")
    if not asked:
        return None
    mine = HourEntry.objects.filter(member=request.user, reverses=None)
    found = mine.filter(pk=asked).first() if asked.isdecimal() and len(asked) < 19 else None
    if found is None:
        raise NotFound(_("没有找到这条学时记录，请从“我的学时”进入。"))
    return found


@never_cache
@require_GET
@member_required
def detail(request: HttpRequest, dispute_id: int) -> HttpResponse:
    """One's own: what was said, who has it, every step."""
    dispute = _own_or_404(request, dispute_id)
    context = _case(dispute) | {"own": True, "crumbs": _own_crumbs(dispute.title)}
    return render(request, "study/dispute.html", context)


@require_POST
@member_required
def withdraw(request: HttpRequest, dispute_id: int) -> HttpResponse:
    """Take one's own back."""
    dispute = write.withdraw_dispute(dispute=_own_or_404(request, dispute_id), by=request.user)
    messages.success(request, _("申诉已撤回。"))
    return redirect("study:dispute", dispute.pk)


def _own_or_404(request: HttpRequest, dispute_id: int) -> Dispute:
    found = read.disputes_of(request.user).filter(pk=dispute_id).first()
    if found is None:
        raise NotFound(_("没有找到这项申诉。"))
    return found


def _case(dispute: Dispute) -> dict:
    return {
        "dispute": dispute,
        "where": read.who_has_it(dispute),
        "steps": dispute.steps.select_related("done_by", "branch"),
        "track": _track(dispute),
    }


def _track(dispute: Dispute) -> list[dict]:
    """The steps of a dispute as the stepper shows them."""
    states = Dispute.State
    at = {states.SUBMITTED: 1, states.VERIFIED: 2}.get(states(dispute.state), 4)
    last = dispute.get_state_display() if not dispute.is_open else _("更正或维持")
    labels = [_("已提交"), _("支部核实"), _("教务裁定"), last]
    if dispute.state == states.WITHDRAWN:
        labels = [_("已提交"), last]
    return [
        {
            "label": label,
            "state": "done" if number < at else "current" if number == at else "todo",
        }
        for number, label in enumerate(labels)
    ]


@never_cache
@require_GET
@board_required
def cases(request: HttpRequest, branch_id: int) -> HttpResponse:
    """Disputes of a node and below; what waits for somebody first."""
    scope = scope_for(request.user)
    node = scope.branch_or_404(branch_id)
    if not scope.may_write(node) and not scope.has(Role.AUDITOR, node):
        raise NotAllowed(_("只能查看该党组织，不能代为办理。"))
    page = Paginator(read.cases_below(node), ROWS).get_page(request.GET.get("page"))
    rows = [
        {
            "dispute": each,
            "where": read.who_has_it(each),
            "mine": read.may_verify(request.user, each) or read.may_decide(request.user, each),
        }
        for each in page
    ]
    crumbs = [{"label": _("支部"), "url": "/branch/"}, {"label": _("学时申诉")}]
    context = {"node": node, "page": page, "rows": rows, "crumbs": crumbs}
    return render(request, "study/cases.html", context)


@never_cache
@require_GET
@board_required
def case(request: HttpRequest, dispute_id: int) -> HttpResponse:
    """One case with the evidence of those days, and the form of who has to act."""
    return _show_case(request, _case_or_404(request, dispute_id))


def _show_case(
    request: HttpRequest, dispute: Dispute, form=None, status: int = 200
) -> HttpResponse:
    verifies = read.may_verify(request.user, dispute)
    decides = read.may_decide(request.user, dispute)
    if form is None and verifies:
        form = FindingForm()
    elif form is None and decides:
        form = DecisionForm(dispute=dispute)
    listed = reverse("study:cases", args=[_list_node(request, dispute)])
    context = _case(dispute) | {
        "visits": read.evidence_around(dispute),
        "verifies": verifies,
        "decides": decides,
        "form": form,
        "crumbs": [
            {"label": _("支部"), "url": "/branch/"},
            {
                "label": _("学时申诉"),
                "url": listed,
            },
            {"label": dispute.member.name},
        ],
    }
    return render(request, "study/dispute.html", context, status=status)


def _list_node(request: HttpRequest, dispute: Dispute) -> int:
    may = scope_for(request.user).may_see
    return dispute.branch_id if may(dispute.branch) else dispute.holder_id


@never_cache
@require_POST
@board_required
def verify(request: HttpRequest, dispute_id: int) -> HttpResponse:
    """What the branch found."""
    dispute = _case_or_404(request, dispute_id)
    if not read.may_verify(request.user, dispute):
        raise NotAllowed(_("这项申诉不由您核实。"))
    form = FindingForm(request.POST)
    if form.is_valid():
        write.verify_dispute(dispute=dispute, by=request.user, **form.cleaned_data)
        messages.success(request, _("核实情况已提交教务裁定。"))
        return redirect("study:dispute_case", dispute.pk)
    return _show_case(request, dispute, form, status=400)


@never_cache
@require_POST
@board_required
def decide(request: HttpRequest, dispute_id: int) -> HttpResponse:
    """The decision."""
    dispute = _case_or_404(request, dispute_id)
    if not read.may_decide(request.user, dispute):
        raise NotAllowed(_("这项申诉不由您裁定。"))
    form = DecisionForm(request.POST, dispute=dispute)
    if form.is_valid():
        try:
            _decide(request, dispute, form)
        except DomainError as error:
            field = {"credit": "hours"}.get(error.field, error.field)
            form.add_error(field if field in form.fields else None, error.message)
        else:
            messages.success(request, _("已裁定，并告知本人。"))
            return redirect("study:dispute_case", dispute.pk)
    return _show_case(request, dispute, form, status=400)


def _decide(request: HttpRequest, dispute: Dispute, form: DecisionForm) -> None:
    reason = form.cleaned_data["reason"]
    if form.cleaned_data["decision"] == "uphold":
        write.uphold_record(dispute=dispute, reason=reason, by=request.user)
    else:
        write.correct_record(
            dispute=dispute,
            reason=reason,
            by=request.user,
            credit=form.credit,
            source=form.cleaned_data.get("source", ""),
        )


def _case_or_404(request: HttpRequest, dispute_id: int) -> Dispute:
    scope = scope_for(request.user)
    rows = Dispute.objects.select_related("member", "branch", "holder", "entry", "item")
    found = rows.filter(pk=dispute_id).first()
    reaches = found and any(
        scope.may_write(branch) or scope.has(Role.AUDITOR, branch)
        for branch in (found.branch, found.holder)
    )
    if not reaches or found.member_id == request.user.pk:
        raise NotFound(_("没有找到这项申诉，或不在管理范围内。"))
    return found
