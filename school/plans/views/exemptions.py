"""免学: asked for by the branch, decided above it, listed with dates and names."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from school.core import clock
from school.core.errors import DomainError, NotAllowed, NotFound
from school.members.models import Member
from school.members.permissions import Scope, board_required, scope_for
from school.members.selectors.audiences import in_audience
from school.members.selectors.people import home_branch
from school.plans import permissions
from school.plans.forms.exemptions import AnswerForm, AskForm
from school.plans.models import AnnualTarget, Exemption, ExemptionRequest, StudyPlan
from school.plans.selectors import exemptions as selectors
from school.plans.services import exemptions as services
from school.plans.services.targets import end_exemption

PAGE = 30
LARGEST_ID = 2**63 - 1


@require_GET
@board_required
def exemption_list(request: HttpRequest) -> HttpResponse:
    """Requests and exemptions of the branches overseen: 待我批准, 待批准, 免学中, 全部."""
    counts = selectors.tab_counts(request.user)
    asked = request.GET.get("tab", "")
    fallback = next((tab for tab in selectors.TABS if counts[tab]), selectors.ALL)
    tab = asked if asked in selectors.TABS else fallback
    page = Paginator(selectors.requests_of(request.user, tab), PAGE).get_page(
        request.GET.get("page")
    )
    return render(
        request,
        "plans/exemptions.html",
        {
            "page": page,
            "tab": tab,
            "tabs": [
                {"label": label, "url": f"?tab={key}", "count": counts[key], "current": key == tab}
                for key, label in selectors.TABS.items()
            ],
        },
    )


@require_http_methods(["GET", "POST"])
@board_required
def exempt(request: HttpRequest, plan_id: int, member_id: int) -> HttpResponse:
    """Ask that one member of the scope be let off from a plan."""
    scope = scope_for(request.user)
    member = scope.member_or_404(member_id)
    plans = StudyPlan.objects.filter(state=StudyPlan.State.PUBLISHED)
    plan = plans.select_related("owner", "audience").filter(pk=plan_id).first()
    if (
        plan is None
        or not _may_ask(scope, member)
        or not (in_audience(plan.audience, member) or scope.may_see(plan.owner))
    ):
        raise NotFound(_("没有找到这个学习计划，或不在管理范围内。"))
    return _ask(request, member, {f"plan-{plan.pk}": plan})


@require_http_methods(["GET", "POST"])
@board_required
def member_exemptions(request: HttpRequest, member_id: int) -> HttpResponse:
    """Ask that one member of the scope be let off from a target of the year."""
    scope = scope_for(request.user)
    member = scope.member_or_404(member_id)
    if not _may_ask(scope, member):
        raise NotFound(_("没有找到这名党员，或不在管理范围内。"))
    return _ask(request, member, selectors.targets_to_ask(member))


def _may_ask(scope: Scope, member: Member) -> bool:
    return permissions.may_ask_exemption(scope.member, home_branch(member))


def _ask(
    request: HttpRequest, member: Member, things: dict[str, StudyPlan | AnnualTarget]
) -> HttpResponse:
    rows = selectors.of_member(member, things.values())
    if request.method == "POST" and "end" in request.POST:
        return _end(request, member)
    choices = [(key, selectors.name_of(thing)) for key, thing in things.items()]
    only = next(iter(things.values())) if len(things) == 1 else None
    form = AskForm(request.POST or None, choices=None if only else choices)
    if request.method == "POST" and things and form.is_valid():
        thing = only or things[form.cleaned_data["what"]]
        kind = "plan" if isinstance(thing, StudyPlan) else "target"
        try:
            services.ask_exemption(
                member=member,
                reason=form.cleaned_data["reason"],
                since=form.cleaned_data["since"],
                by=request.user,
                **{kind: thing},
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("已提交免学申请，由上级批准后生效。"))
            return redirect(request.path)
    return render(
        request,
        "plans/exempt.html",
        {
            "form": form,
            "who": member,
            "things": [name for _key, name in choices],
            "rows": rows,
            "own": member.pk == request.user.pk,
            "crumbs": [
                {"label": _("免学"), "url": reverse("plans:exemptions")},
                {"label": member.name},
            ],
        },
    )


def _end(request: HttpRequest, member: Member) -> HttpResponse:
    """From today on the member is asked again; nobody is harmed by that, so one person will do."""
    wanted = request.POST["end"]
    today = clock.today()
    still = Exemption.objects.filter(member=member).unfinished(today)
    row = still.filter(pk=_number(wanted)).select_related("plan", "member").first()
    if row is None:
        raise NotFound(_("这项免学不存在，或已经终止。"))
    end_exemption(exemption=row, on=today, by=request.user)
    messages.success(
        request, _("免学已终止，%(name)s 从今天起恢复应学。") % {"name": row.member.name}
    )
    return redirect(request.path)


def _number(given: str) -> int:
    return int(given) if given.isdecimal() and len(given) < 19 else 0


@require_http_methods(["GET", "POST"])
@board_required
def exemption(request: HttpRequest, request_id: int) -> HttpResponse:
    """One request: who asks what and why; approve or decline for who may."""
    asked = _request_or_404(request, request_id)
    may = asked.state == ExemptionRequest.State.OPEN and permissions.may_decide_exemption(
        request.user, asked
    )
    form = AnswerForm(request.POST or None)
    if request.method == "POST":
        if asked.state == ExemptionRequest.State.OPEN and not may:
            raise NotAllowed(_("申请人、免学人员本人和所在支部不能批准这项免学，请由上级办理。"))
        if form.is_valid():
            try:
                return _decide(request, asked, form.cleaned_data["answer"])
            except DomainError as error:
                if error.field != "answer":
                    raise
                form.add_error("answer", error.message)
    return render(
        request,
        "plans/exemption.html",
        {
            "asked": asked,
            "thing": selectors.name_of(asked.plan or asked.target),
            "form": form,
            "may_decide": may,
            "may_withdraw": asked.state == ExemptionRequest.State.OPEN
            and scope_for(request.user).may_write(asked.branch),
            "crumbs": [
                {"label": _("免学"), "url": reverse("plans:exemptions")},
                {"label": asked.member.name},
            ],
        },
    )


def _decide(request: HttpRequest, asked: ExemptionRequest, answer: str) -> HttpResponse:
    if "approve" in request.POST:
        services.approve_exemption(asked=asked, by=request.user, answer=answer)
        messages.success(request, _("已批准免学。"))
    else:
        services.decline_exemption(asked=asked, by=request.user, answer=answer)
        messages.success(request, _("已退回，原因会显示给申请的党组织。"))
    return redirect("plans:exemption", asked.pk)


def _request_or_404(request: HttpRequest, request_id: int) -> ExemptionRequest:
    rows = permissions.seen_requests(request.user).select_related(
        "member", "branch", "plan", "target", "asked_by", "decided_by", "exemption"
    )
    asked = rows.filter(pk=request_id).first() if request_id <= LARGEST_ID else None
    if asked is None:
        raise NotFound(_("没有找到这项免学申请，或不在管理范围内。"))
    return asked


@require_POST
@board_required
def exemption_withdraw(request: HttpRequest, request_id: int) -> HttpResponse:
    """The branch takes its request back."""
    asked = _request_or_404(request, request_id)
    if not scope_for(request.user).may_write(asked.branch):
        raise NotAllowed(_("只能查看该党组织，不能代为办理。"))
    services.withdraw_request(asked=asked, by=request.user)
    messages.success(request, _("免学申请已撤回。"))
    return redirect("plans:exemption", asked.pk)
