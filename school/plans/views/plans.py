"""The member's tasks, and the plans of a person who may act for a branch."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from school.core import clock
from school.core.errors import DomainError, NotFound
from school.members.models import Member
from school.members.permissions import Scope, board_required, member_required, scope_for
from school.plans.forms.plans import PlanForm, initial_of
from school.plans.models import StudyPlan
from school.plans.selectors.audience import preview
from school.plans.selectors.tasks import STATES, STUDY, todo
from school.plans.selectors.year import year_progress
from school.plans.services import plans as services
from school.study.models import StudyItem


@require_GET
@member_required
def tasks(request: HttpRequest) -> HttpResponse:
    """任务: 待学, 待考, 补学, 已完成, each with its count and address."""
    everything = todo(request.user)
    counts = {state: sum(1 for each in everything if each.state == state) for state in STATES}
    wanted = request.GET.get("tab")
    if wanted not in STATES:
        wanted = next((state for state in STATES if counts[state]), STUDY)
    today = clock.today()
    return render(
        request,
        "plans/tasks.html",
        {
            "todos": [each for each in everything if each.state == wanted],
            "tab": wanted,
            "asked": bool(everything),
            "tabs": [
                {
                    "label": label,
                    "url": f"?tab={state}",
                    "count": counts[state],
                    "current": state == wanted,
                }
                for state, label in STATES.items()
            ],
            "year": year_progress(request.user.pk, today.year),
        },
    )


def _writer(request: HttpRequest) -> Scope:
    scope = scope_for(request.user)
    if not (scope.is_superuser or scope.writable_branches.exists()):
        raise NotFound(_("没有找到这个页面。"))
    return scope


def _plan_or_404(scope: Scope, plan_id: int) -> StudyPlan:
    plans = StudyPlan.objects.filter(owner__in=scope.writable_branches.values("pk"))
    plan = plans.select_related("owner", "audience").filter(pk=plan_id).first()
    if plan is None:
        raise NotFound(_("没有找到这个学习计划，或不在管理范围内。"))
    return plan


@require_GET
@board_required
def plan_list(request: HttpRequest) -> HttpResponse:
    """Plans made by the branches this person acts for."""
    scope = _writer(request)
    plans = (
        StudyPlan.objects.filter(owner__in=scope.writable_branches.values("pk"))
        .select_related("owner")
        .order_by("-ends_on", "-pk")
    )
    return render(request, "plans/list.html", {"plans": plans, "crumbs": _crumbs()})


def _crumbs(*more: dict) -> list[dict]:
    return [{"label": _("学习计划"), "url": reverse("plans:list")}, *more]


@require_http_methods(["GET", "POST"])
@board_required
def plan_new(request: HttpRequest) -> HttpResponse:
    """Make a draft; the next page shows who would get it before it is published."""
    scope = _writer(request)
    form = PlanForm(request.POST or None, scope=scope, initial=_first_choice(scope))
    if request.method == "POST" and form.is_valid():
        plan = _save(form, request.user)
        return redirect("plans:detail", plan.pk)
    crumbs = _crumbs({"label": _("新建学习计划")})
    return render(request, "plans/form.html", {"form": form, "crumbs": crumbs})


def _first_choice(scope: Scope) -> dict:
    first = scope.writable_branches.first()
    return {"owner": first.pk, "branches": [first.pk]} if first else {}


def _save(form: PlanForm, by: Member, plan: StudyPlan | None = None) -> StudyPlan:
    data = form.cleaned_data
    fields = {
        "title": data["title"],
        "owner": data["owner"],
        "starts_on": data["starts_on"],
        "ends_on": data["ends_on"],
        "make_up_until": data["make_up_until"],
        "hour_target": form.hour_target,
        "items": form.items,
        "wish": form.wish,
        "by": by,
        "audience": services.plan_audience(
            plan_title=data["title"],
            branches=data["branches"],
            kinds=data["kinds"],
            post=data["post"],
        ),
    }
    if plan is None:
        return services.create_plan(**fields)
    return services.change_draft(plan=plan, **fields)


@require_http_methods(["GET", "POST"])
@board_required
def plan_edit(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Change a draft."""
    scope = _writer(request)
    plan = _plan_or_404(scope, plan_id)
    if plan.state != StudyPlan.State.DRAFT:
        return redirect("plans:detail", plan.pk)
    form = PlanForm(request.POST or None, scope=scope, initial=initial_of(plan))
    if request.method == "POST" and form.is_valid():
        _save(form, request.user, plan)
        return redirect("plans:detail", plan.pk)
    crumbs = _crumbs({"label": plan.title})
    return render(request, "plans/form.html", {"form": form, "plan": plan, "crumbs": crumbs})


@require_GET
@board_required
def plan_detail(request: HttpRequest, plan_id: int) -> HttpResponse:
    """A plan: its window, items, and who gets what."""
    plan = _plan_or_404(_writer(request), plan_id)
    return render(
        request,
        "plans/detail.html",
        {
            "plan": plan,
            "items": plan.items.select_related("item", "replaced_by__item"),
            "preview": preview(plan),
            "offers": StudyItem.objects.filter(withdrawn_at=None, current__isnull=False)
            .exclude(plan_items__plan=plan)
            .order_by("-pk"),
            "crumbs": _crumbs({"label": plan.title}),
        },
    )


@require_POST
@board_required
def plan_publish(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Publish a draft."""
    plan = services.publish_plan(plan=_plan_or_404(_writer(request), plan_id), by=request.user)
    messages.success(request, _("计划已发布，学习对象的待学任务已更新。"))
    return redirect("plans:detail", plan.pk)


@require_POST
@board_required
def plan_end(request: HttpRequest, plan_id: int) -> HttpResponse:
    """End a running plan today."""
    plan = services.end_plan(plan=_plan_or_404(_writer(request), plan_id), by=request.user)
    messages.success(request, _("计划已结束，统计数字不再变动。"))
    return redirect("plans:detail", plan.pk)


@require_POST
@board_required
def item_withdraw(request: HttpRequest, plan_id: int, item_id: int) -> HttpResponse:
    """Withdraw an item, or replace it by the item posted as ``replacement``."""
    plan = _plan_or_404(_writer(request), plan_id)
    plan_item = plan.items.filter(pk=item_id).first()
    if plan_item is None:
        raise NotFound(_("没有找到这项内容。"))
    chosen = request.POST.get("replacement", "")
    replacement = None
    if chosen:
        offered = StudyItem.objects.filter(withdrawn_at=None)
        replacement = offered.filter(pk=chosen).first() if chosen.isdecimal() else None
        if replacement is None:
            raise DomainError(_("替换的内容不存在或已撤下，请重新选择。"))
    services.withdraw_item(plan_item=plan_item, replacement=replacement, by=request.user)
    messages.success(request, _("已替换。") if replacement else _("已撤下。"))
    return redirect("plans:detail", plan.pk)
