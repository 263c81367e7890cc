from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from school.core.navigation import TOOL, Place, register


class NoticesConfig(AppConfig):
    name = "school.notices"
    label = "notices"
    verbose_name = _("消息")

    def ready(self) -> None:
        from school.members import signals as people
        from school.notices import audit_names, personal_parts, receivers
        from school.notices.selectors import unread_count

        audit_names.register()
        personal_parts.register()
        people.transfer_sent.connect(receivers.tell_transfer_sent)
        people.transfer_settled.connect(receivers.tell_transfer_settled)
        people.correction_answered.connect(receivers.tell_correction_answered)
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
