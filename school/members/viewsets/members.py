"""The members' list in the admin: filters, columns, what is done with several at once."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from wagtail.admin.menu import MenuItem
from wagtail.admin.viewsets.base import ViewSet

from school.core.errors import DomainError, NotAllowed, NotFound
from school.members.fields import BranchField
from school.members.models import Branch, Member
from school.members.permissions import scope_for, vouching_for
from school.members.permissions.people import PeopleAccess
from school.members.permissions.vouching import ISSUING
from school.members.selectors.directory import directory
from school.members.selectors.people import (
    home_branch,
    membership_history,
    open_transfer,
    post_history,
    standing_history,
)
from school.members.views.people import Asked, lines
from school.members.views.people_acts import ACTS, chosen_members, do, tell


def _page(request: HttpRequest, name: str, title: str, context: dict) -> HttpResponse:
    crumbs = [
        {"url": reverse("wagtailadmin_home"), "label": _("首页")},
        {"url": reverse("people:index"), "label": _("党员")},
    ]
    if name != "list":
        crumbs.append({"url": "", "label": title})
    furniture = {"header_title": title, "header_icon": "user", "breadcrumbs_items": crumbs}
    return render(request, f"members/admin/people_{name}.html", furniture | context)


def _access(request: HttpRequest) -> PeopleAccess:
    """Raises NotFound for who keeps no list: the page does not exist for them."""
    access = PeopleAccess(scope_for(request.user))
    if not access.has_part:
        raise NotFound(_("没有找到这个页面。"))
    return access


class NodeForm(forms.Form):
    """Whose members are listed: the whole of a branch and what is below it."""

    branch = BranchField(label=gettext_lazy("党组织及下级"), reach="people", required=False)

    def __init__(self, *args, access: PeopleAccess, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch"].queryset = access.branches


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Members of one node and all below it."""
    access = _access(request)
    asked = Asked(request)
    tops = access.tops
    node_form = NodeForm(request.GET if request.GET.get("branch") else None, access=access)
    chosen = node_form.cleaned_data["branch"] if node_form.is_valid() else None
    node = chosen or (tops[0] if tops else None)
    listing = directory(node, asked.wanted, asked.cursor) if node else None
    context = {
        "node": node,
        "tops": tops,
        "node_form": node_form,
        "asked": asked,
        "listing": listing,
        "pages": asked.pages(listing) if listing else {},
        "lines": lines(listing.rows, asked.columns, reverse("people:detail", args=[0]))
        if listing
        else [],
        "may_write": bool(node) and access.scope.may_write(node),
        "may_issue": bool(node) and _may_issue(request, node),
    }
    return _page(request, "list", _("党员"), context)


def _may_issue(request: HttpRequest, node: Branch) -> bool:
    """Whether slips may be printed for the node; the slips page asks again."""
    vouching = vouching_for(request.user)
    if vouching.scope.is_superuser:
        return True
    return vouching.may_issue and any(
        node.path.startswith(grant.branch.path)
        for grant in vouching.scope.grants
        if grant.branch and grant.role in ISSUING
    )


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One member: who acts for the branch goes on to the record; others see account and history."""
    access = _access(request)
    who = Member.objects.filter(pk=pk).first()
    home = home_branch(who) if who else None
    if home is None or not access.may_see(home):
        raise NotFound(_("没有找到这名党员，或不在管理范围内。"))
    if access.scope.may_see(home):
        return redirect("members:person", who.pk)
    context = {
        "who": who,
        "home": home,
        "standings": standing_history(who),
        "memberships": membership_history(who),
        "posts": post_history(who),
        "transfer": open_transfer(who),
        "may_code": bool(vouching_for(request.user).vouchable([who])),
    }
    return _page(request, "detail", who.name, context)


@require_POST
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """First the form for the chosen members of node ``pk``, then the work."""
    access = _access(request)
    node = access.branch_or_404(pk)
    if not access.scope.may_write(node):
        raise NotAllowed(_("只能查看该党组织，不能代为办理。"))
    name = request.POST.get("act", "")
    back = f"{reverse('people:index')}?branch={node.code}"
    try:
        if name not in ACTS:
            raise DomainError(_("请先选择要办理的事项。"))
        chosen = chosen_members(request, access.scope, node)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(back)
    wanted, sent = ACTS[name], "confirmed" in request.POST
    form = wanted.form(request.POST if sent else None)
    if sent and form.is_valid():
        tell(request, *do(wanted, access.scope, chosen, form.cleaned_data))
        return redirect(back)
    context = {"node": node, "name": name, "act": wanted, "chosen": chosen, "form": form}
    return _page(request, "act", wanted.title, context | {"back": back})


class PeopleMenuItem(MenuItem):
    """Shown to those who keep a list."""

    def is_shown(self, request) -> bool:
        return PeopleAccess(scope_for(request.user)).has_part


class MemberViewSet(ViewSet):
    """Members."""

    name = "people"
    icon = "user"
    menu_label = gettext_lazy("党员")
    menu_order = 310
    add_to_admin_menu = True
    menu_name = "people"
    menu_item_class = PeopleMenuItem

    def get_urlpatterns(self):
        return [
            path("", index, name="index"),
            path("<int:pk>/", detail, name="detail"),
            path("act/<int:pk>/", act, name="act"),
        ]
