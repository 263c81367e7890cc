"""年度学时要求 in the admin: drafts, their preview, publishing, revising, withdrawing, copying."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from wagtail.admin.viewsets.base import ViewSet

from school.core import clock
from school.core.errors import DomainError, NotFound
from school.members.models import Branch
from school.plans import target_presets, target_words
from school.plans.forms.target_sets import (
    MOST_RUNGS,
    SUGGESTED,
    BaseRungs,
    SetForm,
    WithdrawForm,
    draft_of,
    given_rungs,
    given_set,
    initial_rungs,
    initial_set,
    offered_posts,
    rung_formset,
)
from school.plans.models import TargetSet
from school.plans.permissions import may_read_targets, may_set_targets
from school.plans.selectors import target_sets as selectors
from school.plans.selectors.target_people import read_rungs
from school.plans.services import target_sets as services
from school.study.selectors.rules import year_closed

LARGEST_ID = 2**63 - 1
State = TargetSet.State


def _page(request: HttpRequest, name: str, title: str, context: dict) -> HttpResponse:
    crumbs = [{"url": reverse("wagtailadmin_home"), "label": _("首页")}]
    if name != "list":
        crumbs.append({"url": reverse("target_sets:index"), "label": _("年度学时要求")})
    crumbs.append({"url": "", "label": title})
    furniture = {"header_title": title, "header_icon": "time", "breadcrumbs_items": crumbs}
    furniture["may_set"] = may_set_targets(request.user)
    return render(request, f"plans/admin/target_{name}.html", furniture | context)


def _reader(request: HttpRequest) -> None:
    if not may_read_targets(request.user):
        raise NotFound(_("没有找到这个页面。"))


def _writer(request: HttpRequest) -> None:
    if not may_set_targets(request.user):
        raise NotFound(_("没有找到这个页面。"))


def _set_or_404(pk: int) -> TargetSet:
    row = TargetSet.objects.select_related("created_by").filter(pk=pk).first()
    if pk > LARGEST_ID or row is None:
        raise NotFound(_("没有找到这项年度学时要求。"))
    return row


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All sets, the newest year first, and ways to begin one."""
    _reader(request)
    rows = selectors.listed()
    year = clock.today().year
    published = {row.year for row in rows if row.state == State.PUBLISHED}
    context = {
        "rows": rows,
        "presets": target_presets.PRESETS,
        "year": year,
        "copies": [
            (source, target)
            for source, target in ((year - 1, year), (year, year + 1))
            if source in published
        ],
    }
    return _page(request, "list", _("年度学时要求"), context)


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A draft, from nothing or from a preset."""
    _writer(request)
    chosen = target_presets.preset(request.GET.get("preset", ""))
    year = clock.today().year
    draft = chosen.draft(year) if chosen else None
    if draft is None:
        sources = tuple(source for source, _label in selectors.other_sources())
        draft = services.SetDraft(year, "", None, (), sources=sources)
    return _edit(request, draft, None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a draft."""
    _writer(request)
    row = _set_or_404(pk)
    if row.state != State.DRAFT:
        return redirect("target_sets:detail", row.pk)
    return _edit(request, services.drafted(row), row)


def _edit(request: HttpRequest, draft: services.SetDraft, row: TargetSet | None) -> HttpResponse:
    fixed = bool(row and row.version > 1)
    posts = {"posts": offered_posts()}
    if "more" in request.POST:
        form = SetForm(initial=initial_set(draft) | given_set(request.POST), fixed=fixed)
        filled = given_rungs(request.POST)
        extra = int(len(filled) < MOST_RUNGS)
        rungs = rung_formset(extra)(initial=filled, prefix="rungs", form_kwargs=posts)
        return _form_page(request, form, rungs, row)
    posted = request.POST if request.method == "POST" else None
    form = SetForm(posted, initial=initial_set(draft), fixed=fixed)
    # What is posted stands for itself: an untouched row of a preset is a row all the same.
    known = None if posted else initial_rungs(draft)
    extra = 0 if draft.rungs else 1
    rungs = rung_formset(extra)(posted, initial=known, prefix="rungs", form_kwargs=posts)
    if posted and form.is_valid() & rungs.is_valid():
        try:
            saved = _save(draft_of(form, rungs), request.user, row)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            return redirect("target_sets:detail", saved.pk)
    return _form_page(request, form, rungs, row)


def _save(draft: services.SetDraft, by, row: TargetSet | None) -> TargetSet:
    if row is None:
        return services.draft_set(draft=draft, by=by)
    return services.change_draft_set(wanted=row, draft=draft, by=by)


