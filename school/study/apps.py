from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from school.core.navigation import MAIN, Place, register
from school.study.navigation import ME


class StudyConfig(AppConfig):
    name = "school.study"
    label = "study"
    verbose_name = _("学习")

    def ready(self) -> None:
        register(Place("me", _("我的"), "study:me", icon="me", order=50, slot=MAIN))
        register(Place("my_hours", _("学时"), "study:hours", icon="clock", order=10, slot=ME))
        register(
            Place("my_profile", _("个人信息"), "members:profile", icon="record", order=80, slot=ME)
        )
        register(
            Place(
                "my_sign_out",
                _("退出"),
                "members:sign_out",
                icon="logout",
                order=99,
                slot=ME,
                post=True,
            )
        )
