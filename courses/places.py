"""Where the frame of every page leads to in this app."""

from django.utils.translation import gettext_lazy as _

from school.core import navigation
from school.core.navigation import Place
from school.members.models import RoleGrant
from school.members.permissions import scope_for

EDITORS = frozenset(
    {RoleGrant.Role.INSTRUCTOR, RoleGrant.Role.REVIEWER, RoleGrant.Role.SCHOOL_ADMIN}
)


def _edits(request) -> bool:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return False
    scope = scope_for(user)
    return scope.is_superuser or bool(scope.roles & EDITORS)


def register() -> None:
    """Add the catalogue to the places and the desk to the member's menu."""
    navigation.register(
        Place("home", _("首页"), "/", icon="home", order=10, visible=navigation.members)
    )
    navigation.register(Place("courses", _("课程"), "courses:catalogue", icon="courses", order=20))
    navigation.register(
        Place(
            "desk",
            _("编辑后台"),
            "wagtailadmin_home",
            icon="edit",
            order=60,
            slot=navigation.MENU,
            visible=_edits,
        )
    )