def _form_page(
    request: HttpRequest, form: SetForm, rungs: BaseRungs, row: TargetSet | None
) -> HttpResponse:
    branches = list(Branch.objects.filter(dissolved_on=None).order_by("path")[: SUGGESTED + 1])
    context = {
        "form": form,
        "rungs": rungs,
        "row": row,
        "suggested": branches if len(branches) <= SUGGESTED else [],
        "room": rungs.total_form_count() < MOST_RUNGS,
    }
    title = _("修改年度学时要求") if row else _("新建年度学时要求")
    response = _page(request, "form", title, context)
    if form.is_bound:
        response.status_code = 400
    return response


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One set: what it asks, of whom; for a draft what publishing would change."""
    _reader(request)
    row = _set_or_404(pk)
    return _page(request, "detail", str(row), _detail(row))


def _detail(row: TargetSet, withdraw: WithdrawForm | None = None) -> dict:
    draft = row.state == State.DRAFT
    read_rungs(row)
    preview = selectors.preview_of(row) if draft else None
    return {
        "row": row,
        "draft": services.drafted(row),
        "sources": selectors.source_labels(row),
        "preview": preview,
        "shares": [_case(case) for case in preview.shares] if preview else [],
        "changes": [_case(case) for case in preview.changes] if preview else [],
        "groups": [] if draft else selectors.held_groups(row),
        "job": None if draft else selectors.last_job(row),
        "closed": year_closed(row.year),
        "withdraw": withdraw or WithdrawForm(),
    }


def _case(case: selectors.Case) -> dict:
    said = ""
    if case.asked is not None:
        asked = case.asked
        said = target_words.formula(due=asked.due, parts=asked.parts, change=asked.change)
    return {"member": case.member, "asked": case.asked, "old": case.old, "formula": said}


@require_POST
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a draft in force."""
    _writer(request)
    services.publish_set(wanted=_set_or_404(pk), by=request.user)
    messages.success(request, _("已发布，正在为每名党员确定应修学时。"))
    return redirect("target_sets:detail", pk)


@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw a draft away."""
    _writer(request)
    services.discard_set(wanted=_set_or_404(pk), by=request.user)
    messages.success(request, _("草稿已删除。"))
    return redirect("target_sets:index")


@require_POST
def revise(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a draft that will take the place of a set in force."""
    _writer(request)
    draft = services.revise_set(wanted=_set_or_404(pk), by=request.user)
    return redirect("target_sets:edit", draft.pk)


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """End a set in force."""
    _writer(request)
    row = _set_or_404(pk)
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        response = _page(request, "detail", str(row), _detail(row, form))
        response.status_code = 400
        return response
    count = services.withdraw_set(wanted=row, by=request.user, reason=form.cleaned_data["reason"])
    messages.success(request, _("已撤销，%(count)d 人不再有这项要求。") % {"count": count})
    return redirect("target_sets:detail", pk)


@require_POST
def copy(request: HttpRequest) -> HttpResponse:
    """Drafts for a year from those in force in the year before."""
    _writer(request)
    asked = request.POST.get("year", "")
    if not (asked.isascii() and asked.isdecimal() and len(asked) == 4):
        raise NotFound(_("没有找到这个年度。"))
    year = int(asked)
    copies = services.copy_sets(source=year - 1, target=year, by=request.user)
    if copies:
        given = {"count": len(copies)}
        messages.success(
            request, _("已复制 %(count)d 项为草稿，请逐项回答网上自学是否计入后发布。") % given
        )
    else:
        messages.warning(request, _("同名的要求都已经有了，没有复制。"))
    return redirect("target_sets:index")


class TargetSetViewSet(ViewSet):
    """Menu entry and addresses of 年度学时要求."""

    icon = "time"
    menu_label = gettext_lazy("年度学时要求")
    menu_name = "target_sets"
    menu_order = 405
    add_to_admin_menu = True

    def get_menu_item(self, order=None):
        item = super().get_menu_item(order)
        item.is_shown = lambda request: may_read_targets(request.user)
        return item

    def get_urlpatterns(self):
        return [
            path("", index, name="index"),
            path("add/", add, name="add"),
            path("copy/", copy, name="copy"),
            path("<int:pk>/", detail, name="detail"),
            path("<int:pk>/edit/", edit, name="edit"),
            path("<int:pk>/publish/", publish, name="publish"),
            path("<int:pk>/discard/", discard, name="discard"),
            path("<int:pk>/revise/", revise, name="revise"),
            path("<int:pk>/withdraw/", withdraw, name="withdraw"),
        ]
