from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "school.reports"
    label = "reports"
    verbose_name = _("统计")

    def ready(self) -> None:
        from school.core.navigation import Place, register
        from school.reports import audit_names, personal_parts
        from school.reports.places import has_board

        audit_names.register()
        personal_parts.register()
        register(
            Place("board", _("支部"), "reports:home", icon="board", order=35, visible=has_board)
        )
