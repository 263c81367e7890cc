from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from school.core.navigation import TOOL, Place, register


class NoticesConfig(AppConfig):
    name = "school.notices"
    label = "notices"
    verbose_name = _("消息")

    def ready(self) -> None:
        from school.notices.selectors import unread_count

        register(
            Place(
                "inbox",
                _("消息"),
                "notices:inbox",
                icon="inbox",
                slot=TOOL,
                badge=lambda request: unread_count(request.user.pk) or None,
            )
        )
