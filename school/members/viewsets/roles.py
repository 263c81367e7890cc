"""Roles in the admin: who holds what, lend one, end one."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe
from wagtail.admin.viewsets.base import ViewSet

from school.core import clock
from school.core.errors import DomainError, NotFound
from school.members.forms.roles import AppointForm, DismissForm, GrantFilterForm
from school.members.models import Member, RoleGrant, Section
from school.members.permissions import Appointing, appointing_for
from school.members.selectors import roles
from school.members.selectors.people import home_branch
from school.members.services.appointments import appoint, dismiss

PER_PAGE = 50
LARGEST_ID = 2**63 - 1


def _page(request: HttpRequest, name: str, title: str, context: dict) -> HttpResponse:
    crumbs = [{"url": reverse("wagtailadmin_home"), "label": _("首页")}]
    if name != "list":
        crumbs.append({"url": reverse("roles:index"), "label": _("角色授权")})
    crumbs.append({"url": "", "label": title})
    furniture = {"header_title": title, "header_icon": "key", "breadcrumbs_items": crumbs}
    return render(request, f"members/admin/role_{name}.html", furniture | context)


def _rights(request: HttpRequest) -> Appointing:
    """Raises NotFound for who has no part in roles: the page does not exist for them."""
    rights = appointing_for(request.user)
    if not rights.may_look:
        raise NotFound(_("没有找到这个页面。"))
    return rights


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Grants within reach, filtered by person, branch, role and state."""
    rights = _rights(request)
    form = GrantFilterForm(request.GET)
    asked, said = form.asked()
    rows = roles.grants_list(rights, asked)
    if said:
        rows = rows.none()
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("p"))
    today = clock.today()
    kept = {k: v for k, v in request.GET.items() if k in form.fields and v}
    context = {
        "form": form,
        "said": said,
        "page": page,
        "rows": [_row(grant, today) for grant in page.object_list],
        "query": urlencode(kept),
        "may_appoint": rights.may_appoint,
        "filtered": bool(kept),
    }
    return _page(request, "list", _("角色授权"), context)


def _row(grant: RoleGrant, today) -> dict:
    state = roles.state_of(grant, today)
    return {
        "grant": grant,
        "place": grant.branch or grant.section,
        "on_section": grant.section_id is not None,
        "state": state,
        "state_label": roles.STATES[state],
    }


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Lend a role: find the person, choose role, place and dates, read what it opens, confirm."""
    rights = _rights(request)
    if not rights.may_appoint:
        raise NotFound(_("没有找到这个页面。"))
    values = request.POST if request.method == "POST" else request.GET
    person = _person(rights, values.get("member", ""))
    if person is None:
        return _find(request, rights)
    form = AppointForm(
        request.POST if request.method == "POST" else None, rights=rights, person=person
    )
    context = {"person": person, "home": home_branch(person), "form": form}
    context["held"] = [_row(g, clock.today()) for g in roles.own_roles(person)]
    if request.method == "POST" and form.is_valid() and "back" not in request.POST:
        if "confirm" in request.POST:
            return _appoint(request, person, form, context)
        return _preview(request, form, context)
    return _page(request, "add", _("授予角色"), context)


def _person(rights: Appointing, given: str) -> Member | None:
    """Raises NotFound when a person is named who is not within reach."""
    if not given:
        return None
    found = None
    if given.isdecimal() and int(given) <= LARGEST_ID:
        found = rights.people.filter(pk=int(given)).first()
    if found is None:
        raise NotFound(_("没有找到这名党员，或不在管理范围内。"))
    return found


def _find(request: HttpRequest, rights: Appointing) -> HttpResponse:
    asked = request.GET.get("q", "").replace("\x00", "").strip()[:40]
    found = roles.people_to_appoint(rights, asked)
    return _page(request, "find", _("授予角色"), {"q": asked, "found": found})


def _preview(request: HttpRequest, form: AppointForm, context: dict) -> HttpResponse:
    chosen = form.cleaned_data
    return _page(
        request,
        "preview",
        _("核对授权"),
        context
        | {
            "role": RoleGrant.Role(chosen["role"]).label,
            "place": chosen["where"],
            "on_section": isinstance(chosen["where"], Section),
            "since": chosen["since"],
            "until": chosen["until"],
            "reason": chosen["reason"],
            "reach": roles.reach(chosen["role"], chosen["where"]),
            "values": {k: v for k, v in request.POST.items() if k in form.fields},
        },
    )


def _appoint(
    request: HttpRequest, person: Member, form: AppointForm, context: dict
) -> HttpResponse:
    chosen = form.cleaned_data
    where = chosen["where"]
    place = {"section": where} if isinstance(where, Section) else {"branch": where}
    try:
        grant = appoint(
            by=request.user,
            member=person,
            role=chosen["role"],
            since=chosen["since"],
            until=chosen["until"],
            reason=chosen["reason"],
            **place,
        )
    except DomainError as error:
        form.add_error(None, error.message)
        return _page(request, "add", _("授予角色"), context)
    messages.success(
        request,
        _("已授予%(name)s“%(role)s”。") % {"name": person.name, "role": grant.get_role_display()},
    )
    return redirect("roles:detail", grant.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One grant: what it opens, since when, by whom; and, if one may, its end."""
    rights = _rights(request)
    if pk > LARGEST_ID:
        raise NotFound(_("没有找到这项授权，或不在管理范围内。"))
    grant = rights.grant_or_404(pk)
    form = DismissForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        dismiss(by=request.user, grant=grant, reason=form.cleaned_data["reason"])
        messages.success(request, _("授权已收回。"))
        return redirect("roles:detail", grant.pk)
    context = _row(grant, clock.today()) | {
        "form": form,
        "may_end": rights.may_end(grant),
        "own": grant.member_id == request.user.pk,
        "reach": roles.reach(grant.role, grant.branch or grant.section),
        "home": home_branch(grant.member),
    }
    status = 400 if form.is_bound else 200
    response = _page(request, "detail", grant.get_role_display(), context)
    response.status_code = status
    return response


class RoleViewSet(ViewSet):
    """Menu entry and addresses of roles."""

    icon = "key"
    menu_label = gettext_lazy("角色授权")
    menu_name = "roles"
    menu_order = 890
    add_to_admin_menu = True

    def get_menu_item(self, order=None):
        item = super().get_menu_item(order)
        item.is_shown = lambda request: appointing_for(request.user).may_look
        return item

    def get_urlpatterns(self):
        return [
            path("", index, name="index"),
            path("add/", add, name="add"),
            path("<int:pk>/", detail, name="detail"),
        ]
