"""The frame of every page of the tree, and who may open one."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from school.core.errors import NotAllowed
from school.members.permissions import scope_for
from school.members.permissions.tree import TreeAccess


def page(request: HttpRequest, name: str, title: str, context: dict, *above) -> HttpResponse:
    """One page of the tree, with crumbs; ``above``: pairs of address and label."""
    crumbs = [
        {"url": reverse("wagtailadmin_home"), "label": _("首页")},
        {"url": reverse("branches:index"), "label": _("组织架构")},
        *({"url": url, "label": label} for url, label in above),
    ]
    if name != "branch_tree":
        crumbs.append({"url": "", "label": title})
    furniture = {"header_title": title, "header_icon": "group", "breadcrumbs_items": crumbs}
    return render(request, f"members/admin/{name}.html", furniture | context)


def access_of(request: HttpRequest) -> TreeAccess:
    """What the signed-in person may do in the tree; raises NotAllowed for who has no part in it."""
    access = TreeAccess(scope_for(request.user))
    if not access.has_part:
        raise NotAllowed(_("没有查看组织架构的权限，请联系系统管理员。"))
    return access
