"""The tree of branches in the admin: look at it on any day, change it step by step.

Every change goes form → preview → confirmation; the preview is the worked-out change itself, and
is confirmed only as it was shown.
"""

from django.urls import path
from django.utils.translation import gettext_lazy
from wagtail.admin.menu import MenuItem
from wagtail.admin.viewsets.base import ViewSet

from school.members.permissions import scope_for
from school.members.permissions.tree import TreeAccess
from school.members.viewsets.branches.changing import found_top, operate
from school.members.viewsets.branches.looking import detail, level, tree


class BranchMenuItem(MenuItem):
    """Shown to those who have a part in the tree."""

    def is_shown(self, request) -> bool:
        return TreeAccess(scope_for(request.user)).has_part


class BranchViewSet(ViewSet):
    """The tree of branches."""

    name = "branches"
    icon = "group"
    menu_label = gettext_lazy("组织架构")
    menu_order = 300
    add_to_admin_menu = True
    menu_name = "branches"
    menu_item_class = BranchMenuItem

    def get_urlpatterns(self):
        return [
            path("", tree, name="index"),
            path("new/", found_top, name="found_top"),
            path("<int:pk>/", detail, name="detail"),
            path("<int:pk>/level/", level, name="level"),
            path("<int:pk>/<slug:name>/", operate, name="operate"),
        ]
