from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from school.core.navigation import MENU, TOOL, Place, guests, register


class MembersConfig(AppConfig):
    name = "school.members"
    label = "members"
    verbose_name = _("组织与党员")

    def ready(self) -> None:
        from school.members.services import roster_exports, rosters  # noqa: F401

        register(
            Place("sign_in", _("登录"), "members:sign_in", icon="me", visible=guests, slot=TOOL)
        )
        register(Place("profile", _("个人信息"), "members:profile", icon="me", order=80, slot=MENU))
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
