from django.apps import AppConfig
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from school.core.navigation import MENU, TOOL, Place, guests, register


def holds_a_role(request: HttpRequest) -> bool:
    """Whether the member has a role today."""
    from school.members.permissions import scope_for  # models load first

    return request.user.is_authenticated and bool(scope_for(request.user).roles)


class MembersConfig(AppConfig):
    name = "school.members"
    label = "members"
    verbose_name = _("组织与党员")

    def ready(self) -> None:
        from school.members import audit_names, personal_parts, second_step_keys  # noqa: F401
        from school.members.doors import switched_on
        from school.members.registry import register_doors

        audit_names.register()
        personal_parts.register()
        from school.members.services import roster_exports, rosters  # noqa: F401

        register_doors(switched_on)
        register(
            Place("sign_in", _("登录"), "members:sign_in", icon="me", visible=guests, slot=TOOL)
        )
        register(Place("profile", _("个人信息"), "members:profile", icon="me", order=80, slot=MENU))
        register(
            Place("security", _("账号安全"), "members:security", icon="lock", order=85, slot=MENU)
        )
        register(
            Place(
                "roles",
                _("我的角色"),
                "members:own_roles",
                icon="people",
                order=82,
                slot=MENU,
                visible=holds_a_role,
            )
        )
        register(
            Place(
                "sign_out",
                _("退出"),
                "members:sign_out",
                icon="logout",
                order=99,
                slot=MENU,
                post=True,
            )
        )
